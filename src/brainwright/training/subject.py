"""Subject: what is looked at before a long run, and Check: what one look found, in one line."""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from brainwright.data.batching import batch_of, generator_of, spread
from brainwright.data.encoded import Dense, Windows
from brainwright.data.examples import Portion
from brainwright.data.slots import Batch, Slot, piece
from brainwright.models.backbone import Backbone
from brainwright.tasks.task import Loss, Net, Task, Turn
from brainwright.training.job import Job

State: TypeAlias = Literal["passed", "doubtful", "failed", "left out"]
FEW = 16  # examples that a net must be able to learn by heart
SAMPLE = 512  # examples of a share that stand for all of it


@dataclass(frozen=True)
class Check:
    """One look: `seen` alone where all is well, else also the likely cause and what to do."""

    name: str
    state: State
    seen: str
    cause: str = ""
    mend: str = ""

    def line(self) -> str:
        """All of it in one line."""
        return f"{self.name}: {self.seen}" + (f"; likely {self.cause}; {self.mend}" if self.cause else "")


@dataclass(frozen=True)
class Subject:
    """A run that is about to begin: its job, its untrained net, of which only copies are touched, and its backbone."""

    job: Job
    net: nn.Module
    backbone: Backbone
    until: float
    """On the monotonic clock: no check begins after it."""

    @property
    def task(self) -> Task:
        """The task, within its techniques."""
        return self.job.task

    @property
    def late(self) -> bool:
        """Whether the time that preflight may take is over."""
        return time.monotonic() > self.until

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """A few training rows whose answers differ as much as possible."""
        sample = spread(len(self.job.train), SAMPLE)
        truth = answers(self.task, self.job.train.take(sample))
        if truth is not None:
            sample = sample[np.argsort(truth, kind="stable")]
        places = np.linspace(0, len(sample) - 1, min(FEW, self.job.how.batch_size, len(sample)))
        chosen = sample[np.unique(places.round().astype(np.int64))]
        order = np.random.default_rng(self.job.how.seed).permutation(len(chosen))
        return chosen[order]

    @cached_property
    def batch(self) -> Batch:
        """These rows as a batch, on the processor."""
        return self.batch_of(self.rows)

    def batch_of(self, rows: NDArray[np.int64]) -> Batch:
        """Some training rows as a batch; what is drawn is always drawn alike."""
        return batch_of(self.task.slots(), self.job.train, rows, generator_of(self.job.how.seed, len(rows)))

    def inputs(self) -> list[Slot[Any]]:
        """What the net reads of this batch; some tasks read more where the data tell it."""
        return [slot for slot in self.task.slots() if slot.side == "input" and slot.name in self.batch.values]

    def asked(self, net: Net, batch: Batch, player: str = "", progress: float = 0.0) -> Loss:
        """The loss of a batch as one player sees it; of the last one where none is named."""
        return self.task.loss(net, batch, Turn(player or self.task.players()[-1].name, 0, progress))


def answers(task: Task, portion: Portion) -> NDArray[Any] | None:
    """One number an example [N] that tells answers apart: a class's code, a number, the mean of a stretch; None where
    answers are of another form.
    """
    for slot in task.slots():
        found = portion.encoded.get(slot.name) if slot.side == "target" else None
        if isinstance(found, Dense | Windows):
            values: NDArray[Any] = found.values
            if values.ndim == 1:
                return values
            if isinstance(found, Windows):
                return np.asarray(np.nan_to_num(np.nanmean(values.reshape(len(values), -1), 1)))
    return None


def exchanged(batch: Batch, slots: list[Slot[Any]], places: Tensor) -> Batch:
    """A batch whose examples read another example's input in some slots; `places` [B] says whose."""
    return batch | {slot.name: piece(batch[slot], places) for slot in slots}


def per_unit(loss: Loss) -> float:
    """The mean loss of a unit."""
    return float(loss.each.double().sum() / loss.units.double().sum().clamp(min=1))


def numbers(task: Task, net: Net, batch: Batch) -> list[Tensor]:
    """What a net says to a batch, as float tensors [B, ...]: scores where there are any, else the answers.

    Where answers are lists: how strongly the net stands behind the truth.
    """
    said = task.predict(net, batch)
    if said.scores is not None:
        return [said.scores.float()]
    tensors = [value.float() for value in said.values.values() if isinstance(value, Tensor)]
    return tensors or [task.score(net, batch).float()]


def apart(ones: list[Tensor], others: list[Tensor]) -> float:
    """The largest difference between two answers, in units of their own size; 0 for none."""
    worst = 0.0
    for one, other in zip(ones, others, strict=True):
        size = one.std() + one.abs().mean() * 1e-3 + 1e-12 if one.numel() > 1 else one.abs().mean() + 1e-12
        worst = max(worst, float(((one - other).abs().max() / size).nan_to_num(torch.inf)))
    return worst


def varies(batch: Batch, slot: Slot[Any]) -> bool:
    """Whether a batch's examples differ in a slot."""
    values = batch.values[slot.name]
    tensor = values if isinstance(values, Tensor) else getattr(values, "values", None)
    if not isinstance(tensor, Tensor):
        return True
    flat = tensor.double().nan_to_num().flatten(1)
    return bool((flat - flat[:1]).any())
