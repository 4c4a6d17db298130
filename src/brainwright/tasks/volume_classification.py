"""Volume -> Category: say which of the known classes a scan, such as a CT or MR of one patient, is of."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.columns import is_identifier
from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.volume import Volume
from brainwright.data.inputs import likely_target
from brainwright.data.persons import PERSONS
from brainwright.data.slots import Batch, Fields, Prediction, Slot, input, primed, target
from brainwright.data.symmetry import from_above, mirroring
from brainwright.data.table import Column, Kind, Table
from brainwright.data.turning import mirrored, moved, relit, turns
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
from brainwright.models.features import Shape
from brainwright.models.scanner import Scanned
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet

ROOM = 64**3  # places of the canvas
TURN = 10.0  # degrees, at full strength
SHOWN = 6_000  # scans that learning sees, of any number


class VolumeClassification(Task):
    """One class per volume, by cross-entropy over a residual net in three dimensions."""

    backbones: ClassVar[tuple[str, ...]] = ("scanner", "unet")
    backbone: ClassVar[str] = "scanner"
    scan = input(Volume())
    label = target(Category())

    places: int = Option(ROOM, ge=512)
    """Places of the canvas that scans are laid on, at most: larger scans are seen more coarsely."""
    smoothing: float = Option(0.0, ge=0, lt=1)
    """Share of certainty taken from the true class and spread over all (Szegedy et al. 2016)."""
    class_weights: Literal["none", "balanced"] = "none"
    """How much a class counts in learning: every scan alike, or every class alike however rare."""
    metric: Literal["accuracy", "balanced-accuracy", "auc"] = "accuracy"
    """What selects the best net, and comes first in tables."""
    mirror: bool = False
    """A scan and its mirror image, left for right, mean the same: learning sees both."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        scans = table.kinds(Kind.VOLUME)
        classes = [name for name in table.kinds(Kind.CATEGORY) if not is_identifier(name, table[name])]
        classes = [name for name in classes if not PERSONS.search(name.lower())]
        label = target or likely_target(table) or (classes[0] if len(classes) == 1 else "")
        if len(scans) != 1 or label not in table.columns or table[label].kind != Kind.CATEGORY:
            return None
        if table.kinds(Kind.MASK) and not target:
            return None
        left = [repr(name) for name in table.columns if name not in (scans[0], label)]
        without = f"; without {', '.join(left)}" if left else ""
        why = f"{scans[0]!r} holds scans, {label!r} their classes{without}"
        return Claim({"scan": scans[0], "label": label}, 0.9, why)

    def slots(self) -> tuple[Slot[Any], ...]:
        """The scan slot knows how large its canvas may be."""
        return primed(type(self).scan, {"room": self.places}), type(self).label

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        scan, counts = fields[self.scan], fields[self.label].counts
        net = Scanned(Shape("grid", scan.channels, scan.sides), len(counts), backbone)
        return Weighing(net, counts, self.class_weights == "balanced")

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        return Loss.of(self.said(net, batch).losses(batch[self.label], self.smoothing))

    def said(self, net: AnyNet, batch: Batch) -> Weighed:
        """What the net says of each scan."""
        found: Weighed = net(batch[self.scan])
        return found

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        scores = self.said(net, batch).logits.softmax(-1).mean(1)
        return Prediction.of(self.label, scores.argmax(-1), scores)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        return self.said(net, batch).odds(batch[self.label])

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Turned, mirrored where allowed, relit and made noisy; never resized, for sizes in millimetres may tell."""
        if not strength:
            return batch
        size = min(1.0, strength)
        scans = moved(batch[self.scan], turns(batch[self.scan], TURN * size, 0.0, generator))
        if self.mirror:
            scans, _ = mirrored(scans, scans[:, 0], generator)
        return batch | {"scan": relit(scans, size, generator)}

    def metrics(self) -> tuple[Metric, ...]:
        every: tuple[Metric, ...] = (Accuracy(slot="label"), BalancedAccuracy(slot="label"), Auc(slot="label"))
        every = (*every, LogLoss(slot="label"), AveragePrecision(slot="label"), F1(slot="label"))
        return tuple(sorted(every, key=lambda metric: metric.word() != self.metric))

    def decide(self, train: Portion) -> Sequence[Decision]:
        label, count = train.fields[self.label], len(train)
        scans, truth = train.encoded["scan"], train.encoded["label"]
        assert isinstance(scans, Dense | Stored)
        assert isinstance(truth, Dense)
        seen = mirroring(from_above(scans), truth.values, len(label.classes))
        epochs = max(10, min(150, SHOWN // count))
        return (
            Decision("places", train.fields[self.scan].room, canvas(train.fields[self.scan])),
            Decision("metric", *telling(label.counts)),
            Decision("mirror", seen.safe, seen.reason),
            Decision("batch_size", 4, "scans are large and few"),
            Decision("epochs", epochs, f"{count:,} scans: as many passes as show about {SHOWN:,}"),
            Decision(
                "augment", 1.0, "scans are few: turned and relit they teach more; sizes, which may tell, are kept"
            ),
            Decision("lr", 1e-3, "from scratch, with instance norm"),
            Decision("weight_decay", 0.05, "few scans, seen often"),
            Decision("clip", 5.0, "one odd scan must not throw the net"),
            Decision("ema", 0.99, "averaged weights are steadier than the last step's"),
            Decision("evaluations", 10, "each look at the validation share costs as much as some steps"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.label].classes)
        return (
            floor("majority", target="label", classes=classes),
            floor("linear-pixels", target="label", image="scan", classes=classes),
        )

    @classmethod
    def example(cls) -> Table:
        """A bright block to the left or to the right, in noise."""
        draw = np.random.default_rng(0)
        scans = draw.normal(0, 0.5, (45, 8, 8, 8)).astype(np.float32)
        left = np.arange(45) % 2 == 0
        scans[left, :4, 2:6, 2:6] += 1.5
        scans[~left, 4:, 2:6, 2:6] += 1.5
        labels = np.where(left, "left", "right").astype(object)
        return Table.of({"scan": Column(scans, Kind.VOLUME), "label": Column(labels, Kind.CATEGORY)}, "example")


def canvas(field: Volume) -> str:
    """How scans are laid, and what of the training scans says so."""
    sides, apart = " × ".join(map(str, field.sides)), " × ".join(f"{one:.3g}" for one in field.spacing)
    told = f"as large as the largest training scan: {sides} places, {apart} mm apart"
    if field.coarser == 1:
        return f"{told} as in the middle one"
    return f"{told}, {field.coarser:.3g} times as coarse as the middle one, so that a step fits"
