"""Lane metrics equal the benchmarks' own counting, done here lane by lane and pixel by pixel."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from sklearn.linear_model import LinearRegression

from brainwright.data.lane_matching import band, by_area, by_rows
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.lane_accuracy import LaneAccuracy
from brainwright.metrics.lane_f1 import LaneF1
from brainwright.metrics.lane_false_negatives import LaneFalseNegatives
from brainwright.metrics.lane_false_positives import LaneFalsePositives

ROWS = np.arange(100, 200, 10)


def official(said: list[list[float]], truth: list[list[float]], rows: np.ndarray) -> tuple[float, float, float]:
    """What TuSimple's own script computes, after its description."""
    if len(said) > len(truth) + 2:
        return 0.0, 0.0, 1.0
    accuracies, matched, missed = [], 0, 0
    for lane in map(np.array, truth):
        there, angle = lane >= 0, 0.0
        if there.sum() > 1:
            angle = np.arctan(LinearRegression().fit(rows[there, None], lane[there]).coef_[0])
        limit = 20 / np.cos(angle)
        own = np.where(lane >= 0, lane, -100)
        each = [(np.abs(np.where(np.array(one) >= 0, one, -100) - own) < limit).mean() for one in said]
        best = max(each, default=0.0)
        matched, missed = matched + (best >= 0.85), missed + (best < 0.85)
        accuracies.append(best)
    wrong = (len(said) - matched) / len(said) if said else 0.0
    whole = sum(accuracies)
    if len(truth) > 4:
        whole -= min(accuracies)
        missed -= missed > 0
    count = max(1, min(4, len(truth)))
    return whole / count, wrong, missed / count


def tensor(lanes: list[list[float]], rows: np.ndarray = ROWS) -> torch.Tensor:
    return torch.tensor(np.array([rows, *lanes], np.float32).reshape(1 + len(lanes), len(rows)))


def drawn(count: int, seed: int) -> list[list[float]]:
    """Random lanes, near to one another, a part of each absent."""
    draw = np.random.default_rng([seed, count])
    lanes = []
    for _ in range(count):
        columns = draw.integers(0, 3) * 40 + draw.uniform(-3, 3) * (ROWS - 100) + draw.integers(0, 30, len(ROWS)) + 100
        columns[: draw.integers(0, 5)] = -2
        lanes.append(np.where(columns < 0, -2, columns).round().tolist())
    return lanes


@settings(max_examples=40)
@given(st.integers(0, 7), st.integers(0, 6), st.integers(0, 10_000))
def test_rows_are_counted_as_tusimple_does(said: int, true: int, seed: int) -> None:
    mine, truth = drawn(said, seed), drawn(true, seed + 1)
    mine = [*mine, *truth[:2]]
    found = by_rows([tensor(mine)], [tensor(truth)])[0]
    np.testing.assert_allclose(found.numpy(), official(mine, truth, ROWS), atol=1e-12)


def test_pictures_of_a_batch_do_not_touch_each_other() -> None:
    pairs = [(drawn(2, 1), drawn(3, 2)), (drawn(0, 3), drawn(2, 4)), (drawn(5, 5), drawn(5, 5)), (drawn(1, 6), [])]
    whole = by_rows([tensor(one) for one, _ in pairs], [tensor(one) for _, one in pairs])
    for row, (said, truth) in enumerate(pairs):
        np.testing.assert_allclose(whole[row].numpy(), official(said, truth, ROWS), atol=1e-12)


def test_answers_at_other_rows_are_read_between_them() -> None:
    truth = tensor([[100.0 + 2 * row for row in range(10)]])
    said = torch.tensor([[95.0, 145.0, 195.0], [99.0, 109.0, 119.0]])
    accuracy, wrong, missed = by_rows([said], [truth])[0].tolist()
    assert (accuracy, wrong, missed) == (1.0, 0.0, 0.0)


def thick(lane: list[float], size: tuple[int, int]) -> np.ndarray:
    """Every pixel within 15 of a lane's spline, by the distance from 10 points between each two."""
    columns = np.array(lane)
    points = np.stack([columns, ROWS], 1)[columns >= 0].astype(float)
    if len(points) < 2:
        return np.zeros(size, bool)
    along = np.r_[0, np.hypot(*np.diff(points, axis=0).T).cumsum()]
    wanted = np.concatenate([np.linspace(*ends, 11) for ends in pairwise(along)])
    curve = CubicSpline(along, points, bc_type="natural")(wanted)
    down, across = np.mgrid[: size[0], : size[1]]
    near = np.full(size, np.inf)
    for column, row in curve:
        near = np.minimum(near, np.hypot(across - column, down - row))
    return near <= 15


@pytest.mark.parametrize("seed", range(3))
def test_a_band_is_the_lane_drawn_thirty_pixels_wide(seed: int) -> None:
    """Within the pixels of a rim: these are drawn or not by the last digit."""
    size = (220, 260)
    lane = [120 + seed * 10 + (seed - 1) * 0.4 * (row - 100) + 8 * np.sin(row / 25) for row in ROWS]
    edges = band(np.stack([lane, ROWS], 1).astype(float), size)
    mine = (np.arange(size[1]) >= edges[:, :1]) & (np.arange(size[1]) <= edges[:, 1:])
    true = thick(lane, size)
    assert (mine & true).sum() / (mine | true).sum() > 0.995


def test_f1_matches_lanes_that_overlap_by_half() -> None:
    size = (220, 400)
    straight = [[100.0] * 10, [200.0] * 10]
    assert by_area(tensor(straight), tensor(straight), size) == (2, 0, 0)
    assert by_area(tensor([[108.0] * 10]), tensor(straight), size) == (1, 0, 1)  # shares 23 of 39 columns
    assert by_area(tensor([[112.0] * 10]), tensor(straight), size) == (0, 1, 2)  # shares 19 of 43
    assert by_area(tensor([]), tensor(straight), size) == (0, 0, 2)
    assert by_area(tensor(straight), tensor([]), size) == (0, 2, 0)
    assert by_area(tensor([[100.0] + [-2.0] * 9]), tensor(straight), size) == (0, 1, 2)  # a point is not drawn


def test_metrics_are_means_over_pictures_and_f1_over_lanes() -> None:
    truth = [tensor([[100.0] * 10, [200.0] * 10]), tensor([[100.0] * 10])]
    said = [tensor([[100.0] * 10]), tensor([[100.0] * 10, [300.0] * 10])]
    batch = Batch({"lanes": truth, "extent": torch.tensor([[220.0, 400.0]] * 2)})
    prediction = Prediction({"lanes": said})
    values = {
        metric.word(): metric.value(metric.rows(prediction, batch).numpy())
        for metric in (
            LaneAccuracy(slot="lanes"),
            LaneFalsePositives(slot="lanes"),
            LaneFalseNegatives(slot="lanes"),
            LaneF1(slot="lanes", extent="extent"),
        )
    }
    assert values == {
        "lane-accuracy": 0.75,
        "lane-false-positives": 0.25,
        "lane-false-negatives": 0.25,
        "lane-f1": pytest.approx(2 * 2 / (2 * 2 + 1 + 1)),
    }
