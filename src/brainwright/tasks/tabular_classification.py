"""Row -> Category: say from the other columns of a table which of the known classes a row belongs to."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.row import Row
from brainwright.data.inputs import inputs, likely_target
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import WHOLE, Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.auc import Auc
from brainwright.metrics.balanced_accuracy import BalancedAccuracy
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.metric import Metric
from brainwright.models.answers import Weighing
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.row_recipe import row_recipe
from brainwright.models.stems.row import RowStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet


class TabularClassification(Task):
    """One class per row, by the cross-entropy of every member of the net, whose mean probabilities are the answer."""

    row = input(Row())
    label = target(Category())

    smoothing: float = Option(0.0, ge=0, lt=1)
    """Share of certainty taken from the true class and spread over all (Szegedy et al. 2016)."""
    class_weights: Literal["none", "balanced"] = "none"
    """How much a class counts in learning: every row alike, or every class alike however rare."""

    metric: Literal["log-loss", "accuracy", "balanced-accuracy", "auc"] = "log-loss"
    """What selects the best net, and comes first in tables: by default the most exact of them."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        label = target or likely_target(table)
        if label not in table.columns or table[label].kind != Kind.CATEGORY or any(map(table.kinds, WHOLE)):
            return None
        names, left = inputs(table, label)
        if not names:
            return None
        named = "" if target else " (by its name; --target says otherwise)"
        without = f"; without {', '.join(left)}" if left else ""
        strength = 0.4 if table.kinds(Kind.TEXT) else 0.8
        return Claim(
            {"row": names, "label": label},
            strength,
            f"{label!r} holds classes{named}, told by {len(names)} columns{without}",
        )

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        counts, balanced = fields[self.label].counts, self.class_weights == "balanced"
        return Weighing(Net(RowStem(fields[self.row]), backbone, len(counts)), counts, balanced)

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        return Loss.of(net(batch[self.row]).losses(batch[self.label], self.smoothing))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        scores = net(batch[self.row]).logits.softmax(-1).mean(1)
        return Prediction.of(self.label, scores.argmax(-1), scores)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        odds: Tensor = net(batch[self.row]).odds(batch[self.label])
        return odds

    def metrics(self) -> tuple[Metric, ...]:
        every: tuple[Metric, ...] = (Accuracy(slot="label"), Auc(slot="label"), LogLoss(slot="label"))
        if self.metric == "balanced-accuracy":
            every = (BalancedAccuracy(slot="label"), *every)
        return tuple(sorted(every, key=lambda metric: metric.word() != self.metric))

    def decide(self, train: Portion) -> Sequence[Decision]:
        metric = Decision("metric", "balanced-accuracy", "classes were asked to count alike")
        asked = [metric] if self.class_weights == "balanced" else []
        return [*asked, *(Decision(*line) for line in row_recipe(len(train)))]

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.label].classes)
        return (
            floor("majority", target="label", classes=classes),
            floor("linear-table", target="label", classes=classes),
            floor("boosting", target="label", classes=classes),
        )

    @classmethod
    def example(cls) -> Table:
        """Whether a plant is poisonous: the red ones with more than three leaves are."""
        draw = np.random.default_rng(0)
        leaves, height = draw.integers(1, 7, 240).astype(np.float64), draw.normal(20, 5, 240)
        colour = draw.choice(["red", "red", "green", "white"], 240).astype(object)
        poisonous = np.where((colour == "red") & (leaves > 3), "poisonous", "harmless").astype(object)
        height[::20], colour[(poisonous == "harmless") & (height > 26)] = np.nan, None
        columns = {
            "leaves": Column(leaves, Kind.NUMBER),
            "height": Column(height, Kind.NUMBER),
            "colour": Column(colour, Kind.CATEGORY),
            "class": Column(poisonous, Kind.CATEGORY),
        }
        return Table.of(columns, "example")
