"""Technique: a function from task to task. It changes what is learned or said, never how the loop runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from brainwright.data.examples import Examples, Portion
from brainwright.data.field import Padded
from brainwright.data.fields.group import Group
from brainwright.data.slots import Batch, Fields, Prediction, Slot, beside
from brainwright.data.splitting import known
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.floors.floor import Floor
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.tasks.task import Claim, Decision, Loss, Net, Player, Sampler, Task, Thing, Turn


class Technique(Task):
    """A task around a task: says all that the inner one says, save what a subclass says otherwise."""

    inner: Task
    """The task that is wrapped."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        """A technique claims nothing: it wraps a task that did."""
        return None

    @classmethod
    def example(cls) -> Table:
        """A technique is tried on the examples of the tasks that it wraps."""
        raise NotImplementedError(f"{cls.word()} is tried on the example of the task that it wraps")

    @property
    def notice(self) -> str:
        return self.inner.notice

    @property
    def reach(self) -> int:
        return self.inner.reach

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

    def lr_scale(self, parameter: str, place: float, progress: float) -> float:
        return self.inner.lr_scale(parameter, place, progress)

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        return self.inner.augment(batch, strength, generator)

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        return self.inner.sampler(train, size, seed)

    def after_step(self, net: nn.Module, turn: Turn) -> None:
        self.inner.after_step(net, turn)

    def fitting(self) -> tuple[Slot[Any], ...]:
        known = {slot.name: slot for slot in self.inner.fitting()}
        return tuple(known.get(slot.name, slot) for slot in self.slots())

    def before_training(self, net: nn.Module) -> Mapping[str, Any]:
        return self.inner.before_training(net)

    def after_training(self, net: nn.Module, train: Portion) -> None:
        self.inner.after_training(net, train)

    def tune(self, net: nn.Module, validation: Portion) -> None:
        self.inner.tune(net, validation)

    def times(self, net: Net, batch: Batch, said: Prediction) -> Sequence[Tensor]:
        return self.inner.times(net, batch, said)

    def score(self, net: Net, batch: Batch) -> Tensor:
        return self.inner.score(net, batch)

    def things(self, fields: Fields, batch: Batch) -> Sequence[Thing]:
        return self.inner.things(fields, batch)

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return self.inner.floors(fields)


class Grouped(Technique):
    """A technique that knows which group each example belongs to; the net never reads it, and answers may lack it."""

    group = beside(Group())

    by: str = ""
    """Columns that tell the groups, such as "sex" or "sex,race" (crossed)."""

    def slots(self) -> tuple[Slot[Any], ...]:
        inner = self.inner.slots()
        return inner if any(slot.name == self.group.name for slot in inner) else (*inner, self.group)

    def examples(self, table: Table, claim: Claim) -> Examples:
        return self.told(self.inner.examples(table, claim), table, needed=True)

    def questions(self, table: Table, claim: Claim, fields: Fields) -> Examples:
        return self.told(self.inner.questions(table, claim, fields), table, needed=False)

    def told(self, examples: Examples, table: Table, needed: bool) -> Examples:
        """With each example's group, from the table's columns.

        Raises:
            Fault: no column is named, one is not there though it is needed, or another technique names others.
        """
        names = [name.strip() for name in self.by.split(",") if name.strip()]
        if not names:
            raise Fault(f"{self.word()} needs to know whose group", f"name columns: \"{self.word()}(by='sex')\"")
        if not needed and not set(names) <= set(table.columns):
            return examples
        columns = {name: known(table, name).take(examples.rows) for name in names}
        before = examples.values.get(self.group.name, columns)
        if not isinstance(before, Mapping) or list(before) != names:
            raise Fault(f"two techniques tell groups by different columns, one by {self.by!r}", "name the same ones")
        return replace(examples, values={**examples.values, self.group.name: columns})


def partnered(task: Task, batch: Batch, partners: Tensor) -> Mapping[str, Any]:
    """Every target of a batch, exchanged for its partner's; `partners` [B] are places in the batch."""
    return {slot.name: exchanged(batch[slot], partners) for slot in task.slots() if slot.side == "target"}


def exchanged(values: Any, partners: Tensor) -> Any:
    """A batch's values in another order, whatever their form."""
    if isinstance(values, Tensor):
        return values[partners.to(values.device)]
    if isinstance(values, Padded):
        return Padded(exchanged(values.values, partners), exchanged(values.lengths, partners))
    return [values[place] for place in partners.tolist()]


def blended(one: Loss, other: Loss, shares: Tensor) -> Loss:
    """The loss of examples that are partly one thing, by `shares` [B], and partly another."""
    weights = shares.to(one.each)

    def blend(left: Tensor, right: Tensor) -> Tensor:
        return left * weights + right * (1 - weights)

    parts = {name: blend(value, other.parts[name]) for name, value in one.parts.items()}
    return Loss(blend(one.each, other.each), blend(one.units.to(weights), other.units.to(weights)), parts)


def share(spread: float, count: int) -> Tensor:
    """Shares [count] within 0 to 1, from Beta(spread, spread); drawn in double precision, where small ones survive."""
    both = torch.full((2,), spread, dtype=torch.float64)
    return torch.distributions.Beta(*both).sample((count,)).float()
