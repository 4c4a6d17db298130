"""Precision of boxes: what the COCO evaluation says, and what can be counted by hand."""

import contextlib
import io

import numpy as np
import pytest
import torch

from brainwright.data.detections import LEVELS, by_class, matched, precisions
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.map50 import Map50
from brainwright.metrics.map50_95 import Map5095


def scene(seed: int, pictures: int = 30) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Answers that miss, double and mistake things."""
    draw = np.random.default_rng(seed)
    said, truth = [], []
    for _ in range(pictures):
        count = draw.integers(0, 8)
        corners = draw.uniform(0, 80, (count, 2))
        boxes = np.concatenate([corners, corners + draw.uniform(25, 50, (count, 2))], 1)
        classes = draw.integers(0, 3, (count, 1)).astype(float)
        truth.append(torch.tensor(np.concatenate([classes, boxes], 1), dtype=torch.float32))
        rows = draw.integers(0, max(count, 1), draw.integers(0, 12)) if count else np.zeros(0, int)
        near = boxes[rows] + draw.normal(0, 4, (len(rows), 4))
        named = np.where(draw.random((len(rows), 1)) < 0.8, classes[rows], draw.integers(0, 3, (len(rows), 1)))
        sure = draw.permutation(1000)[: len(rows), None] / 1000
        said.append(torch.tensor(np.concatenate([named, near, sure], 1), dtype=torch.float32))
    return said, truth


def both(said: list[torch.Tensor], truth: list[torch.Tensor]) -> tuple[float, float]:
    """map50 and map50-95 through the metrics."""
    found = []
    for metric in (Map50(slot="boxes"), Map5095(slot="boxes")):
        rows = metric.rows(Prediction({"boxes": said}), Batch({"boxes": truth})).numpy()
        found.append(metric.value(rows))
    return found[0], found[1]


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_coco_evaluation(seed: int) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    said, truth = scene(seed)

    def box(row: torch.Tensor) -> list[float]:
        left, top, right, bottom = row[1:5].double().tolist()
        return [left, top, right - left, bottom - top]

    marks = [
        {"image_id": i, "category_id": int(row[0]), "bbox": box(row), "area": 1.0, "iscrowd": 0}
        for i, one in enumerate(truth)
        for row in one
    ]
    known = coco.COCO()
    known.dataset = {
        "images": [{"id": i} for i in range(len(truth))],
        "annotations": [{**mark, "id": i + 1} for i, mark in enumerate(marks)],
        "categories": [{"id": i, "name": str(i)} for i in range(3)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        known.createIndex()
        answers = [
            {"image_id": i, "category_id": int(row[0]), "bbox": box(row), "score": float(row[5])}
            for i, one in enumerate(said)
            for row in one
        ]
        judged = evaluation.COCOeval(known, known.loadRes(answers), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    half, mean = both(said, truth)
    assert half == pytest.approx(judged.stats[1], abs=1e-6)
    assert mean == pytest.approx(judged.stats[0], abs=1e-6)


def test_known_values() -> None:
    one = torch.tensor([[0.0, 0, 0, 10, 10], [0, 20, 20, 30, 30]])
    right = torch.tensor([[0.0, 0, 0, 10, 10, 0.9], [0, 20, 20, 30, 30, 0.8]])
    assert both([right], [one]) == (1.0, 1.0)
    half = torch.tensor([[0.0, 0, 0, 10, 6, 0.9]])  # overlap .6: right at .5, .55 and .6; half of the things
    found = both([half], [one])
    assert found[0] == pytest.approx(51 / 101)
    assert found[1] == pytest.approx(51 / 101 * 3 / 10)
    twice = torch.cat([right[:1], right[:1] - torch.tensor([0, 0, 0, 0, 0, 0.01]), right[1:]])
    assert both([twice], [one])[0] == pytest.approx((51 + 50 * 2 / 3) / 101)  # the double counts as wrong
    assert both([torch.zeros(0, 6)], [one]) == (0.0, 0.0)
    assert both([right], [torch.zeros(0, 5)]) == (0.0, 0.0)


def test_weights_are_copies() -> None:
    said, truth = scene(1)
    rows = matched(said, truth).numpy()
    draw = np.random.default_rng(0).integers(0, len(rows), len(rows))
    weights = np.bincount(draw, minlength=len(rows)).astype(float)[None]
    copies = precisions(rows[np.sort(draw)], np.ones((1, len(rows))), range(len(LEVELS)))
    np.testing.assert_allclose(precisions(rows, weights, range(len(LEVELS))), copies, rtol=1e-9)
    low, high = Map50(slot="boxes").interval(rows)
    assert low < Map50(slot="boxes").value(rows) < high


def test_each_class_makes_the_mean() -> None:
    said, truth = scene(2)
    found = by_class(matched(said, truth).numpy())
    assert sum(count for count, _, _ in found.values()) == sum(map(len, truth))
    assert np.mean([once for _, once, _ in found.values()]) == pytest.approx(both(said, truth)[0])
