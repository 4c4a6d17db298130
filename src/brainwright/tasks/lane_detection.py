"""Image -> Lanes: find the lanes of a road, each as a curve from the horizon to the car."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.augmenting import relit
from brainwright.data.carrying import Reach, carried, motions, painted
from brainwright.data.curves import ABSENT, Laid
from brainwright.data.examples import Portion
from brainwright.data.fields.extent import Extent
from brainwright.data.fields.image import Image
from brainwright.data.fields.lanes import Lanes
from brainwright.data.slots import Batch, Fields, Prediction, Slot, beside, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.lane_accuracy import LaneAccuracy
from brainwright.metrics.lane_f1 import LaneF1
from brainwright.metrics.lane_false_negatives import LaneFalseNegatives
from brainwright.metrics.lane_false_positives import LaneFalsePositives
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.models.heads.curves import Seen
from brainwright.models.lane_losses import costs, likelihood, positions
from brainwright.models.roads import Roads
from brainwright.models.stems.image import ImageStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet

TURN, SIZE, SHIFT, LIGHT = 6.0, 0.25, 0.12, 0.3  # degrees, and parts: of a picture's sides, of brightness and contrast
FEWEST = 3  # rows of a lane that is said (Qin et al. 2020)
SHOWN = 9_000  # pictures that learning sees, of few
LEAST, MOST = 10, 80  # epochs
BATCH, MEMORY = 16, 0.02  # pictures a step; part of all steps that averaged weights look back on


class LaneDetection(Task):
    """At each of the rows that the data are marked at, the cell of the row that each lane crosses, if it does."""

    backbones: ClassVar[tuple[str, ...]] = ("cnn", "efficientnet", "timm")
    backbone: ClassVar[str] = "cnn"
    image = input(Image())
    extent = beside(Extent())
    lanes = target(Lanes())

    longest_side: int = Option(320, ge=32)
    """Pixels that a picture's longer side is reduced to; far lanes need more."""
    cells: int = Option(80, ge=8)
    """Cells of a row among which a lane's place is chosen."""
    head_width: int = Option(32, ge=8)
    """Channels of the grid that lanes are read from."""
    head_depth: int = Option(2, ge=1)
    """Blocks between the backbone's grids and the lanes."""
    least_sure: float = Option(0.5, gt=0, lt=1)
    """A lane is said to be at a row if that is at least so likely."""
    both_ways: bool = True
    """Learning sees each road and its mirror image."""

    @property
    def notice(self) -> str:
        return "NOT for vehicles on roads: it finds lanes like those that it was shown, and knows no danger"

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images, lanes = table.kinds(Kind.IMAGE), target or next(iter(table.kinds(Kind.LANES)), "")
        if len(images) != 1 or lanes not in table.columns or table[lanes].kind != Kind.LANES:
            return None
        why = f"{images[0]!r} holds pictures, {lanes!r} the lanes in them"
        return Claim({"image": images[0], "extent": images[0], "lanes": lanes}, 0.95, why)

    def slots(self) -> tuple[Slot[Any], ...]:
        pictures = input(Image(size=self.longest_side))
        pictures.name = "image"
        return (pictures, *super().slots()[1:])

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        lanes = fields[self.lanes]
        sizes = (lanes.most, self.cells, self.head_width, self.head_depth)
        return Roads(ImageStem(fields[self.image]), backbone, lanes.anchors, sizes)

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        seen: Seen = net(batch[self.image])
        cost = costs(seen, *self.truth(seen, batch))
        parts = {"where": cost.where, "there": cost.there, "position": cost.position, "shape": cost.shape}
        return Loss.of(cost.whole, None, **parts)

    def truth(self, seen: Seen, batch: Batch) -> tuple[Tensor, Tensor]:
        """The lanes of a batch at the rows that the net answers, in parts of the width [B, L, A], and how many [B]."""
        laid = Laid.of(batch[self.lanes])
        columns = laid.at(heights(seen, batch[self.extent]))
        return torch.where(columns >= 0, columns / batch[self.extent][:, 1, None, None], ABSENT), laid.counts

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        seen: Seen = net(batch[self.image])
        width = batch[self.extent][:, 1, None, None]
        there = seen.there.float().sigmoid() >= self.least_sure
        columns = torch.where(there, positions(seen.where.float()) * width, ABSENT)
        whole = torch.cat([heights(seen, batch[self.extent])[:, None], columns], 1)
        kept = there.sum(-1) >= FEWEST
        return Prediction.of(
            self.lanes, [torch.cat([one[:1], one[1:][on]]) for one, on in zip(whole, kept, strict=True)]
        )

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """The log-likelihood of the lanes that were said, in nats a row: where they are, and that they are there."""
        seen: Seen = net(batch[self.image])
        return likelihood(seen, *self.truth(seen, batch))

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Turned, resized, moved and, at even odds, mirrored with the lanes; and relit."""
        if not strength:
            return batch
        pixels, most = batch[self.image], min(1.0, strength)
        reach = Reach(TURN * most, SIZE * most, SHIFT * most, self.both_ways)
        moves = motions(len(pixels), reach, pixels.shape[2] / pixels.shape[3], generator)
        lanes = carried(batch[self.lanes], moves, batch[self.extent])
        return batch | {"image": relit(painted(pixels, moves), LIGHT * most, generator), "lanes": lanes}

    def metrics(self) -> tuple[Metric, ...]:
        wrong, missed = LaneFalsePositives(slot="lanes"), LaneFalseNegatives(slot="lanes")
        return LaneAccuracy(slot="lanes"), missed, wrong, LaneF1(slot="lanes", extent="extent")

    def decide(self, train: Portion) -> Sequence[Decision]:
        count = len(train)
        epochs = max(LEAST, min(MOST, SHOWN // count))
        steps = max(1, epochs * count // BATCH)
        return (
            Decision("epochs", epochs, f"{count:,} pictures: as many passes as show about {SHOWN:,}"),
            Decision("batch_size", BATCH, "pictures are large"),
            Decision("augment", 1.0, "a drive shows few roads: moved, turned and mirrored they are more"),
            Decision("lr", 2e-3, "from scratch, with few pictures a batch"),
            Decision("weight_decay", 0.05, "few pictures, seen often"),
            Decision("ema", round(1 - 1 / (1 + MEMORY * steps), 4), "the mean of the last steps draws steadier curves"),
            Decision("evaluations", 12, "each look at the validation share costs as much as some steps"),
            Decision("width", 24, "roads are simple", "cnn"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return (
            floor("mean-lanes", target="lanes", extent="extent"),
            floor("nearest-lanes", target="lanes", image="image", extent="extent"),
        )

    @classmethod
    def example(cls) -> Table:
        """A dark road, low and wide, with one or two bright lanes."""
        draw = np.random.default_rng(0)
        height, width, rows = 49, 112, np.arange(12, 49, 12)
        images = draw.integers(0, 60, (40, height, width)).astype(np.uint8)
        cells = np.empty(40, object)
        for index, image in enumerate(images):
            lanes = []
            for place in np.arange(1 + index % 2):
                whole = draw.uniform(12, 46) + 54 * place + draw.uniform(-0.3, 0.3) * (np.arange(height) - 25)
                for down, across in enumerate(whole.round().astype(int)):
                    image[down, across - 2 : across + 3] += 150
                lanes.append(tuple(whole[rows].tolist()))
            cells[index] = ((height, width), tuple(rows.tolist()), tuple(lanes))
        return Table.of({"image": Column(images, Kind.IMAGE), "lanes": Column(cells, Kind.LANES)}, "example")


def heights(seen: Seen, extent: Tensor) -> Tensor:
    """The heights of the rows that answers are given at, in pixels of each picture [B, A]."""
    return (seen.rows * extent[:, :1]).round(decimals=2)
