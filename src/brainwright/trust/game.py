"""Game: one answer of a net, and its score for any choice of what is shown of the input; it knows no task by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from brainwright.data.batching import batch_of, generator_of
from brainwright.data.examples import Portion
from brainwright.data.field import Field, Padded
from brainwright.data.slots import Batch, Slot
from brainwright.data.units import Units
from brainwright.errors import Fault
from brainwright.tasks.task import Score, Task
from brainwright.training.devices import Place

CROWD = 128  # training examples whose mean is the blank of what can be averaged
MOST, ROOM = 256, 2**21  # examples at a time, and numbers of input in all: what a laptop's memory bears
HEAVY = 2**29  # examples at a time, times parameters: what lies between a net's layers grows with both


@dataclass(frozen=True)
class Side:
    """One slot of an example, by its name, with the units that can be hidden."""

    slot: str
    field: Field[Any]
    units: Units
    value: Any
    """As people read it."""


@dataclass(frozen=True)
class Game:
    """One example with the net's answer, and what its hidden units may be filled with."""

    task: Task
    net: nn.Module
    at: Place
    batch: Batch
    """The example alone, [1], with the answer in its targets."""
    sides: Sequence[Side]
    """Each slot that has units."""
    blank: Batch
    """[1]: says as little as can be."""
    others: Batch
    """[M] examples of the training share."""
    sure: bool
    """Whether the answer has a probability, so that the score is its log-odds."""
    whole: Any
    """The input that answers lie in: the first that the user gave, as the reader left it."""
    stands: Score
    """How strongly the net stands behind the answer, or behind a part of it."""

    @cached_property
    def count(self) -> int:
        """Units in all slots together."""
        return sum(len(side.units) for side in self.sides)

    def none(self) -> Tensor:
        """Nothing is shown: [1, U]."""
        return torch.zeros(1, self.count, device=self.at.device)

    def all(self) -> Tensor:
        """Everything is shown: [1, U]."""
        return torch.ones(1, self.count, device=self.at.device)

    def mixed(self, shown: Tensor, infill: Batch) -> Batch:
        """Examples [N] of which the units [N, U] are shown, the others taken from `infill` [N]."""
        given = self.batch.some(torch.zeros(len(shown), dtype=torch.int64))
        changed, first = {}, 0
        for side in self.sides:
            mine = shown[:, first : first + len(side.units)][:, torch.from_numpy(side.units.owner)]
            changed[side.slot] = side.field.mix(given.values[side.slot], infill.values[side.slot], mine)
            first += len(side.units)
        return given | changed

    def pairs(self, shown: Tensor, infill: Batch) -> Iterator[tuple[Tensor, Batch, slice]]:
        """Every choice [N, U] with every infill [M], some at a time: choices, infills, and their places in [N * M]."""
        many = len(shown) * len(infill)
        size = max(1, min(at_once(self.net), ROOM // max(1, numbers(self.batch))))
        for start in range(0, many, size):
            place = torch.arange(start, min(start + size, many))
            yield shown[place // len(infill)], infill.some(place % len(infill)), slice(start, start + size)

    @torch.no_grad()
    def scores(self, shown: Tensor, infill: Batch) -> Tensor:
        """The score of each choice [N, U], 0 or 1, with each infill [M]: [N, M], float64 on the processor."""
        self.net.eval()
        found = [self.score(some.bool(), filled) for some, filled, _ in self.pairs(shown, infill)]
        return torch.cat(found).double().cpu().view(len(shown), len(infill))

    def slopes(self, shown: Tensor, infill: Batch) -> Tensor:
        """How the score moves with each unit, at each choice [N, U] from 0 to 1, with each infill [M]: [N, M, U]."""
        self.net.eval()
        found = torch.zeros(len(shown) * len(infill), self.count, dtype=torch.float64)
        for some, filled, where in self.pairs(shown, infill):
            gates = some.clone().requires_grad_()
            with self.at.slopes():
                (slope,) = torch.autograd.grad(self.score(gates, filled).sum(), gates)
            found[where] = slope.double().cpu()
        return found.view(len(shown), len(infill), self.count)

    def score(self, shown: Tensor, infill: Batch) -> Tensor:
        """[N]"""
        return self.stands(self.net, self.mixed(shown, infill)).float()

    def strength(self, scores: Tensor) -> Tensor:
        """Scores on a scale that compares: the answer's probability, or deviations of what training examples score."""
        return scores.sigmoid() if self.sure else scores / self.spread

    @cached_property
    def spread(self) -> float:
        """Standard deviation of the score when every unit comes from one training example or another."""
        return float(self.scores(self.none(), self.others).std()) or 1.0

    def striking(self) -> Tensor:
        """How much each unit catches the eye, whatever the net: [U], the mean over its places."""
        found = []
        for side in self.sides:
            places = side.field.striking(self.batch.values[side.slot])[0].double().cpu()
            owner = torch.from_numpy(side.units.owner).flatten()
            sums = torch.zeros(len(side.units), dtype=torch.float64).index_add(0, owner, places.flatten())
            found.append(sums / owner.bincount(minlength=len(side.units)).clamp(min=1))
        return torch.cat(found)

    def with_net(self, net: nn.Module) -> "Game":
        """The same answer of another net."""
        return replace(self, net=net)

    def of(self, stands: Score) -> "Game":
        """The same example, for a part of its answer."""
        return replace(self, stands=stands)


@dataclass(frozen=True)
class Setting:
    """What games of one net share: where it is, the share that infills come from, and how many of them."""

    task: Task
    net: nn.Module
    at: Place
    train: Portion
    infills: int = 16
    seed: int = 0

    @cached_property
    def crowd(self) -> Batch:
        """Examples of the training share, drawn once."""
        draw = np.random.default_rng(self.seed)
        rows = draw.choice(len(self.train), min(CROWD, len(self.train)), replace=False)
        return batch_of(self.task.slots(), self.train, rows, generator_of(self.seed)).to(self.at.device)

    @torch.no_grad()
    def game(self, asked: Portion, row: int) -> Game:
        """The game of one example.

        Raises:
            Fault: nothing of it can be hidden.
        """
        self.net.eval()
        batch = batch_of(self.task.slots(), asked, np.array([row]), generator_of(self.seed, row)).to(self.at.device)
        said = self.task.predict(self.net, batch)
        batch = batch | said.values
        sides = [side_of(slot, asked, batch, row) for slot in explained(self.task)]
        sides = [side for side in sides if len(side.units)]
        if not sides:
            raise Fault("nothing of such an input can be hidden and shown", "there is nothing to explain it by")
        blank = batch | {s.slot: s.field.blank(batch.values[s.slot], self.crowd.values[s.slot]) for s in sides}
        others = self.crowd.some(slice(0, self.infills))
        sure = said.scores is not None
        given = asked.whole(row)
        return Game(self.task, self.net, self.at, batch, sides, blank, others, sure, given, self.task.score)


def explained(task: Task) -> list[Slot[Any]]:
    """The slots that a user can look at: the inputs, or where these are drawn by chance the answers."""
    inputs = [slot for slot in task.slots() if slot.side == "input" and not slot.field.drawn]
    return inputs or [slot for slot in task.slots() if slot.side == "target"]


def side_of(slot: Slot[Any], asked: Portion, batch: Batch, row: int) -> Side:
    """One example's slot with its units, and its value as the user gave it or as people read it."""
    field, values, given = asked.fields[slot], asked.examples.values.get(slot.name), batch[slot]
    one = given.values[0, : int(given.lengths[0])] if isinstance(given, Padded) else given[0]
    whole = isinstance(values, np.ndarray) and slot.side == "input"
    value = values[row] if whole and isinstance(values, np.ndarray) else field.decode(one.cpu())
    return Side(slot.name, field, field.units(given, value), value)


def at_once(net: nn.Module) -> int:
    """Examples that a net is given at a time."""
    return max(1, min(MOST, HEAVY // max(1, sum(weight.numel() for weight in net.parameters()))))


def numbers(batch: Batch) -> int:
    """Numbers that one example of a batch holds, at most."""
    tensors = [one.values if isinstance(one, Padded) else one for one in batch.values.values()]
    return max(one[0].numel() for one in tensors if isinstance(one, Tensor))
