"""What image classification decides, weighs, mirrors and averages."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from brainwright.data.encoded import Dense
from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.image import Image
from brainwright.data.slots import Batch, Fields
from brainwright.data.table import Share
from brainwright.models.answers import Weighed
from brainwright.models.backbones.cnn import Cnn
from brainwright.tasks.image_classification import ImageClassification, judging, learning
from brainwright.tasks.task import Turn


def portion(pixels: np.ndarray, truth: np.ndarray, classes: int) -> Portion:
    counts = tuple(np.bincount(truth, minlength=classes).tolist())
    fields = Fields(
        {
            "image": Image(height=pixels.shape[2], width=pixels.shape[3], channels=1, mean=(0.0,), spread=(1.0,)),
            "label": Category(classes=tuple(map(str, range(classes))), counts=counts),
        }
    )
    examples = Examples({}, np.full(len(truth), Share.TRAIN, np.uint8), np.arange(len(truth)))
    return Portion(fields, examples, {"image": Dense(pixels), "label": Dense(truth)})


def sided(count: int) -> Portion:
    """A bright half to the left (class 0) or to the right (class 1)."""
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, count)
    pixels = draw.integers(0, 100, (count, 1, 8, 8)).astype(np.uint8)
    pixels[truth == 0, :, :, :4] += 100
    pixels[truth == 1, :, :, 4:] += 100
    return portion(pixels, truth, 2)


class Leftmost(nn.Module):
    """Says how bright the left column is against the right one."""

    def forward(self, pixels: Tensor) -> Weighed:
        logits = torch.stack([pixels[:, 0, :, 0].float().mean(1), pixels[:, 0, :, -1].float().mean(1)], 1) / 10
        return Weighed(logits[:, None], torch.ones(2))


def test_sides_that_matter_are_not_mirrored() -> None:
    decided = {one.option: one.value for one in ImageClassification().decide(sided(300))}
    assert decided["mirror"] is False
    assert decided["both_sides"] is False


def test_every_decision_has_its_reason_and_fits_its_part() -> None:
    for one in ImageClassification().decide(sided(300)):
        assert one.reason
        for part in (ImageClassification, Cnn):
            if one.option in part.model_fields:
                part(**{one.option: one.value})


@pytest.mark.parametrize(
    ("counts", "metric", "smoothed"),
    [
        ((50, 50), "auc", False),
        ((10, 90), "auc", False),
        ((50, 50, 60), "accuracy", True),
        ((20, 50, 60), "balanced-accuracy", True),
    ],
)
def test_metric_follows_the_classes(counts: tuple[int, ...], metric: str, smoothed: bool) -> None:
    decided = {one.option: one.value for one in judging(counts)}
    assert decided["metric"] == metric
    assert ("smoothing" in decided) == smoothed
    assert ImageClassification(metric=metric).metrics()[0].word() == metric


def test_more_pictures_fewer_epochs_more_steps() -> None:
    counts = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
    epochs = [{one.option: one.value for one in learning(count, 1)}["epochs"] for count in counts]
    assert epochs == sorted(epochs, reverse=True)
    seen = [count * epoch for count, epoch in zip(counts, epochs, strict=True)]
    assert seen == sorted(seen)


def test_both_sides_are_averaged_and_the_picture_itself_is_asked_last() -> None:
    task, asked = ImageClassification(both_sides=True), []
    net = Leftmost()
    net.register_forward_pre_hook(lambda _, given: asked.append(given[0]))
    batch = Batch({"image": torch.randint(0, 255, (5, 1, 4, 4), dtype=torch.uint8)})
    scores = task.predict(net, batch).scores
    torch.testing.assert_close(scores, torch.full((5, 2), 0.5))
    assert torch.equal(asked[-1], batch[task.image])
    assert not torch.allclose(ImageClassification().predict(net, batch).scores, scores)


@pytest.mark.parametrize("mirror", [False, True])
def test_mirrors_only_where_that_is_allowed(mirror: bool) -> None:
    task = ImageClassification(mirror=mirror)
    slope = torch.arange(16, dtype=torch.uint8).expand(40, 1, 16, 16)
    changed = task.augment(Batch({"image": slope}), 1.0, torch.Generator().manual_seed(0))[task.image]
    falls = changed[:, 0, 8, 12].int() < changed[:, 0, 8, 4].int()
    assert bool(falls.any()) == mirror


def test_balanced_weights_make_classes_equal() -> None:
    truth = np.array([0, 0, 0, 1])
    given = portion(np.zeros((4, 1, 8, 8), np.uint8), truth, 2)
    losses = []
    for weights in ("none", "balanced"):
        task = ImageClassification(class_weights=weights)
        net = task.build(given.fields, Cnn(width=4)).eval()
        batch = Batch({"image": torch.from_numpy(given.encoded["image"].values), "label": torch.from_numpy(truth)})
        losses.append(task.loss(net, batch, Turn("net", 0, 0.0)).each.detach())
    plain, balanced = losses
    torch.testing.assert_close(balanced[:3].sum(), balanced[3])
    torch.testing.assert_close(balanced.sum(), plain.sum())
