"""Image -> Boxes: find every known thing in a picture, its class and its box."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.augmenting import relit
from brainwright.data.boxes import distinct, ratio
from brainwright.data.crops import crops
from brainwright.data.encoded import Dense, Ragged, Stored
from brainwright.data.examples import Portion
from brainwright.data.fields.boxes import Boxes
from brainwright.data.fields.extent import Extent
from brainwright.data.fields.image import Image
from brainwright.data.montage import Chances, carried, painted, tiles
from brainwright.data.slots import Batch, Fields, Prediction, Slot, beside, input, target
from brainwright.data.symmetry import mirroring
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.map50 import Map50
from brainwright.metrics.map50_95 import Map5095
from brainwright.metrics.metric import Metric
from brainwright.models.aligning import Truths, losses
from brainwright.models.backbone import Backbone
from brainwright.models.detector import Detector
from brainwright.models.heads.detect import Seen
from brainwright.models.stems.image import ImageStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Thing, Turn
from brainwright.tasks.task import Net as AnyNet

STEP = 32  # height and width of the canvas are multiples of it: the coarsest grid of usual backbones
ASKED, KEPT = 300, 100  # places of a picture that are weighed, and answers that are given
LIGHT = 0.2  # share that brightness and contrast change by
FEWEST, MOST = 12, 240  # epochs
SHOWN = 50_000  # pictures that learning sees about, of few; more for more pictures


class ObjectDetection(Task):
    """One stage, without anchors: every place of three grids answers for the thing it is best aligned with."""

    backbones: ClassVar[tuple[str, ...]] = ("cnn", "efficientnet", "timm")
    backbone: ClassVar[str] = "cnn"
    image = input(Image())
    extent = beside(Extent())
    boxes = target(Boxes())

    longest_side: int = Option(320, ge=32)
    """Pixels that a picture's longer side is reduced to; smaller things need more."""
    least_sure: float = Option(0.01, gt=0, lt=1)
    """Answers less sure than this are left out; precision is judged over all that are given."""
    same_thing: float = Option(0.6, gt=0, lt=1)
    """Overlap from which two boxes of a class are taken for one thing, and the less sure one falls."""
    neck_width: int = Option(64, ge=8)
    """Channels of the grids that answers are read from."""
    neck_depth: int = Option(2, ge=1)
    """Layers between these grids and the answers."""
    sideways: bool = False
    """A thing and its mirror image mean the same: learning sees both."""
    upside_down: bool = False
    """A thing and its image upside down mean the same: learning sees both."""
    mosaic: float = Option(0.5, ge=0, le=1)
    """Share of the training pictures that are laid together in fours (Bochkovskiy et al. 2020)."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images, boxes = table.kinds(Kind.IMAGE), target or next(iter(table.kinds(Kind.BOXES)), "")
        if len(images) != 1 or boxes not in table.columns or table[boxes].kind != Kind.BOXES:
            return None
        why = f"{images[0]!r} holds pictures, {boxes!r} the boxes of the things in them"
        return Claim({"image": images[0], "extent": images[0], "boxes": boxes}, 0.95, why)

    def slots(self) -> tuple[Slot[Any], ...]:
        pictures = input(Image(size=self.longest_side, letterbox=True, multiple=STEP))
        pictures.name = "image"
        return (pictures, *super().slots()[1:])

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        stem = ImageStem(fields[self.image])
        return Detector(stem, backbone, len(fields[self.boxes].classes), (self.neck_width, self.neck_depth))

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        seen, things = net(batch[self.image]), batch[self.boxes]
        truths = Truths.of(things, self.ratios(batch).to(seen.boxes.dtype))
        what, where = losses(seen, truths)
        return Loss.of(what + where, truths.there.sum(1).clamp(min=1), what=what, where=where)

    def ratios(self, batch: Batch) -> Tensor:
        """How much larger each picture lies on the canvas than the user has it [B]."""
        height, width = batch[self.image].shape[2:]
        return ratio(batch[self.extent], (height, width))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        seen = net(batch[self.image])
        said = seen.logits.sigmoid().flatten(1)
        sure, places = said.topk(min(ASKED, said.shape[1]), dim=1)
        classes = places % seen.logits.shape[2]
        boxes = seen.boxes.gather(1, (places // seen.logits.shape[2])[..., None].expand(-1, -1, 4))
        kept = distinct(boxes, classes, self.same_thing) & (sure > self.least_sure)
        size = batch[self.extent].flip(1).repeat(1, 2)[:, None]  # width, height, width, height
        boxes = (boxes / self.ratios(batch)[:, None, None]).clamp(min=0).minimum(size)
        rows = torch.cat([classes[..., None].to(boxes), boxes, sure[..., None]], -1).float()
        return Prediction.of(self.boxes, [one[mine][:KEPT] for one, mine in zip(rows, kept, strict=True)])

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """The log-odds that the first thing of each answer, which is the surest, is there.

        The largest at any place in the middle half of its box; where nothing is said to be there, of any class at any
        place.
        """
        seen: Seen = net(batch[self.image])
        first = Truths.of([one[:1] for one in batch[self.boxes]], self.ratios(batch).to(seen.boxes.dtype))
        middle = (first.boxes[..., :2] + first.boxes[..., 2:]) / 2  # [B, 1, 2]
        half = (first.boxes[..., 2:] - first.boxes[..., :2]) / 4
        off = (seen.points[None] - middle).abs()  # [B, A, 2]
        inside = (off <= half).all(-1) | (off.sum(-1) <= off.sum(-1).amin(1, keepdim=True))
        mine = seen.logits.gather(2, first.classes[:, None].expand(-1, seen.logits.shape[1], -1))[..., 0]
        found = mine.masked_fill(~inside, float("-inf")).amax(1)
        return torch.where(first.there[:, 0], found, seen.logits.amax((1, 2)))

    def things(self, fields: Fields, batch: Batch) -> Sequence[Thing]:
        """Every box."""
        return [self.thing(fields[self.boxes].classes[int(box[0])], box[None]) for box in batch[self.boxes][0]]

    def thing(self, name: str, box: Tensor) -> Thing:
        """One box [1, 5 or 6]."""
        left, top, right, bottom = (f"{edge:.0f}" for edge in box[0, 1:5].tolist())

        def score(net: AnyNet, batch: Batch) -> Tensor:
            return self.score(net, batch | {"boxes": [box] * len(batch)})

        return Thing(f"{name} at {left}, {top} to {right}, {bottom}", score, {"boxes": box})

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Laid together in fours or alone, moved, resized by up to a half, mirrored where allowed, and relit."""
        if not strength:
            return batch
        pixels = batch[self.image]
        canvas = (pixels.shape[2], pixels.shape[3])
        ratios = self.ratios(batch)
        things = [
            torch.cat([one[:, :1], one[:, 1:5] * by], 1) for one, by in zip(batch[self.boxes], ratios, strict=True)
        ]
        size = 1 + 0.5 * min(1.0, strength)
        chances = Chances(self.mosaic * min(1.0, strength), (1 / size, size), (self.sideways, self.upside_down))
        pieces = tiles(len(pixels), canvas, chances, generator)
        pixels = relit(painted(pixels, pieces), LIGHT * min(1.0, strength), generator)
        extent = torch.tensor(canvas, dtype=torch.float32, device=pixels.device).expand(len(pixels), 2)
        return batch | {"image": pixels, "extent": extent, "boxes": carried(things, pieces, canvas)}

    def metrics(self) -> tuple[Metric, ...]:
        return Map50(slot="boxes"), Map5095(slot="boxes")

    def decide(self, train: Portion) -> Sequence[Decision]:
        count = len(train)
        epochs = max(FEWEST, min(MOST, SHOWN // count))
        return (
            *self.symmetries(train),
            Decision("batch_size", 16, "pictures are large, and a batch holds many things"),
            Decision("epochs", epochs, f"{count:,} pictures: as many passes as show about {SHOWN:,}"),
            Decision("augment", 1.0, "boxes are few: laid together and resized they teach more"),
            Decision("lr", 2e-3, "from scratch, with few pictures a batch"),
            Decision("weight_decay", 0.05, "few pictures, seen often"),
            Decision("clip", 10.0, "losses are summed over the places that answer for a thing"),
            Decision("ema", 0.998, "averaged weights find steadier boxes than the last step's"),
            Decision("evaluations", 12, "each look at the validation share costs as much as some steps"),
        )

    def symmetries(self, train: Portion) -> tuple[Decision, ...]:
        """Whether things may be mirrored, told from pictures of them cut out."""
        pictures, things = train.encoded["image"], train.encoded["boxes"]
        extents = train.encoded["extent"]
        assert isinstance(pictures, Dense | Stored) and isinstance(things, Ragged) and isinstance(extents, Dense)
        classes = len(train.fields[self.boxes].classes)
        if classes == 1:
            why = "a single class: mirrored things are of it too"
            return Decision("sideways", True, why), Decision("upside_down", False, "most things stand on their feet")
        cut, truth = crops(pictures, things, extents)
        across = mirroring(Dense(cut), truth, classes)
        down = mirroring(Dense(np.ascontiguousarray(cut.transpose(0, 1, 3, 2))), truth, classes)
        return Decision("sideways", across.safe, across.reason), Decision("upside_down", down.safe, down.reason)

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return (
            floor("mean-box", target="boxes", extent="extent"),
            floor("nearest-boxes", target="boxes", image="image", extent="extent"),
        )

    @classmethod
    def example(cls) -> Table:
        draw = np.random.default_rng(0)
        images = draw.integers(0, 60, (60, 32, 32)).astype(np.uint8)
        cells: NDArray[np.object_] = np.empty(60, object)
        for row, image in enumerate(images):
            left, top = draw.integers(0, 20, 2).tolist()
            word, width, height = ("lying", 12, 6) if row % 2 else ("standing", 6, 12)
            image[top : top + height, left : left + width] += 150
            cells[row] = ((word, left, top, left + width, top + height),)
        return Table.of({"image": Column(images, Kind.IMAGE), "boxes": Column(cells, Kind.BOXES)}, "example")
