"""The one training loop: every player takes its turn on the same batches. It knows no task, modality or model."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from brainwright.data.batching import batch_of, generator_of, seed_of
from brainwright.data.examples import Portion
from brainwright.data.slots import Batch
from brainwright.errors import Fault
from brainwright.tasks.task import Task, Turn
from brainwright.training.average import Average
from brainwright.training.budget import Plan, plan
from brainwright.training.checkpoints import optimizer_tensors, read_tensors, restore_optimizer, write_tensors
from brainwright.training.devices import place
from brainwright.training.evaluation import evaluate
from brainwright.training.optimizers import Optimizer
from brainwright.training.options import Training
from brainwright.training.schedules import share
from brainwright.training.seats import Seat, seat

MOMENTS = 200  # times in a run that the loss is read from the device, at least
WARM = 5  # steps before the pace is believed
QUIET = 5.0  # seconds without a moment, at most: a slow run must still keep its budget and tell how it goes
STATE = "state.safetensors"
CALM = 0.1  # augmentation rests in this last share of a run, so that it ends on examples as they are (quality.md, R9)


@dataclass(frozen=True)
class Moment:
    """How a training stands after a step."""

    step: int
    total: int
    epoch: float
    seconds: float
    lr: float
    losses: dict[str, float]
    """Player -> mean loss per unit since the moment before."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Of the validation share, when it was looked at: metric word -> value, and "loss"."""


@dataclass(frozen=True)
class Job:
    """What is to be learned from what, and how; `folder` holds the checkpoint."""

    task: Task
    train: Portion
    validation: Portion
    how: Training
    folder: Path


