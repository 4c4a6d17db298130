"""Corruptions: each does what its name says, more so with strength, the same for one seed, and nothing out of range."""

import inspect

import numpy as np
import pytest
import torch

from brainwright.data.fields.row import Row
from brainwright.data.fields.series import Series
from brainwright.data.table import Column, Kind
from brainwright.trust.corruptions import image, row, series, sound, text

COLOURED = torch.from_numpy(
    np.clip(
        np.random.default_rng(0).normal(128, 30, (6, 3, 1, 1))
        + 60 * np.sin(np.linspace(0, 9, 32))[:, None]
        + 40 * np.cos(np.linspace(0, 7, 32)),
        0,
        255,
    ).astype(np.uint8)
)


def chance() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def apart(kind: str, strength: int, pictures: torch.Tensor = COLOURED) -> float:
    changed = image.corrupted(pictures, kind, strength, chance())
    assert changed.dtype == torch.uint8
    assert changed.shape == pictures.shape
    return float((changed.float() - pictures.float()).abs().mean())


@pytest.mark.parametrize("kind", image.KINDS)
def test_pictures_suffer_more_with_strength_and_alike_for_one_seed(kind: str) -> None:
    changes = [apart(kind, strength) for strength in range(5)]
    assert changes[0] > 0
    assert changes[4] > changes[0] * 1.15
    once, again = (image.corrupted(COLOURED, kind, 2, chance()) for _ in range(2))
    assert torch.equal(once, again)


@pytest.mark.parametrize("kind", image.KINDS)
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 70, 41), (4, 16, 16)])
def test_pictures_of_any_size_and_channels(kind: str, shape: tuple[int, ...]) -> None:
    pictures = torch.randint(0, 256, (3, *shape), dtype=torch.uint8, generator=chance())
    for strength in (0, 4):
        apart(kind, strength, pictures)


def test_nineteen_of_them() -> None:
    assert len(image.KINDS) == 19


def test_noise_is_as_loud_as_it_says() -> None:
    grey = torch.full((50, 1, 32, 32), 128, dtype=torch.uint8)
    for strength, deviation in enumerate((0.04, 0.06, 0.08, 0.09, 0.10)):
        found = image.corrupted(grey, "gaussian noise", strength, chance()).float().std() / 255
        assert found == pytest.approx(deviation, rel=0.02)
    few = image.corrupted(grey, "shot noise", 4, chance()).float() / 255
    assert few.std() == pytest.approx((0.502 / 50) ** 0.5, rel=0.03)
    lost = image.corrupted(grey, "impulse noise", 4, chance())
    assert (lost != 128).float().mean() == pytest.approx(0.07, rel=0.1)


def test_blurs_keep_the_light_and_a_flat_picture() -> None:
    flat = torch.full((2, 3, 20, 20), 90, dtype=torch.uint8)
    for kind in ("gaussian blur", "defocus blur", "glass blur", "motion blur", "zoom blur", "pixelate", "contrast"):
        assert (image.corrupted(flat, kind, 4, chance()).int() - 90).abs().max() <= 1, kind
    dot = torch.zeros(1, 1, 33, 33, dtype=torch.uint8)
    dot[..., 16, 16] = 255
    blurred = image.corrupted(dot, "gaussian blur", 4, chance()).float()
    rows = torch.arange(33.0) - 16
    assert (blurred.sum((0, 1, 3)) * rows**2).sum() / blurred.sum() == pytest.approx((33 / 32) ** 2, rel=0.1)


def test_contrast_shrinks_towards_the_mean() -> None:
    changed = image.corrupted(COLOURED, "contrast", 4, chance()).float()
    assert changed.std((2, 3)) == pytest.approx(COLOURED.float().std((2, 3)) * 0.15, rel=0.05)


def field() -> tuple[Row, np.ndarray]:
    draw = np.random.default_rng(1)
    columns = {
        "size": Column(draw.normal(10, 2, 4000), Kind.NUMBER),
        "kind": Column(draw.choice(["a", "b"], 4000).astype(object), Kind.CATEGORY),
        "day": Column(draw.integers(0, 10**9, 4000).astype("datetime64[s]"), Kind.DATE),
    }
    fitted = Row().fit(columns)
    return fitted, fitted.encode_all(columns).values


def test_rows() -> None:
    fitted, rows = field()
    draw = np.random.default_rng

    def changed(kind: str, strength: int = 4) -> np.ndarray:
        return row.KINDS[kind](rows, fitted, strength, draw(0))

    at = {one.column.name: one.at for one in fitted.places[::-1]}
    assert np.std(changed("noise")[:, at["size"]] - rows[:, at["size"]]) == pytest.approx(1.6, rel=0.05)
    lost = np.isnan(changed("missing"))
    assert lost.mean(0) == pytest.approx(0.4, abs=0.04)
    assert (lost[:, at["day"] : at["day"] + 6].std(1) == 0).all(), "a date is lost whole"
    assert abs(changed("shift")[:, at["size"]].mean() - 10) == pytest.approx(4, rel=0.05)
    tenfold = changed("mistyped")[:, at["size"]] / rows[:, at["size"]]
    assert {round(float(one), 3) for one in tenfold} == {0.1, 1.0, 10.0}
    assert (changed("unknown classes")[:, at["kind"]] == 0).mean() == pytest.approx(0.4, abs=0.04)
    mixed = changed("mixed rows")
    assert np.sort(mixed[:, at["size"]]).mean() == pytest.approx(10, rel=0.05)
    assert (mixed[:, at["size"]] != rows[:, at["size"]]).mean() == pytest.approx(0.4, abs=0.04)
    for kind in row.KINDS:
        other = np.nan_to_num(changed(kind, 0)) != np.nan_to_num(rows)
        more = np.nan_to_num(changed(kind, 4)) != np.nan_to_num(rows)
        assert 0 < other.mean() <= more.mean()


