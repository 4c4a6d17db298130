"""Task: what goes in, what comes out, how wrong an answer is, and how to give one. THE CONTRACT."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict
from torch import Tensor, nn

from brainwright.data.batching import Shuffled
from brainwright.data.examples import Examples, Portion
from brainwright.data.field import Values
from brainwright.data.slots import Batch, Fields, Prediction, Slot
from brainwright.data.table import Table
from brainwright.floors.floor import Floor
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.parts import Part

Net: TypeAlias = Any  # an nn.Module, perhaps wrapped for its devices
Sampler: TypeAlias = Callable[[int], NDArray[np.int64]]  # step -> rows of the training share: a pure function
Score: TypeAlias = Callable[[Net, Batch], Tensor]  # how strongly a net stands behind something, [B], differentiable


@dataclass(frozen=True)
class Player:
    """Who moves in a step: the submodules it may change ("" = all of the net), how often, with what momentum."""

    name: str = "net"
    modules: tuple[str, ...] = ("",)
    every: int = 1
    momentum: float = 0.9


@dataclass(frozen=True)
class Turn:
    """One player's move: whose, at which step, and how far the training is (0 at its start, 1 at its end)."""

    player: str
    step: int
    progress: float


@dataclass(frozen=True)
class Thing:
    """One thing of an answer that is made of several: a box, the region of a label, a word."""

    name: str
    score: Score
    """How strongly the net stands behind this thing."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Slot -> the answer that holds this thing alone, encoded, where it can be drawn."""


@dataclass(frozen=True)
class Loss:
    """How wrong each example is, [B], summed over its units (words, boxes, or 1), and how many units it has, [B].

    The loop divides the gradient once by the units of all batches and devices, so that uneven lengths change nothing.
    """

    each: Tensor
    units: Tensor
    parts: Mapping[str, Tensor] = field(default_factory=dict)
    """Named pieces [B] for the log, such as a penalty."""

    @classmethod
    def of(cls, each: Tensor, units: Tensor | None = None, **parts: Tensor) -> "Loss":
        """One unit per example unless said otherwise."""
        return cls(each, torch.ones_like(each) if units is None else units.to(each), parts)


@dataclass(frozen=True)
class Claim:
    """ "I can learn this because ...": which columns fill which slot, how sure, and why."""

    columns: Mapping[str, str | tuple[str, ...]]
    """Slot name -> one column, or several for a slot that reads many."""
    strength: float
    """0 to 1; the strongest claim wins, two within .1 of each other make the tool ask, 0 counts only if asked for."""
    why: str


@dataclass(frozen=True)
class Decision:
    """One option that a rule set, and the reason."""

    option: str
    value: Any
    reason: str
    family: str = ""
    """The only backbone that it is meant for, by word; "" = any."""


