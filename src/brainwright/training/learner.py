"""Learner: all that a training changes, how it makes one step, judges itself, and is kept and taken up again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from brainwright.data.batching import batch_of, generator_of, seed_of
from brainwright.data.slots import Batch
from brainwright.tasks.task import Turn
from brainwright.training.alarm import Alarm
from brainwright.training.average import Average
from brainwright.training.budget import Plan, plan
from brainwright.training.crew import Crew
from brainwright.training.devices import place
from brainwright.training.evaluation import EVALUATION_BATCH, Evaluated, evaluate
from brainwright.training.job import Job
from brainwright.training.log import WIDTH, Log
from brainwright.training.saving import Kept
from brainwright.training.seats import Seat, seat
from brainwright.training.state import State, under

CALM = 0.1  # augmentation rests in this last share of a run, so that it ends on examples as they are (quality.md, R9)
KEPT = ("step", "seconds", "stale", "best_value", "micro", "retries")
"""Plain facts of a learner that its checkpoint holds under their own names."""


@dataclass(frozen=True)
class Good:
    """The state that a training returns to when something breaks: as of the last look, a pure function of the run."""

    tensors: dict[str, Tensor]
    step: int = 0
    count: int = 0
    """Of the averaged steps."""


class Learner:
    """A net that learns step by step. Every random number is a function of (seed, step, player)."""

    def __init__(self, job: Job, net: nn.Module) -> None:
        self.job, self.at, self.crew = job, place(job.how), job.crew
        self.mine = job.validation
        """The share of the validation examples that this process judges."""
        if job.crew.size > 1:
            self.mine = job.validation.take(np.arange(len(job.validation))[job.crew.share(len(job.validation))])
        self.net = net.to(self.at.device)
        self.alarm = Alarm(self.at.device)
        players = job.task.players()
        self.seats = [seat(player, job, self.net, self.alarm) for player in players]
        self.average = Average(self.net, job.how.ema)
        self.state = State(self.net, self.average, [one for seated in self.seats for one in seated.optimizers])
        self.sample = job.task.sampler(job.train, job.how.batch_size, job.how.seed)
        self.plan: Plan = plan(job.how, len(job.train))
        self.log = Log([player.name for player in players])
        self.good = Good(self.state.aside())
        self.step, self.seconds, self.stale = 0, 0.0, 0
        self.best: dict[str, Tensor] = {}
        self.best_value = float("nan")
        self.micro = 0
        """Examples at a time, where a batch does not fit into memory; 0 = a whole batch."""
        self.retries = 0
        self.notes: list[str] = []
        """All that went wrong and was mended, one line each."""
        self.looking = False

    # ---- a step -------------------------------------------------------------------------------

    def advance(self) -> None:
        """One step: every player whose turn it is moves once."""
        job, how = self.job, self.job.how
        progress = self.step / self.plan.total
        group = self.group(self.step, progress)
        if not self.net.training:
            self.net.train()
        moves = []
        for index, one in enumerate(self.seats):
            if self.step % one.player.every:
                moves.append(torch.zeros(WIDTH, device=self.at.device))
                continue
            self.at.seed(seed_of(how.seed, self.step, index, *self.crew.chance))
            turn = Turn(one.player.name, self.step, progress)
            moves.append(self.move(one, group, turn))
            job.task.after_step(self.net, turn)
        self.log.add(torch.stack(moves))
        self.average.follow()
        self.step += 1

    def group(self, step: int, progress: float) -> list[Batch]:
        """This process's share of the batches of a step."""
        return self.share(step, progress, self.crew)

    def share(self, step: int, progress: float, crew: Crew) -> list[Batch]:
        """A process's share of the batches of a step, on the device, changed as the strength of augmentation asks."""
        job, how, found = self.job, self.job.how, []
        for index in range(step * how.accumulate, (step + 1) * how.accumulate):
            generator, rows = generator_of(how.seed, index, 1), self.sample(index)
            share = crew.share(len(rows))
            batch = batch_of(job.task.slots(), job.train, rows, generator, share).to(self.at.device)
            if crew.chance:  # what is drawn for an example is the same in every process, what changes it is not
                generator = generator_of(how.seed, index, 1, *crew.chance)
            if how.augment and progress < 1 - CALM:
                batch = job.task.augment(batch, how.augment, generator)
            found.append(batch)
        return found

    def move(self, one: Seat, group: list[Batch], turn: Turn) -> Tensor:
        """One player's move: the gradient of the summed loss over the summed units of all batches.

        Gives [3]: loss, units, and the gradient's length.
        """
        sums = torch.zeros(2, device=self.at.device)
        with one.acting(self.job.task, turn.progress):
            for piece in self.pieces(group):
                with self.at.arithmetic():
                    loss = self.job.task.loss(self.net, piece, turn)
                total = loss.each.sum(dtype=torch.promote_types(loss.each.dtype, torch.float32))
                total.backward()
                sums += torch.stack([total.detach(), loss.units.float().sum()])
        length = one.step(self.job.task, self.job.how, turn.progress, sums)
        return torch.cat([sums, length.float().view(1)])

    def pieces(self, group: list[Batch]) -> Iterator[Batch]:
        """Batches as large as memory bears."""
        return (piece for batch in group for piece in batch.pieces(self.micro))

    # ---- judging ------------------------------------------------------------------------------

    def look(self) -> dict[str, float]:
        """Judge the averaged net on the validation share and keep it when it is the best so far."""
        job = self.job
        self.crew.even(list(self.net.buffers()))
        net = self.average.ready()
        self.looking = True
        try:
            judged = self.together(evaluate(job.task, net, self.mine, self.at))
        finally:
            self.looking = False
        if judged.size < EVALUATION_BATCH:
            self.say(f"memory is short: examples are judged {judged.size} at a time; the training is untouched by that")
        metrics = judged.values(job.task.metrics())
        metrics["loss"] = float(judged.losses.mean())
        first = job.task.metrics()[0]
        value = metrics[first.word()]
        gain = self.best_value != self.best_value or first.better(value, self.best_value)  # NaN: nothing to beat yet
        self.stale = 0 if gain else self.stale + 1
        if gain or value == self.best_value:  # of equals the later one: it is further annealed
            self.best = {name: tensor.detach().to("cpu", copy=True) for name, tensor in net.state_dict().items()}
            self.best_value = value
        return metrics

    def together(self, judged: Evaluated) -> Evaluated:
        """What all processes found, each on its share."""
        count, device = len(self.job.validation), self.at.device
        rows = {word: self.crew.gathered(one, count, device) for word, one in judged.rows.items()}
        return replace(judged, rows=rows, losses=self.crew.gathered(judged.losses, count, device))

    def result(self) -> nn.Module:
        """The best net by the first metric on the validation share, in evaluation mode."""
        net = self.average.ready()
        if self.best:
            net.load_state_dict(self.best)
        self.job.task.after_training(net, self.job.train)
        self.job.task.tune(net.eval(), self.job.validation)
        return net

    def sound(self, keeping: bool) -> bool:
        """Whether all losses and gradients are finite numbers, and, where they are to be kept, the weights too."""
        return not self.crew.any(not (self.log.read() and (not keeping or self.state.finite())), self.at.device)

    def say(self, note: str) -> None:
        """Keep what is to be said aloud, once."""
        if note not in self.notes:
            self.notes.append(note)

    # ---- aside and back -----------------------------------------------------------------------

    def keep(self) -> None:
        """This state is good: return to it when something breaks."""
        self.good = Good(self.state.aside(), self.step, self.average.count)

    def back(self) -> None:
        """To the last good state."""
        self.state.put_back(self.good.tensors)
        for one in self.seats:
            one.forget()
        self.step, self.average.count = self.good.step, self.good.count
        self.log.back(self.step)
        self.alarm.silence()

    def kept(self) -> Kept:
        """All that this run needs to go on: the state, and the good state to return to where that is another one."""
        same = self.step == self.good.step
        tensors = dict(self.good.tensors) if same else self.state.aside()
        tensors |= {} if same else {f"good/{name}": tensor for name, tensor in self.good.tensors.items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.items()} | {"log": self.log.open}
        facts: dict[str, Any] = {name: getattr(self, name) for name in KEPT}
        facts |= {"lines": list(self.log.lines), "notes": list(self.notes), "count": self.average.count}
        facts |= {"wanted": self.plan.wanted, "total": self.plan.total, "every": self.plan.every}
        facts |= {"good": [self.good.step, self.good.count], "lr": self.job.how.lr, "size": self.job.how.batch_size}
        return tensors, facts

    def take_up(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Go on from what `kept` gave, as far as the options are still the same.

        Raises:
            KeyError, RuntimeError, ValueError: it is of another version, or another net.
        """
        how = self.job.how
        self.state.put_back(tensors)
        for name in KEPT:
            setattr(self, name, facts[name])
        self.best, self.log.open, self.log.lines = under("best/", tensors), tensors["log"], facts["lines"]
        self.notes, self.average.count = facts["notes"], facts["count"]
        self.good = Good(under("good/", tensors) or self.state.aside(), *facts["good"])
        if self.plan.wanted == facts["wanted"]:
            self.plan = replace(self.plan, total=facts["total"], every=facts["every"])
        else:  # more or fewer were asked for: the schedule is laid anew
            self.stale = 0
        self.micro = self.micro if facts["size"] == how.batch_size else 0
        self.retries = self.retries if facts["lr"] == how.lr else 0
        for one in self.seats:
            one.slow(0.5**self.retries)
