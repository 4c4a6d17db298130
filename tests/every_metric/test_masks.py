"""Masks against truth: by hand, and as scikit-learn and plain geometry say."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.dice import Dice
from brainwright.metrics.iou import Iou
from brainwright.metrics.surface_distance import SurfaceDistance


def scene(count: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    draw = np.random.default_rng(0)
    truth = [draw.integers(0, 3, (1, 6, draw.integers(5, 9))) for _ in range(count)]
    said = [np.where(draw.random(one.shape) < 0.7, one, draw.integers(0, 3, one.shape)) for one in truth]
    return [torch.tensor(one, dtype=torch.uint8) for one in said], [
        torch.tensor(one, dtype=torch.uint8) for one in truth
    ]


def value(metric, said, truth, spacing=(1.0, 1.0, 1.0)) -> float:
    grid = torch.tensor([[*one.shape, *one.shape, *spacing] for one in truth], dtype=torch.float32)
    batch = Batch({"mask": truth, "grid": grid})
    return metric.value(metric.rows(Prediction({"mask": said}), batch).numpy())


def test_dice_is_the_mean_of_each_pictures() -> None:
    said, truth = scene(5)
    each = [f1_score(b.flatten(), a.flatten(), average=None, labels=[1, 2]) for a, b in zip(said, truth, strict=True)]
    assert value(Dice(slot="mask"), said, truth) == pytest.approx(np.mean(each))


def test_iou_is_that_of_all_places() -> None:
    said, truth = scene(5)
    flat = [torch.cat([one.flatten() for one in some]) for some in (truth, said)]
    wanted = jaccard_score(*flat, average=None, labels=[1, 2]).mean()
    assert value(Iou(slot="mask"), said, truth) == pytest.approx(wanted)


def test_a_label_that_is_nowhere_counts_for_nothing() -> None:
    empty, one = torch.zeros(1, 4, 4, dtype=torch.uint8), torch.zeros(1, 4, 4, dtype=torch.uint8)
    one[:, :2] = 1
    assert value(Dice(slot="mask"), [empty, one], [empty, one]) == 1.0
    assert value(Dice(slot="mask"), [one], [empty]) == 0.0  # said where it is not
    assert value(Dice(slot="mask"), [empty], [empty]) == 0.0


def test_surfaces_lie_as_far_apart_as_they_were_moved() -> None:
    truth, said = (torch.zeros(12, 12, 12, dtype=torch.uint8) for _ in range(2))
    truth[2:7, 2:7, 2:7] = 1
    metric = SurfaceDistance(slot="mask", grid="grid")
    assert value(metric, [truth], [truth]) == 0.0
    said[3:6, 3:6, 3:6] = 1  # one voxel smaller each way
    near = value(metric, [said], [truth], (1.0, 1.0, 1.0))
    assert 1.0 <= near < 1.3  # edges and corners lie farther than faces
    assert value(metric, [said], [truth], (2.0, 2.0, 2.0)) == pytest.approx(2 * near)
    lost = value(metric, [torch.zeros_like(truth)], [truth], (1.0, 2.0, 2.0))
    assert lost == pytest.approx(np.linalg.norm([12, 24, 24]))
    assert metric.better(1.0, 2.0)
