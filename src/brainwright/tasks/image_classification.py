"""Image -> Category: say which of the known classes a picture shows."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.augmenting import erased, relit, shifted, warped
from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.image import Image
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.symmetry import mirroring
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.auc import Auc
from brainwright.metrics.average_precision import AveragePrecision
from brainwright.metrics.balanced_accuracy import BalancedAccuracy
from brainwright.metrics.f1 import F1
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.metric import Metric, telling
from brainwright.models.answers import Weighed, Weighing
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.stems.image import ImageStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet

EPOCHS, COUNT = 25, 1250  # so many epochs for so many pictures, and fewer for more (chosen on validation)
FALL = {1: 0.5, 3: 0.18}  # by this power, for pictures in grey and in colour: grey ones are learned sooner
MANY = 20_000  # pictures: below, changes to them are worth more (measured on digits and chest X-rays)
TURN, STRETCH, LIGHT, HOLE = 10.0, 0.1, 0.1, 0.375  # degrees, and shares, at full strength


class ImageClassification(Task):
    """One class per picture, by cross-entropy."""

    backbones: ClassVar[tuple[str, ...]] = (*Task.backbones, "efficientnet", "timm")
    backbone: ClassVar[str] = "cnn"
    image = input(Image())
    label = target(Category())

    smoothing: float = Option(0.0, ge=0, lt=1)
    """Share of certainty taken from the true class and spread over all (Szegedy et al. 2016)."""
    class_weights: Literal["none", "balanced"] = "none"
    """How much a class counts in learning: every picture alike, or every class alike however rare."""
    metric: Literal["accuracy", "balanced-accuracy", "auc"] = "accuracy"
    """What selects the best net, and comes first in tables."""
    mirror: bool = False
    """A picture and its mirror image mean the same: learning sees both."""
    both_sides: bool = False
    """Answer with the mean of what the net says to a picture and to its mirror image; twice the work."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images = table.kinds(Kind.IMAGE)
        label = target or next(iter(table.kinds(Kind.CATEGORY)), "")
        if len(images) != 1 or label not in table.columns or table[label].kind != Kind.CATEGORY:
            return None
        why = f"{images[0]!r} holds pictures, {label!r} their classes"
        return Claim({"image": images[0], "label": label}, 0.9, why)

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        counts, balanced = fields[self.label].counts, self.class_weights == "balanced"
        return Weighing(Net(ImageStem(fields[self.image]), backbone, len(counts)), counts, balanced)

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        return Loss.of(net(batch[self.image]).losses(batch[self.label], self.smoothing))

    def said(self, net: AnyNet, batch: Batch) -> Weighed:
        """What the net says to a picture and, where both sides count, to its mirror image: members side by side."""
        views = [batch[self.image].flip(3)] if self.both_sides else []
        views.append(batch[self.image])  # last, so that a net that remembers its last answer can be asked for the loss
        answers = [net(view) for view in views]
        return Weighed(torch.cat([one.logits for one in answers], 1), answers[-1].weights)

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        scores = self.said(net, batch).logits.softmax(-1).mean(1)
        return Prediction.of(self.label, scores.argmax(-1), scores)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        return self.said(net, batch).odds(batch[self.label])

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Up to 1 moved, by at most an eighth, and mirrored where allowed; up to 2 also turned, stretched and relit; up
        to 3 also partly hidden.
        """
        if not strength:
            return batch
        pixels = batch[self.image]
        more, most = min(1.0, max(0.0, strength - 1)), min(1.0, max(0.0, strength - 2))
        pixels = shifted(pixels, round(min(1.0, strength) * min(pixels.shape[2:]) / 8), self.mirror, generator)
        if more:
            pixels = relit(warped(pixels, TURN * more, STRETCH * more, generator), LIGHT * more, generator)
        if most:
            pixels = erased(pixels, HOLE * most, pixels.float().mean((0, 2, 3)), generator)
        return batch | {"image": pixels}

    def metrics(self) -> tuple[Metric, ...]:
        every: tuple[Metric, ...] = (Accuracy(slot="label"), LogLoss(slot="label"))
        if self.metric != "accuracy":  # classes are few or uneven: ranking and rare classes count
            every = (*every, BalancedAccuracy(slot="label"), Auc(slot="label"), AveragePrecision(slot="label"))
            every = (*every, F1(slot="label"))
        return tuple(sorted(every, key=lambda metric: metric.word() != self.metric))

    def decide(self, train: Portion) -> Sequence[Decision]:
        label, image = train.fields[self.label], train.fields[self.image]
        pictures, truth = train.encoded["image"], train.encoded["label"]
        assert isinstance(pictures, Dense | Stored)
        assert isinstance(truth, Dense)
        seen = mirroring(pictures, truth.values, len(label.classes))
        return (
            Decision("mirror", seen.safe, seen.reason),
            Decision(
                "both_sides", seen.safe, "mirror images mean the same" if seen.safe else "they do not mean the same"
            ),
            *judging(label.counts),
            *learning(len(train), image.channels),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.label].classes)
        return (
            floor("majority", target="label", classes=classes),
            floor("linear-pixels", target="label", image="image", classes=classes),
            floor("nearest-neighbour", target="label", image="image", classes=classes),
        )

    @classmethod
    def example(cls) -> Table:
        draw = np.random.default_rng(0)
        images = draw.integers(0, 120, (96, 8, 8)).astype(np.uint8)
        lying = np.arange(96) % 2 == 0
        images[lying, 3, :] += 130
        images[~lying, :, 3] += 130
        labels = np.where(lying, "lying", "standing").astype(object)
        return Table.of({"image": Column(images, Kind.IMAGE), "label": Column(labels, Kind.CATEGORY)}, "example")


def judging(counts: tuple[int, ...]) -> tuple[Decision, ...]:
    """What selects the net, from how often each class occurs. Soft targets spoil ranks, so two classes have none."""
    chosen = Decision("metric", *telling(counts))
    return (chosen,) if len(counts) == 2 else (chosen, Decision("smoothing", 0.1, "classes are named, not ranked"))


def learning(count: int, channels: int) -> tuple[Decision, ...]:
    """How long and how to learn, from the number of pictures."""
    epochs = max(5, round(EPOCHS * (COUNT / count) ** FALL[channels]))
    many = count >= MANY
    settled = (
        ("epochs", epochs, f"{count:,} pictures: the more there are, the less often each is needed"),
        ("width", 64 if many and channels > 1 else 32, f"{count:,} pictures in {'colour' if channels > 1 else 'grey'}"),
        ("optimizer", "muon", "needs fewer steps than SGD and AdamW on nets of convolutions"),
        ("lr", 0.015, "Muon's steps have one size whatever the layer"),
        ("weight_decay", 0.1, "keeps filters about as long as they started under Muon"),
        ("clip", 0.0, "Muon's steps have one size whatever the gradient"),
        ("schedule", "linear", "ends at zero, so that the last weights are settled"),
        ("warmup", 0.2, "filters and batch norm find each other before the rate peaks"),
        ("ema", 0.0, "the falling rate averages already"),
        ("evaluations", 8, "enough to see where learning stands; each costs as much as some steps"),
    )
    why = "many pictures: to move them is enough" if many else "few pictures: turning and relighting them adds some"
    return (
        *(Decision(option, value, reason, "cnn") for option, value, reason in settled),
        Decision("augment", 1.0 if many else 2.0, why),
    )