class Loop:
    """One training, step by step: `for moment in loop.run()`; afterwards `loop.result()` is the best net.

    Every random number is a function of (seed, step), so a resumed run goes on bit for bit.
    """

    def __init__(self, job: Job, net: nn.Module) -> None:
        self.job, self.at = job, place(job.how)
        self.net = net.to(self.at.device)
        self.seats = [seat(player, job.task, self.net, job.how) for player in job.task.players()]
        self.average = Average(self.net, job.how.ema)
        self.sample = job.task.sampler(job.train, job.how.batch_size, job.how.seed)
        self.plan: Plan = plan(job.how, len(job.train))
        self.step, self.seconds, self.stale = 0, 0.0, 0
        self.best: dict[str, Tensor] = {}
        self.best_value = float("nan")
        self.history: list[dict[str, Any]] = []

    def run(self) -> Iterator[Moment]:
        """Train to the end, to the budget or to the patience, whichever comes first."""
        started = time.monotonic() - self.seconds
        saved = told = time.monotonic()
        sums = {one.player.name: torch.zeros(2, device=self.at.device) for one in self.seats}
        read = max(1, self.plan.total // MOMENTS)
        while self.step < self.plan.total:
            self.advance(sums)
            looking = self.plan.look(self.step)
            slow = time.monotonic() - told > QUIET
            if not (looking or slow or self.step % read == 0 or self.step == WARM):
                continue
            told = time.monotonic()
            metrics = self.look() if looking else {}
            self.at.wait()
            self.seconds = time.monotonic() - started
            yield self.moment(sums, metrics)
            if self.step >= WARM:
                self.plan = self.plan.fitted(self.step, self.seconds, self.job.how.seconds)
            if self.job.how.checkpoint and time.monotonic() - saved > self.job.how.checkpoint:
                self.save()
                saved = time.monotonic()
            if self.job.how.patience and self.stale >= self.job.how.patience:
                break
        if not self.best or self.history[-1]["step"] != self.step:
            yield self.moment(sums, self.look())

    def advance(self, sums: dict[str, Tensor]) -> None:
        """One step: every player whose turn it is moves once."""
        job, how = self.job, self.job.how
        progress = self.step / self.plan.total
        torch.manual_seed(seed_of(how.seed, self.step))
        group = [self.batch(self.step * how.accumulate + index, progress) for index in range(how.accumulate)]
        self.net.train()
        for one in self.seats:
            if self.step % one.player.every == 0:
                turn = Turn(one.player.name, self.step, progress)
                sums[one.player.name] += self.move(one, group, turn)
                job.task.after_step(self.net, turn)
        self.average.follow()
        self.step += 1

    def batch(self, index: int, progress: float) -> Batch:
        """The batch of an index, on the device, changed as far as the strength of augmentation asks."""
        job = self.job
        generator = generator_of(job.how.seed, index, 1)
        rows = self.sample(index)
        batch = batch_of(job.task.slots(), job.train, rows, generator).to(self.at.device)
        if job.how.augment and progress < 1 - CALM:
            batch = job.task.augment(batch, job.how.augment, generator)
        return batch

    def move(self, one: Seat, group: list[Batch], turn: Turn) -> Tensor:
        """One player's move: the gradient of the summed loss over the summed units of all batches; (loss, units)."""
        sums = torch.zeros(2, device=self.at.device)
        with one.acting():
            for batch in group:
                with self.at.arithmetic():
                    loss = self.job.task.loss(self.net, batch, turn)
                total = loss.each.sum(dtype=torch.promote_types(loss.each.dtype, torch.float32))
                total.backward()
                sums += torch.stack([total.detach(), loss.units.float().sum()])
        one.step(self.job.task, self.job.how, turn.progress, sums[1])
        return sums

    def look(self) -> dict[str, float]:
        """Judge the averaged net on the validation share and keep it when it is the best so far."""
        job = self.job
        net = self.average.ready()
        judged = evaluate(job.task, net, job.validation, self.at)
        metrics = judged.values(job.task.metrics())
        metrics["loss"] = float(judged.losses.mean())
        first = job.task.metrics()[0]
        value = metrics[first.word()]
        gain = not self.best or first.better(value, self.best_value)
        self.stale = 0 if gain else self.stale + 1
        if gain or value == self.best_value:  # of equals the later one: it is further annealed
            self.best = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
            self.best_value = value
        return metrics

    def moment(self, sums: dict[str, Tensor], metrics: dict[str, float]) -> Moment:
        """Read the losses from the device, start counting anew.

        Raises:
            Fault: a loss is no finite number: what was learned up to the last look is kept.
        """
        how = self.job.how
        read = {name: (pair[0] / pair[1].clamp(min=1)).item() for name, pair in sums.items()}
        for name, pair in sums.items():
            if not read[name] - read[name] == 0:  # false for infinity and NaN alone
                raise Fault(
                    f"the {name} loss became {read[name]} by step {self.step}",
                    f"lower --lr (now {how.lr:g}) or look for absurd values in the data",
                )
            pair.zero_()
        progress = min(1.0, self.step / self.plan.total)
        rate = how.lr * share(how.schedule, how.warmup, progress)
        if metrics:
            self.history.append({"step": self.step, "seconds": self.seconds, "losses": read, "metrics": metrics})
        epoch = self.step / self.plan.per_epoch
        return Moment(self.step, self.plan.total, epoch, self.seconds, rate, read, metrics)

    def result(self) -> nn.Module:
        """The best net by the first metric on the validation share, in evaluation mode."""
        net = self.average.ready()
        if self.best:
            net.load_state_dict(self.best)
        self.job.task.after_training(net, self.job.train)
        return net.eval()

    def save(self) -> None:
        """Write the checkpoint."""
        tensors = {f"net/{name}": tensor for name, tensor in self.net.state_dict().items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.items()}
        if self.job.how.ema:
            tensors |= {f"average/{name}": tensor for name, tensor in self.average.net.state_dict().items()}
        for index, optimizer in enumerate(self.optimizers()):
            tensors |= optimizer_tensors(optimizer, f"optimizer{index}")
        facts = {
            "step": self.step,
            "seconds": self.seconds,
            "stale": self.stale,
            "best_value": self.best_value,
            "history": self.history,
            "wanted": self.plan.wanted,
            "total": self.plan.total,
            "every": self.plan.every,
            "count": self.average.count,
        }
        write_tensors(self.job.folder / STATE, tensors, facts)

    def restore(self) -> None:
        """Go on from the checkpoint.

        Raises:
            Fault: there is none, or it is damaged.
        """
        tensors, facts = read_tensors(self.job.folder / STATE)

        def under(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)}

        self.net.load_state_dict(under("net/"))
        self.best = under("best/")
        if self.job.how.ema:
            self.average.net.load_state_dict(under("average/"))
        for index, optimizer in enumerate(self.optimizers()):
            restore_optimizer(optimizer, f"optimizer{index}", tensors)
        self.step, self.seconds, self.stale = facts["step"], facts["seconds"], facts["stale"]
        self.best_value, self.history, self.average.count = facts["best_value"], facts["history"], facts["count"]
        if self.plan.wanted == facts["wanted"]:  # else more or fewer were asked for: the schedule is laid anew
            self.plan = replace(self.plan, total=facts["total"], every=facts["every"])

    def optimizers(self) -> list[Optimizer]:
        """All players' optimizers, in order."""
        return [optimizer for one in self.seats for optimizer in one.optimizers]
