"""Image -> Number: steer as a driver did, from what the camera sees and the sensors say (behaviour cloning)."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.augmenting import relit, shifted
from brainwright.data.examples import Portion
from brainwright.data.fields.image import Image
from brainwright.data.fields.number import Number
from brainwright.data.fields.row import Row
from brainwright.data.slots import Batch, Fields, Prediction, Slot, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.mae import Mae
from brainwright.metrics.metric import Metric
from brainwright.metrics.r2 import R2
from brainwright.metrics.rmse import Rmse
from brainwright.models.answers import Measured, Measuring
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.stems.scene import SceneStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet

WHEEL = ("steering", "steer", "wheel")
"""Words that name what a driver does with the wheel."""
ACTIONS = (*WHEEL, "throttle", "brake", "gas", "accelerat", "reverse", "gear")
"""Words of what is decided in the same moment: no input, for it is not known before."""
SEEN = 60_000  # pictures in all
MOVED, LIGHT = 0.06, 0.3  # shares of the picture's side, and of contrast and brightness, at strength 1


class Driving(Task):
    """One number per picture, such as a steering angle, by squared error in training deviations. A clone of what was
    driven, judged on the road as it was driven: NOT for vehicles on roads.
    """

    backbone: ClassVar[str] = "cnn"
    in_order: ClassVar[bool] = True
    image = input(Image())
    sensors = input(Row())
    control = target(Number())

    longest_side: int = Option(96, ge=16)
    """Pixels that a picture's longer side is reduced to."""
    both_turns: bool = True
    """Learning sees each view mirrored, too, with the number's sign turned: left turns teach right ones."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images, numbers = table.kinds(Kind.IMAGE), table.kinds(Kind.NUMBER)
        wheels = [name for name in numbers if says(name, WHEEL)]
        control = target or next(iter(wheels), "")
        if not images or control not in numbers:
            return None
        camera = next((name for name in images if says(name, ("cent", "front"))), images[0])
        sensors = tuple(name for name in numbers if name != control and not says(name, ACTIONS))
        left = [name for name in table.columns if name not in (camera, control, *sensors)]
        beside = f", {' and '.join(sensors)} beside them" if sensors else ""
        without = f"; without {', '.join(map(repr, left))}" if left else ""
        why = f"{camera!r} holds views, {control!r} what was done{beside}{without}"
        columns: dict[str, str | tuple[str, ...]] = {"image": camera, "control": control}
        if sensors:
            columns["sensors"] = sensors
        return Claim(columns, 0.9 if wheels else 0.6, why)

    def slots(self) -> tuple[Slot[Any], ...]:
        """The picture's slot carries what the user said about its size."""
        image = input(Image(size=self.longest_side))
        image.name = "image"
        return image, type(self).sensors, type(self).control

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        control = fields[self.control]
        net = Net(SceneStem(fields[self.image], fields[self.sensors]), backbone, 1)
        return Measuring(net, (control.mean, control.scale, control.low, control.high))

    def said(self, net: AnyNet, batch: Batch) -> Measured:
        """What the net says to a view; a log without sensors has none beside it."""
        pixels = batch[self.image]
        none = torch.zeros(len(pixels), 0, device=pixels.device)
        answer: Measured = net((pixels, batch.values.get(self.sensors.name, none)))
        return answer

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        answer = self.said(net, batch)
        error = answer.standard - answer.of(batch[self.control])[:, None]
        return Loss.of(error.square().mean(1))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        return Prediction.of(self.control, self.said(net, batch).numbers().mean(1))

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """The number itself, in training deviations."""
        return self.said(net, batch).standard.mean(1)

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Moved by a little, relit, and at even odds mirrored with the sign of the number turned."""
        if not strength:
            return batch
        pixels, control = batch[self.image], batch[self.control]
        pixels = shifted(pixels, round(MOVED * strength * min(pixels.shape[2:])), False, generator)
        pixels = relit(pixels, LIGHT * min(1.0, strength), generator)
        if self.both_turns:
            turned = (torch.rand(len(pixels), generator=generator) < 0.5).to(pixels.device)
            pixels = torch.where(turned[:, None, None, None], pixels.flip(3), pixels)
            control = torch.where(turned, -control, control)
        return batch | {"image": pixels, "control": control}

    def metrics(self) -> tuple[Metric, ...]:
        return (Rmse(slot="control"), Mae(slot="control"), R2(slot="control"))

    def decide(self, train: Portion) -> Sequence[Decision]:
        control, count = train.fields[self.control], len(train)
        signed = control.low < 0 < control.high
        why = "it has both signs" if signed else "it has one sign only, so its mirror image would be no answer"
        return (
            Decision("both_turns", signed, f"{why} (left and right)"),
            Decision("epochs", int(np.clip(SEEN // count, 4, 40)), f"{SEEN:,} views in all, mirrored and moved"),
            Decision("lr", 3e-4, "steps are small, for much of what drivers do is chance"),
            Decision("batch_size", 32, "few views differ much from their neighbours in time"),
            Decision("augment", 1.0, "a drive shows few roads"),
            Decision("ema", 0.99, "averaged weights generalise better than the last step's"),
            Decision("width", 16, "roads are simple, and views many", "cnn"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return floor("mean", target="control"), floor("nearest-numbers", target="control", image="image")

    @classmethod
    def example(cls) -> Table:
        """A bright road on dark ground that leans to one side; the faster, the less the wheel turns."""
        draw = np.random.default_rng(0)
        lean, speed = draw.uniform(-1, 1, 200), draw.uniform(5, 30, 200)
        down, across = np.mgrid[0:16, 0:24] / [[[15]], [[23]]]
        middle = 0.5 + lean[:, None, None] * 0.4 * (1 - down)
        pixels = draw.integers(0, 60, (200, 16, 24)) + 150 * (np.abs(across - middle) < 0.12)
        columns = {
            "camera": Column(pixels.astype(np.uint8), Kind.IMAGE),
            "speed": Column(speed, Kind.NUMBER),
            "steering": Column(lean * (1.2 - speed / 40), Kind.NUMBER),
        }
        return Table.of(columns, "example")


def says(name: str, words: Sequence[str]) -> bool:
    """Whether a column's name holds one of some words."""
    return any(word in name.lower() for word in words)