def test_stretches() -> None:
    draw = np.random.default_rng(0)
    stretches = np.cumsum(draw.normal(size=(30, 48, 2)), 1).astype(np.float32)
    fitted = Series(names=("a", "b"), length=48, mean=(0.0, 0.0), scale=(2.0, 3.0))
    for kind, change in series.KINDS.items():
        weak, strong = (change(stretches, fitted, strength, np.random.default_rng(1)) for strength in (0, 4))
        assert weak.shape == strong.shape == stretches.shape
        assert 0 < np.abs(weak - stretches).mean() < np.abs(strong - stretches).mean(), kind
        assert np.isfinite(strong).all()
    still = series.stuck(stretches, fitted, 2, np.random.default_rng(1))
    assert (np.diff(still[:, 37:], axis=1) == 0).all()
    assert (still[:, :38] == stretches[:, :38]).all()
    held = series.coarse(stretches, fitted, 1, np.random.default_rng(1))
    assert (held[:, 1:3] == stretches[:, :1]).all()
    assert np.abs(series.drift(stretches, fitted, 4, np.random.default_rng(1)) - stretches)[:, -1].max(0) == (
        pytest.approx([4.0, 6.0])
    )


TEXTS = ["The quick brown fox, at last, jumps over the lazy dog!", "kurz", "Ein schönes, langes Beispiel mit Wörtern."]


@pytest.mark.parametrize("kind", text.KINDS)
def test_texts(kind: str) -> None:
    strong = text.corrupted(TEXTS, kind, 4, np.random.default_rng(0))
    assert strong != TEXTS
    assert all(strong)
    assert strong == text.corrupted(TEXTS, kind, 4, np.random.default_rng(0))
    weak = text.corrupted(TEXTS * 20, kind, 0, np.random.default_rng(0))
    kept = sum(one == other for one, other in zip(weak, TEXTS * 20, strict=True))
    hurt = text.corrupted(TEXTS * 20, kind, 4, np.random.default_rng(0))
    assert kept > sum(one == other for one, other in zip(hurt, TEXTS * 20, strict=True))


def test_texts_in_particular() -> None:
    draw = np.random.default_rng(0)
    assert sorted(text.swapped_words(TEXTS[0], 0.4, draw).split()) == sorted(TEXTS[0].split())
    assert text.shouted(TEXTS[0], 1.0, draw) == TEXTS[0].upper()
    assert text.no_signs(TEXTS[0], 0.4, draw) == TEXTS[0].replace(",", "").replace("!", "")
    assert TEXTS[0].startswith(text.cut_off(TEXTS[0], 0.4, draw))
    for letter, near in text.NEAR.items():
        assert all(letter in text.NEAR[one] for one in near)


def test_every_corruption_says_what_it_does() -> None:
    for part in (image, row, series, text):
        assert all(inspect.getdoc(one) for one in part.KINDS.values())


SPEECH = np.rint(
    8000 * np.sin(np.cumsum(np.linspace(0.1, 1.2, 6000))) * (1 + 0.5 * np.sin(np.linspace(0, 30, 6000)))
).astype(np.int16)[:, None]


def heard(kind: str, strength: int) -> np.ndarray:
    return sound.corrupted(SPEECH, 8000, kind, strength, np.random.default_rng(3))


@pytest.mark.parametrize("kind", sound.KINDS)
def test_sounds_suffer_more_with_strength_and_alike_for_one_seed(kind: str) -> None:
    changes = []
    for strength in range(5):
        changed = heard(kind, strength)
        assert changed.dtype == np.int16 and changed.ndim == 2 and len(changed)
        length = min(len(changed), len(SPEECH))
        changes.append(
            np.abs(changed[:length] - SPEECH[:length].astype(float)).mean() + abs(len(changed) - len(SPEECH))
        )
    assert changes[0] > 0 and changes[4] > 1.15 * changes[0]
    assert np.array_equal(heard(kind, 2), heard(kind, 2))


def test_sounds_change_as_their_names_say() -> None:
    assert len(heard("quicker", 4)) == pytest.approx(6000 / 1.5, abs=2)
    assert len(heard("slower", 0)) == pytest.approx(6000 / 0.95, abs=2)
    noise = heard("white noise", 1) - SPEECH.astype(float)
    assert 20 * np.log10(SPEECH.astype(float).std() / noise.std()) == pytest.approx(20, abs=0.3)
    spectrum = np.abs(np.fft.rfft(heard("narrow band", 4)[:, 0]))
    assert spectrum[1500:].sum() < 0.02 * np.abs(np.fft.rfft(SPEECH[:, 0]))[1500:].sum()
    gone = heard("dropouts", 3)[:5920, 0].reshape(37, 160)
    assert 0.1 < (gone == 0).all(1).mean() < 0.5
    assert np.abs(heard("clipping", 4)).max() < np.abs(SPEECH).max()
    assert len(sound.corrupted(SPEECH[:1], 8000, "quicker", 4, np.random.default_rng(0))) == 1
