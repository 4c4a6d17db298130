"""Image -> Category: say which of the known classes a picture shows."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field as Option
from torch import nn
from torch.nn import functional as F

from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.image import Image
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor
from brainwright.floors.majority import Majority
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.stems.image import ImageStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet


class ImageClassification(Task):
    """One class per picture, by cross-entropy."""

    backbone: ClassVar[str] = "cnn"
    image = input(Image())
    label = target(Category())

    smoothing: float = Option(0.0, ge=0, lt=1)
    """Share of certainty taken from the true class and spread over all (Szegedy et al. 2016)."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images = table.kinds(Kind.IMAGE)
        label = target or next(iter(table.kinds(Kind.CATEGORY)), "")
        if len(images) != 1 or label not in table.columns or table[label].kind != Kind.CATEGORY:
            return None
        return Claim({"image": images[0], "label": label}, 0.9, f"{images[0]!r} holds pictures, {label!r} their classes")

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        return Net(ImageStem(fields[self.image]), backbone, len(fields[self.label].classes))

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        logits = net(batch[self.image])
        return Loss.of(F.cross_entropy(logits, batch[self.label], reduction="none", label_smoothing=self.smoothing))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        scores = net(batch[self.image]).softmax(-1)
        return Prediction.of(self.label, scores.argmax(-1), scores)

    def metrics(self) -> tuple[Metric, ...]:
        return (Accuracy(slot="label"), LogLoss(slot="label"))

    def decide(self, train: Portion) -> Sequence[Decision]:
        return ()

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return (Majority(target="label", classes=len(fields[self.label].classes)),)

    @classmethod
    def example(cls) -> Table:
        draw = np.random.default_rng(0)
        images = draw.integers(0, 120, (96, 8, 8)).astype(np.uint8)
        lying = np.arange(96) % 2 == 0
        images[lying, 3, :] += 130
        images[~lying, :, 3] += 130
        labels = np.where(lying, "lying", "standing").astype(object)
        return Table.of({"image": Column(images, Kind.IMAGE), "label": Column(labels, Kind.CATEGORY)}, "example")
