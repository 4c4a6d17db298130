"""Image -> Controls: drive as a driver did, from what the camera sees and the sensors say (behaviour cloning)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.augmenting import relit, shifted
from brainwright.data.controls import CHOICE, SIDED, WHEEL, done, says, sensors
from brainwright.data.drives import behind, stretches
from brainwright.data.duplicates import MIX
from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.image import Image
from brainwright.data.fields.number import Number
from brainwright.data.fields.row import Row
from brainwright.data.slots import Batch, Fields, Prediction, Slot, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.errors import Fault
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.balanced_accuracy import BalancedAccuracy
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.mae import Mae
from brainwright.metrics.metric import Metric
from brainwright.metrics.r2 import R2
from brainwright.metrics.rmse import Rmse
from brainwright.metrics.rmse_others import RmseOthers
from brainwright.models.backbone import Backbone
from brainwright.models.deciding import Decided, Deciding
from brainwright.models.scene_net import SceneNet
from brainwright.models.stems.scene import SceneStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet

NUMBERS = ("control", "throttle", "brake")  # slots, the one that tables begin with first
SEEN = 60_000  # views in all
MOVED, LIGHT = 0.06, 0.3  # shares of the picture's side, and of contrast and brightness, at strength 1


class Driving(Task):
    """What is done with the wheel and the pedals by squared error in training deviations, and what is decided among
    classes by cross-entropy: all that the log tells, at once.
    """

    backbones: ClassVar[tuple[str, ...]] = (*Task.backbones, "efficientnet", "timm")
    backbone: ClassVar[str] = "cnn"
    in_order: ClassVar[bool] = True
    image = input(Image())
    sensors = input(Row())
    decision = target(Category())
    control = target(Number())
    throttle = target(Number())
    brake = target(Number())

    longest_side: int = Option(96, ge=16)
    """Pixels that a picture's longer side is reduced to."""
    frames: int = Option(1, ge=1, le=8)
    """Pictures that the net sees at once: the latest and those before it, never of another drive or share."""
    both_turns: bool = True
    """Learning sees each view mirrored, too, with the sign of `control` turned; never where a class is decided."""
    deeds: str = Option("", pattern=r"^(decision|control|throttle|brake)?(,(decision|control|throttle|brake))*$")
    """What is learned, of decision, control, throttle and brake; empty: all that the log tells."""

    @property
    def notice(self) -> str:
        return "NOT for vehicles on roads: a clone does what was done where it was done, and knows no danger"

    @property
    def reach(self) -> int:
        return self.frames - 1

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images, controls = table.kinds(Kind.IMAGE), done(table, target)
        steered = "control" in controls and (bool(target) or "control" in done(table, ""))
        if not images or not controls or not (target or steered or "decision" in controls):
            return None
        camera = next((name for name in images if says(name, ("cent", "front"))), images[0])
        beside = sensors(table, controls)
        used = (camera, *controls.values(), *beside)
        left = [name for name in table.columns if name not in used]
        told = f", {' and '.join(beside)} beside them" if beside else ""
        without = f"; without {', '.join(map(repr, left))}" if left else ""
        why = f"{camera!r} holds views, {' and '.join(map(repr, controls.values()))} what was done{told}{without}"
        columns: dict[str, str | tuple[str, ...]] = {"image": camera, **controls}
        if beside:
            columns["sensors"] = beside
        return Claim(columns, strength([*controls.values()], beside), why)

    def slots(self) -> tuple[Slot[Any], ...]:
        """The picture's slot carries what the user said about it; of the targets those that are learned."""
        image = input(Image(size=self.longest_side, frames=self.frames))
        image.name = "image"
        kind, known = type(self), self.deeds.split(",")
        every = (kind.decision, kind.control, kind.throttle, kind.brake)
        return image, kind.sensors, *(slot for slot in every if not self.deeds or slot.name in known)

    def examples(self, table: Table, claim: Claim) -> Examples:
        """A row each, its picture with those before it in its stretch of the log; the first stands for what is not."""
        found = super().examples(table, claim)
        wrong = [name for name in self.deeds.split(",") if name and name not in claim.columns]
        if wrong:
            raise Fault(f"--deeds names {wrong[0]!r}, and the log tells no such thing", "name its column by --target")
        if self.frames == 1:
            return found
        stretch = stretches(table)
        places = behind(stretch, self.frames)
        pictures = found.values["image"]
        assert isinstance(pictures, np.ndarray)
        digests = dict(found.digests)
        if "image" in digests:
            digests["image"] = mixed(digests["image"][places])
        note = f"{self.frames} frames at once, in {stretch[-1] + 1 if len(stretch) else 0:,} stretches without a gap"
        return replace(found, values={**found.values, "image": pictures[places]}, digests=digests, notes=(note,))

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        names = {slot.name for slot in self.slots()}
        numbers = [fields.fitted[name] for name in NUMBERS if name in names]
        units = [(one.mean, one.scale, one.low, one.high) for one in numbers if isinstance(one, Number)]
        classes = len(fields[self.decision].classes) if "decision" in names else 0
        stem = SceneStem(fields[self.image], fields[self.sensors])
        net = SceneNet(stem, fields[self.sensors], backbone, classes + len(units))
        return Deciding(net, classes, units)

    def said(self, net: AnyNet, batch: Batch) -> Decided:
        """What the net says to a view; a log without sensors has none beside it."""
        pixels = batch[self.image]
        none = torch.zeros(len(pixels), 0, device=pixels.device)
        answer: Decided = net((pixels, batch.values.get(self.sensors.name, none)))
        return answer

    @property
    def numbers(self) -> list[str]:
        """The slots of numbers that are learned, in the order of the net's answers."""
        learned = [slot.name for slot in self.slots()]
        return [name for name in NUMBERS if name in learned]

    @property
    def chooses(self) -> bool:
        """Whether a class is learned."""
        return any(slot.name == self.decision.name for slot in self.slots())

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        answer = self.said(net, batch)
        parts = {name: answer.wrong(place, batch.values[name]) for place, name in enumerate(self.numbers)}
        if self.chooses:
            parts["decision"] = answer.choice().losses(batch[self.decision], 0.0)
        return Loss.of(torch.stack(list(parts.values())).sum(0), **(parts if len(parts) > 1 else {}))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        answer = self.said(net, batch)
        values = {name: answer.number(place).numbers().mean(1) for place, name in enumerate(self.numbers)}
        if not self.chooses:
            return Prediction(values)
        scores = answer.logits.softmax(-1).mean(1)
        return Prediction({"decision": scores.argmax(-1), **values}, scores)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """The first number itself, in training deviations; or the log-odds of the class that is decided."""
        answer = self.said(net, batch)
        return answer.choice().odds(batch[self.decision]) if self.chooses else answer.standard[..., 0].mean(1)

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Moved by a little, relit, and at even odds mirrored with the sign of `control` turned."""
        if not strength:
            return batch
        pixels, control = batch[self.image], batch.values.get("control")
        pixels = shifted(pixels, round(MOVED * strength * min(pixels.shape[2:])), False, generator)
        pixels = relit(pixels, LIGHT * min(1.0, strength), generator)
        if not self.both_turns or control is None or "decision" in batch.values:
            return batch | {"image": pixels}
        turned = (torch.rand(len(pixels), generator=generator) < 0.5).to(pixels.device)
        pixels = torch.where(turned[:, None, None, None], pixels.flip(3), pixels)
        return batch | {"image": pixels, "control": torch.where(turned, -control, control)}

    def metrics(self) -> tuple[Metric, ...]:
        found: list[Metric] = []
        if self.chooses:
            found += [Accuracy(slot="decision"), BalancedAccuracy(slot="decision"), LogLoss(slot="decision")]
        if self.numbers:
            first, *others = self.numbers
            found += [Rmse(slot=first), Mae(slot=first), R2(slot=first)]
            found += [RmseOthers(slot=others[0], besides=tuple(others[1:]))] if others else []
        return tuple(found)

    def decide(self, train: Portion) -> Sequence[Decision]:
        learned = [slot.name for slot in self.slots() if slot.side == "target" and slot.name in train.encoded]
        legal, why = mirrored(train.fields, learned)
        return (
            Decision("deeds", ",".join(learned), "the log tells so much"),
            Decision("both_turns", legal, why),
            Decision("epochs", int(np.clip(SEEN // len(train), 4, 40)), f"{SEEN:,} views in all, mirrored and moved"),
            Decision("lr", 3e-4, "steps are small, for much of what drivers do is chance"),
            Decision("batch_size", 32, "few views differ much from their neighbours in time"),
            Decision("augment", 1.0, "a drive shows few roads"),
            Decision("ema", 0.99, "averaged weights generalise better than the last step's"),
            Decision("width", 16, "roads are simple, and views many", "cnn"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.decision].classes) if self.chooses else 0
        known: dict[str, Any] = {"numbers": tuple(self.numbers), "classes": classes}
        known["decision"] = "decision" if self.chooses else ""
        first = (*("decision",) * self.chooses, *self.numbers)[0]
        return floor("habit", target=first, **known), floor("nearest-views", target=first, image="image", **known)

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
            "throttle": Column(1 - np.abs(lean), Kind.NUMBER),
        }
        return Table.of(columns, "example")


def strength(names: Sequence[str], beside: Sequence[str]) -> float:
    """How sure a log is one of driving: a wheel says it all; one with a decision and a speed is no mere picture."""
    moving = any(says(name, ("speed", "velocity")) for name in beside)
    return 1.0 if any(says(name, WHEEL) or (moving and says(name, CHOICE)) for name in names) else 0.6


def mirrored(fields: Fields, learned: Sequence[str]) -> tuple[bool, str]:
    """Whether views may be mirrored, and why."""
    control = fields.fitted.get("control")
    rows = fields.fitted["sensors"]
    names = [column.name for column in rows.columns] if isinstance(rows, Row) else []
    sided = [name for name in names if says(name, SIDED)]
    if "decision" in learned or not isinstance(control, Number) or "control" not in learned:
        return (
            False,
            "a class may have a side, which no mirror turns" if "decision" in learned else "no wheel is turned",
        )
    if not control.low < 0 < control.high:
        return False, "it has one sign only, so its mirror image would be no answer"
    if sided:
        return False, f"{sided[0]!r} has a side, too, which a mirrored view would contradict"
    return True, "it has both signs (left and right)"


def mixed(digests: Any) -> Any:
    """One digest [N, 2] of the digests [N, frames, 2] of what a value is made from."""
    found = np.zeros_like(digests[:, 0])
    for place in range(digests.shape[1]):
        found = found * MIX + digests[:, place]
    return found
