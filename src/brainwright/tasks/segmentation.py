"""Volume -> Mask: say of every place of a picture or scan what it belongs to."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.examples import Portion
from brainwright.data.fields.grid import Grid
from brainwright.data.fields.mask import Mask
from brainwright.data.fields.volume import Volume
from brainwright.data.scans import laid, returned
from brainwright.data.slots import Batch, Fields, Prediction, beside, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.data.turning import cut, mirrored, relit, turned
from brainwright.errors import Fault
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.dice import Dice
from brainwright.metrics.iou import Iou
from brainwright.metrics.metric import Metric
from brainwright.metrics.surface_distance import SurfaceDistance
from brainwright.models.backbone import Backbone
from brainwright.models.unet import Unet, overlap_losses, window_of
from brainwright.tasks.task import Claim, Decision, Loss, Task, Thing, Turn
from brainwright.tasks.task import Net as AnyNet

ROOM = {2: 256**2, 3: 48**3}  # places of a window, of pictures and of volumes
SHOWN = {2: 24_000, 3: 6_000}  # scans that learning sees, of any number
SIDED = ("left", "right")  # words of labels that a mirror image would make wrong


class Segmentation(Task):
    """U-Net by nnU-Net's rules, for pictures and volumes alike; Dice and cross-entropy at every scale."""

    backbones: ClassVar[tuple[str, ...]] = ("unet", "efficientnet", "timm")
    backbone: ClassVar[str] = "unet"
    scan = input(Volume())
    grid = beside(Grid())
    mask = target(Mask())

    window: int = Option(0, ge=0)
    """Places that the net sees at once, at most; 0 = about 256 x 256 of pictures and 48 x 48 x 48 of volumes."""
    mirror_scans: bool = False
    """Left and right may be exchanged: learning sees both."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        scans = [*table.kinds(Kind.VOLUME), *table.kinds(Kind.IMAGE)]
        mask = target or next(iter(table.kinds(Kind.MASK)), "")
        if len(scans) != 1 or mask not in table.columns or table[mask].kind != Kind.MASK:
            return None
        why = f"{scans[0]!r} holds scans, {mask!r} a label for each of their places"
        strength = 0.7 if table.kinds(Kind.BOXES) else 0.95  # things are asked for more often than their places
        return Claim({"scan": scans[0], "grid": scans[0], "mask": mask}, strength, why)

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        """The net.

        Raises:
            Fault: the backbone reads pictures, and these are volumes; or they are too small for it.
        """
        scan = fields[self.scan]
        flat = scan.sides[0] == 1
        if backbone.planes and not flat:
            raise Fault(f"{backbone.word()} reads pictures, not volumes", "leave out --backbone, and weights of it")
        window = window_of(scan.sides, self.window or ROOM[2 if flat else 3])
        return Unet(scan.channels, len(fields[self.mask].classes), window, backbone)

    def truths(self, batch: Batch) -> Tensor:
        """Every mask on the canvas [B, D, H, W], below 0 where it holds no scan."""
        inner = batch[self.grid][:, 3:6].long().tolist()
        sides = batch[self.scan].shape[2:]
        return torch.stack([laid(mask, own, sides) for mask, own in zip(batch[self.mask], inner, strict=True)])

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        truths, scans = self.truths(batch), batch[self.scan]
        if net.training and tuple(scans.shape[2:]) != net.window:
            scans, truths = cut(scans, truths, net.window)
        return Loss.of(overlap_losses(net(scans), truths))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        rows = batch[self.grid].long().tolist()
        said = net(batch[self.scan])[0]
        found = [returned(one, row[3:6], row[:3]) for one, row in zip(said, rows, strict=True)]
        return Prediction.of(self.mask, found)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """The mean log-odds of the marked places' labels, where the answer marks any; else over all."""
        logits, truths = net(batch[self.scan])[0].float(), self.truths(batch)
        marked = truths > 0
        marked = torch.where(marked.flatten(1).any(1).view(-1, 1, 1, 1), marked, truths >= 0)
        known = truths.clamp(min=0)[:, None]
        own = logits.gather(1, known)[:, 0]
        others = logits.scatter(1, known, float("-inf")).logsumexp(1)
        odds: Tensor = ((own - others) * marked).flatten(1).sum(1)
        return odds / marked.flatten(1).sum(1).clamp(min=1)

    def things(self, fields: Fields, batch: Batch) -> Sequence[Thing]:
        """The region of every label."""
        mask, names = batch[self.mask][0], fields[self.mask].classes
        return [self.thing(names[label], mask, label) for label in range(1, len(names)) if (mask == label).any()]

    def thing(self, name: str, mask: Tensor, label: int) -> Thing:
        """The region of one label in a mask."""
        region = mask * (mask == label)

        def score(net: AnyNet, batch: Batch) -> Tensor:
            return self.score(net, batch | {"mask": [region] * len(batch)})

        return Thing(name, score, {"mask": region})

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Turned, resized, mirrored where allowed, relit and made noisy."""
        if not strength:
            return batch
        size = min(1.0, strength)
        scans, masks = turned(batch[self.scan], self.truths(batch), size, generator)
        if self.mirror_scans:
            scans, masks = mirrored(scans, masks, generator)
        sides = torch.tensor(masks.shape[1:], dtype=torch.float32, device=scans.device)
        grid = torch.cat([sides.repeat(len(scans), 2), batch[self.grid][:, 6:]], 1)
        return batch | {"scan": relit(scans, size, generator), "grid": grid, "mask": list(masks)}

    def metrics(self) -> tuple[Metric, ...]:
        return Dice(slot="mask"), Iou(slot="mask"), SurfaceDistance(slot="mask", grid="grid")

    def decide(self, train: Portion) -> Sequence[Decision]:
        scan, mask = train.fields[self.scan], train.fields[self.mask]
        count, dimensions = len(train), 2 if scan.sides[0] == 1 else 3
        sided = [word for word in mask.classes if any(side in word.lower() for side in SIDED)]
        why = f"{sided[0]!r} names a side" if sided else "no label names a side"
        epochs = max(10, min(150, SHOWN[dimensions] // count))
        return (
            Decision("mirror_scans", not sided, why),
            Decision("batch_size", 4 if dimensions == 3 else 8, "a window holds many places"),
            Decision("epochs", epochs, f"{count:,} scans: as many passes as show about {SHOWN[dimensions]:,}"),
            Decision("augment", 1.0, "scans are few: turned and resized they teach more"),
            Decision("lr", 3e-3, "from scratch, with instance norm"),
            Decision("weight_decay", 0.01, "few scans, seen often"),
            Decision("clip", 5.0, "one odd scan must not throw the net"),
            Decision("ema", 0.99, "averaged weights draw steadier edges than the last step's"),
            Decision("evaluations", 10, "each look at the validation share costs as much as some steps"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        labels = len(fields[self.mask].classes)
        return (
            floor("common-mask", target="mask", scan="scan", grid="grid", labels=labels),
            floor("linear-voxels", target="mask", scan="scan", grid="grid", labels=labels),
        )

    @classmethod
    def example(cls) -> Table:
        draw = np.random.default_rng(0)
        scans = draw.integers(0, 90, (60, 16, 16)).astype(np.uint8)
        masks: NDArray[np.uint8] = np.zeros((60, 16, 16), np.uint8)
        for scan, mask in zip(scans, masks, strict=True):
            down, across = draw.integers(0, 9, 2)
            mask[down : down + 7, across : across + 7] = 1 + int(draw.integers(0, 2))
            scan[mask > 0] += (mask[mask > 0] * 80).astype(np.uint8)
        return Table.of({"image": Column(scans, Kind.IMAGE), "mask": Column(masks, Kind.MASK)}, "example")
