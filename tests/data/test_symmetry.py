"""The test that says whether mirrored pictures mean the same."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from brainwright.data.encoded import Dense
from brainwright.data.shrinking import principal, shrunk
from brainwright.data.symmetry import mirroring


def shapes(count: int, sided: bool) -> tuple[Dense, np.ndarray]:
    """Noisy pictures of an edge at any height: rising or falling; `sided`: to the left or to the right instead."""
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 90, (count, 1, 12, 12)).astype(np.uint8)
    truth = draw.integers(0, 2, count)
    for index, kind in enumerate(truth):
        edge = draw.integers(3, 9)
        dark = np.s_[:edge] if kind else np.s_[edge:]
        pixels[index, 0][(slice(None), dark) if sided else dark] += 150
    return Dense(pixels), truth.astype(np.int64)


def test_sides_that_matter_forbid_mirroring() -> None:
    seen = mirroring(*shapes(400, sided=True), 2)
    assert not seen.safe
    assert seen.upright > 0.9
    assert seen.mirrored < 0.2


def test_sides_that_say_nothing_allow_it() -> None:
    seen = mirroring(*shapes(400, sided=False), 2)
    assert seen.safe
    assert seen.mirrored > 0.9
    assert f"{seen.mirrored:.0%} of mirrored" in seen.reason


def test_nothing_learned_nothing_allowed() -> None:
    pictures, _ = shapes(200, sided=False)
    assert not mirroring(pictures, np.random.default_rng(3).integers(0, 2, 200), 2).safe


def test_digits_are_not_mirrored() -> None:
    digits = load_digits()
    pixels = (digits.images * 255 / 16).astype(np.uint8)[:, None]
    seen = mirroring(Dense(pixels), digits.target.astype(np.int64), 10)
    assert not seen.safe
    assert seen.upright > 0.95


def test_three_pictures_are_too_few() -> None:
    pictures, truth = shapes(3, sided=False)
    assert not mirroring(pictures, truth, 2).safe


@pytest.mark.parametrize(
    ("shape", "wanted"), [((1, 28, 28), (1, 28, 28)), ((3, 32, 32), (3, 16, 16)), ((3, 100, 90), (3, 16, 15))]
)
def test_shrinking_takes_means(shape: tuple[int, int, int], wanted: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    small = shrunk(Dense(pixels))
    assert small.shape[1:] == wanted
    block = shape[1] // wanted[1]
    top, left = (shape[1] - block * wanted[1]) // 2, (shape[2] - block * wanted[2]) // 2
    corner = pixels[:, :, top : top + block, left : left + block].mean((2, 3)) / 255
    np.testing.assert_allclose(small[:, :, 0, 0], corner, atol=1e-6)


def test_principal_directions_are_those_of_svd() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32) * np.arange(1, 9, dtype=np.float32)
    mean, directions = principal(vectors, 3)
    _, _, right = np.linalg.svd(vectors - vectors.mean(0))
    np.testing.assert_allclose(np.abs((right[:3] * directions.T).sum(1)), 1, atol=1e-4)
    np.testing.assert_allclose(mean, vectors.mean(0), atol=1e-6)
