"""Pictures: the same from a file, its bytes and its pixels; kept as they are where small, refused where broken."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pillow

from brainwright.data.encoded import Dense
from brainwright.data.fields.image import Image, fitting
from brainwright.data.pictures import is_grey, opened
from brainwright.errors import Fault

SIDES = st.tuples(st.integers(1, 20), st.integers(1, 20))


def packed(pixels: np.ndarray, mode: str | None = None, **how: object) -> bytes:
    file = io.BytesIO()
    picture = Pillow.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(file, "PNG", **how)
    return file.getvalue()


def files(*values: bytes) -> np.ndarray:
    found = np.empty(len(values), object)
    found[:] = values
    return found


@settings(max_examples=30, deadline=None)
@given(SIDES.flatmap(lambda sides: arrays(np.uint8, (3, *sides))))
def test_grey_pictures_come_back(pixels: np.ndarray) -> None:
    field = Image().fit(pixels)
    assert field.shape == (1, *pixels.shape[1:])
    for picture, encoded in zip(pixels, field.encode_all(pixels).values, strict=True):
        assert np.array_equal(field.encode(picture), encoded)
        assert field.decode(encoded) == picture.tolist()
        assert np.array_equal(field.encode(field.decode(encoded)), encoded)


@settings(max_examples=30, deadline=None)
@given(SIDES.flatmap(lambda sides: arrays(np.uint8, (3, *sides, 3))))
def test_colour_pictures_come_back(pixels: np.ndarray) -> None:
    pixels[0, 0, 0] = (0, 100, 200)  # so that colour says something
    field = Image().fit(pixels)
    assert field.shape == (3, *pixels.shape[1:3])
    for picture, encoded in zip(pixels, field.encode_all(pixels).values, strict=True):
        assert np.array_equal(field.encode(picture), encoded)
        assert field.decode(encoded) == picture.tolist()


def test_path_bytes_and_pixels_are_one_picture(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    (tmp_path / "one.png").write_bytes(packed(pixels))
    field = Image().fit(pixels[None])
    encoded = [field.encode(value) for value in (str(tmp_path / "one.png"), packed(pixels), pixels, pixels.tolist())]
    assert all(np.array_equal(one, encoded[0]) for one in encoded)


def test_many_equal_one_by_one_whatever_their_sizes() -> None:
    draw = np.random.default_rng(0)
    values = files(*(packed(draw.integers(0, 256, (side, side + 3), dtype=np.uint8)) for side in (10, 12, 12, 30)))
    field = Image().fit(values)
    assert field.shape == (1, 12, 15)
    encoded = field.encode_all(values)
    assert isinstance(encoded, Dense)
    assert all(np.array_equal(field.encode(value), one) for value, one in zip(values, encoded.values, strict=True))


def test_statistics_are_those_of_the_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 3), dtype=np.uint8)
    field = Image().fit(pixels)
    np.testing.assert_allclose(field.mean, pixels.mean((0, 1, 2)))
    np.testing.assert_allclose(field.spread, pixels.std((0, 1, 2)))
    assert Image().fit(np.zeros((3, 4, 4), np.uint8)).spread == (1.0,)


@pytest.mark.parametrize(
    ("longest", "kept"), [(8, 8), (64, 64), (65, 96), (100, 96), (150, 128), (224, 224), (4000, 224)]
)
def test_large_pictures_are_reduced_to_a_ladder(longest: int, kept: int) -> None:
    assert fitting(longest) == kept


def test_the_users_size_wins() -> None:
    field = Image(size=10).fit(np.zeros((2, 40, 20), np.uint8))
    assert field.shape == (1, 10, 5)


def test_small_pictures_are_not_enlarged() -> None:
    assert Image(size=100).fit(np.zeros((2, 40, 20), np.uint8)).shape == (1, 40, 20)


def test_colours_by_habit_are_grey() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (6, 6), dtype=np.uint8)
    assert is_grey(opened(np.repeat(grey[..., None], 3, 2)))
    assert is_grey(opened(packed(grey, "LA")))
    assert not is_grey(opened(np.stack([grey, grey, 255 - grey], 2)))


def test_sixteen_bits_keep_their_range() -> None:
    scan = np.array([[0, 30_000], [60_000, 15_000]], np.uint16)
    assert np.asarray(opened(packed(scan))).tolist() == [[0, 127], [255, 63]]


def test_turned_photographs_stand_upright() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    note = Pillow.Exif()
    note[0x0112] = 6  # the camera was held on its side
    assert opened(packed(pixels, exif=note)).size == (4, 6)


@pytest.mark.parametrize("broken", [b"", b"no picture", packed(np.zeros((50, 50), np.uint8))[:60]])
def test_broken_pictures_are_named(broken: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(broken)
    with pytest.raises(Fault, match=r"cat\.png cannot be read as a picture"):
        Image(height=4, width=4, channels=1).encode(str(path))


def test_shown_as_one_picture_inside_the_page() -> None:
    shown = Image().show(np.zeros((500, 300), np.uint8))
    assert shown.startswith("<img")
    assert 'src="data:image/png;base64,' in shown
    assert 'height="160"' in shown