class Task(Part, ABC):
    """An arrow from fields to fields of data. Stateless: weights live in the net, vocabularies in the fields."""

    model_config = ConfigDict(ignored_types=(Slot,))
    backbones: ClassVar[tuple[str, ...]] = ("mlp", "cnn", "rnn", "lstm", "gru", "transformer")
    """The families that fit, by word; empty where the task's net has its own form and the choice says nothing."""
    backbone: ClassVar[str] = "mlp"
    """The family taken when the user names none."""
    in_order: ClassVar[bool] = False
    """Rows follow one another, as moments of one drive do: shares that the data do not say are cut from the end."""

    # ---- what every task says -----------------------------------------------------------------

    @classmethod
    @abstractmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        """Whether this task can learn from a table; `target` is the user's word, or "" when there is none."""

    @abstractmethod
    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        """The net, for fitted fields, around the backbone that the user chose."""

    @abstractmethod
    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        """How wrong the net is on a batch, seen by the player whose turn it is. Calls the net, never backward()."""

    @abstractmethod
    def predict(self, net: Net, batch: Batch) -> Prediction:
        """What the net says to a batch, decoded as far as tensors go (argmax, beam, non-maximum suppression)."""

    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """How good predictions are; the first one selects."""

    @classmethod
    @abstractmethod
    def example(cls) -> Table:
        """A tiny data set that this task must learn in seconds: its tests and its manual page run on it."""

    # ---- what most tasks leave as it is --------------------------------------------------------

    @property
    def notice(self) -> str:
        """What whoever uses a run of this task must be told first, in every output and report; "" = nothing."""
        return ""

    @property
    def reach(self) -> int:
        """Rows before an example's own, of the same drive, that it reads, too."""
        return 0

    def slots(self) -> tuple[Slot[Any], ...]:
        """What the task reads and writes, in the order of its class body."""
        return slots_of(type(self))

    def examples(self, table: Table, claim: Claim) -> Examples:
        """What the net learns from: a row each, or cut from rows (windows, patches, clips), never across shares.

        Raises:
            Fault: a column to read is missing; one to tell may be, where predictions are asked for.
        """
        values: dict[str, Values] = {}
        digests = {}
        read = {slot.name for slot in self.slots() if slot.side == "input"}
        for slot, names in claim.columns.items():
            if isinstance(names, str):
                if slot in read or names in table.columns:
                    values[slot] = table[names].values
                    if len(table[names].digests):
                        digests[slot] = table[names].digests
            else:
                values[slot] = {name: table[name] for name in names}
        return Examples(values, table.shares, np.arange(len(table)), digests=digests)

    def questions(self, table: Table, claim: Claim, fields: Fields) -> Examples:
        """What is to be answered in a table brought for prediction; its targets may be absent."""
        return self.examples(table, claim)

    def decide(self, train: Portion) -> Sequence[Decision]:
        """What this task knows best for such data: defaults for any option of any part, each with its reason."""
        return ()

    def players(self) -> tuple[Player, ...]:
        """Who moves in a step, in order."""
        return (Player(),)

    def lr_scale(self, parameter: str, place: float, progress: float) -> float:
        """Multiplier of a parameter's learning rate: 0 = frozen, and no gradient is computed.

        `place`: where it stands among the net's parameters, 0 the first and 1 the last.
        """
        return 1.0

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Change a training batch on its device without changing what it means; strength 0 changes nothing."""
        return batch

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Which rows make the batch of a step."""
        return Shuffled(len(train), size, seed)

    def after_step(self, net: nn.Module, turn: Turn) -> None:
        """After a player's step: move a momentum teacher, clip weights."""

    def fitting(self) -> tuple[Slot[Any], ...]:
        """The slots with what their fields are fitted from; a technique may know a part of it before it sees data."""
        return self.slots()

    def before_training(self, net: nn.Module) -> Mapping[str, Any]:
        """Before the first step of a fresh net: put in weights that were learned elsewhere; what is to be recorded."""
        return {}

    def after_training(self, net: nn.Module, train: Portion) -> None:
        """After the last step: keep a gallery of known faces, prototypes of new classes."""

    def tune(self, net: nn.Module, validation: Portion) -> None:
        """After the last step: choose on the validation share what no gradient teaches, such as how far a search trusts
        what; kept in the net's buffers.
        """

    def times(self, net: Net, batch: Batch, said: Prediction) -> Sequence[Tensor]:
        """When each piece of an answer that unfolds in time is heard: one tensor [length, 2] an example, from and to in
        seconds; () for all other answers.
        """
        return ()

    def score(self, net: Net, batch: Batch) -> Tensor:
        """How strongly the net stands behind the answer that the batch holds in its targets, [B], differentiable.

        What explanations explain: the log-odds of the answer where `predict` gives probabilities (these saturate, their
        log-odds do not); else a number that is told in training deviations, or the answer's log-likelihood.
        """
        return -self.loss(net, batch, Turn(self.players()[-1].name, 0, 1.0)).each

    def things(self, fields: Fields, batch: Batch) -> Sequence[Thing]:
        """The things that an answer is made of, the most telling first; none where it is one thing. `batch` is one
        example, [1], with the answer in its targets.
        """
        return ()

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        """The trivial and the simple models that stand beside the net."""
        return ()


@cache
def slots_of(kind: type) -> tuple[Slot[Any], ...]:
    """The slots of a task's class body and of those it is made from, looked for once."""
    return tuple(value for owner in reversed(kind.__mro__) for value in vars(owner).values() if isinstance(value, Slot))
