"""Feature distance and coverage equal plain references, see what they are for, and their features never change."""

import time

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.neighbors import NearestNeighbors

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.coverage import NEIGHBOURS, Coverage
from brainwright.metrics.feature_distance import FeatureDistance
from brainwright.models.untaught import FEATURES, untaught

DISTANCE, COVERAGE = FeatureDistance(slot="image"), Coverage(slot="image")


def crowds(count: int, shift: float = 0.0) -> np.ndarray:
    draw = np.random.default_rng(count)
    mix = draw.standard_normal((FEATURES, FEATURES))
    made, real = (draw.standard_normal((count, FEATURES)) @ mix for _ in range(2))
    return np.concatenate([made + shift, real], 1)


def test_distance_equals_the_formula() -> None:
    rows = crowds(300, 0.7)
    made, real = rows[:, :FEATURES], rows[:, FEATURES:]
    first, second = np.cov(made.T), np.cov(real.T)
    wanted = np.square(made.mean(0) - real.mean(0)).sum() + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert DISTANCE.value(rows) == pytest.approx(wanted / np.trace(second), rel=1e-6)


def test_distance_is_zero_for_equals_and_one_for_the_average() -> None:
    real = crowds(200)[:, FEATURES:]
    assert DISTANCE.value(np.concatenate([real[::-1], real], 1)) == pytest.approx(0, abs=1e-9)
    average = np.repeat(real.mean(0, keepdims=True), len(real), 0)
    assert DISTANCE.value(np.concatenate([average, real], 1)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("count", [1, 2, 10])
def test_few_pictures_give_a_number(count: int) -> None:
    rows = crowds(count)
    for metric in (DISTANCE, COVERAGE):
        low, high = metric.interval(rows)
        assert 0 <= low <= metric.value(rows) + 1e-9
        assert metric.value(rows) - 1e-9 <= high < float("inf")


def test_intervals_are_quick_and_hold_the_value() -> None:
    rows = crowds(10_000, 0.2)
    for metric in (DISTANCE, COVERAGE):
        began = time.process_time()
        low, high = metric.interval(rows)
        assert low < metric.value(rows) < high
        assert time.process_time() - began < 20


def test_interval_is_as_wide_as_fresh_samples_differ() -> None:
    """The bootstrap's standard deviation against that of the value over independent samples."""
    mix = np.random.default_rng(0).standard_normal((2 * FEATURES, 2 * FEATURES))

    def fresh(seed: int) -> np.ndarray:
        return np.random.default_rng(seed).standard_normal((400, 2 * FEATURES)) @ mix

    spread = np.std([DISTANCE.value(fresh(seed)) for seed in range(60)])
    low, high = DISTANCE.interval(fresh(99))
    assert 0.6 < (high - low) / (2 * 1.96 * spread) < 1.6


def test_coverage_equals_scikit_learn() -> None:
    rows = crowds(400, 1.5)
    made, real = rows[:, :FEATURES], rows[:, FEATURES:]
    radius = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(real).kneighbors(real)[0][:, -1]
    nearest = NearestNeighbors(n_neighbors=1).fit(made).kneighbors(real)[0][:, 0]
    wanted = (nearest <= radius).mean()
    assert 0.02 < wanted < 0.98
    assert COVERAGE.value(rows) == pytest.approx(wanted, abs=0.005)


def test_coverage_sees_a_forgotten_kind() -> None:
    """Real pictures of two kinds; the maker knows one, or both."""
    draw = np.random.default_rng(0)
    kinds = np.repeat([[0.0], [50.0]], 500, 0) + draw.standard_normal((1000, FEATURES))
    both = kinds + 0.01 * draw.standard_normal(kinds.shape)
    one = draw.standard_normal((1000, FEATURES))
    assert COVERAGE.value(np.concatenate([both, kinds], 1)) == 1
    assert COVERAGE.value(np.concatenate([one, kinds], 1)) < 0.51


@pytest.mark.parametrize(
    ("channels", "wanted"), [(1, (-0.492247, -0.223302, -0.150948)), (3, (0.441315, -0.461935, -0.760266))]
)
def test_features_are_frozen(channels: int, wanted: tuple[float, ...]) -> None:
    """Two versions that disagree here would print distances that cannot be compared."""
    ramp = torch.arange(28 * 28 * channels).view(1, channels, 28, 28) % 256
    found = untaught(channels, torch.device("cpu"))(ramp.byte())
    assert found.shape == (1, FEATURES)
    torch.testing.assert_close(found[0, :3], torch.tensor(wanted), atol=1e-4, rtol=1e-4)


def test_rows_are_features_of_both_and_see_what_matters() -> None:
    draw = torch.Generator().manual_seed(0)
    real = (torch.rand(64, 1, 20, 20, generator=draw) * 120).byte()
    real[::2, :, 4:9] += 120
    real[1::2, :, :, 4:9] += 120
    batch = Batch({"image": real})
    alike = DISTANCE.value(DISTANCE.rows(Prediction({"image": real.flip(0).float()}), batch).numpy())
    one_kind = DISTANCE.value(DISTANCE.rows(Prediction({"image": real[::2].repeat(2, 1, 1, 1)}), batch).numpy())
    noise = DISTANCE.value(DISTANCE.rows(Prediction({"image": torch.rand(64, 1, 20, 20) * 255}), batch).numpy())
    assert alike < 1e-6 < one_kind < noise
