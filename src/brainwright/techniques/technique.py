"""Technique: a function from task to task. It changes what is learned, never how the loop runs."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from brainwright.data.examples import Examples, Portion
from brainwright.data.slots import Batch, Fields, Prediction, Slot
from brainwright.data.table import Table
from brainwright.floors.floor import Floor
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.tasks.task import Claim, Decision, Loss, Net, Player, Sampler, Task, Turn


class Technique(Task):
    """A task around a task: says all that the inner one says, save what a subclass says otherwise."""

    inner: Task

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        """A technique claims nothing: it wraps a task that did."""
        return None

    @classmethod
    def example(cls) -> Table:
        """A technique is tried on the examples of the tasks that it wraps."""
        raise NotImplementedError(f"{cls.word()} is tried on the example of the task that it wraps")

    def slots(self) -> tuple[Slot[Any], ...]:
        return self.inner.slots()

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        return self.inner.build(fields, backbone)

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        return self.inner.loss(net, batch, turn)

    def predict(self, net: Net, batch: Batch) -> Prediction:
        return self.inner.predict(net, batch)

    def metrics(self) -> tuple[Metric, ...]:
        return self.inner.metrics()

    def examples(self, table: Table, claim: Claim) -> Examples:
        return self.inner.examples(table, claim)

    def questions(self, table: Table, claim: Claim, fields: Fields) -> Examples:
        return self.inner.questions(table, claim, fields)

    def decide(self, train: Portion) -> Sequence[Decision]:
        return self.inner.decide(train)

    def players(self) -> tuple[Player, ...]:
        return self.inner.players()

    def lr_scale(self, parameter: str, progress: float) -> float:
        return self.inner.lr_scale(parameter, progress)

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        return self.inner.augment(batch, strength, generator)

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        return self.inner.sampler(train, size, seed)

    def after_step(self, net: nn.Module, turn: Turn) -> None:
        self.inner.after_step(net, turn)

    def after_training(self, net: nn.Module, train: Portion) -> None:
        self.inner.after_training(net, train)

    def score(self, net: Net, batch: Batch) -> Tensor:
        return self.inner.score(net, batch)

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return self.inner.floors(fields)
