"""Trial: a copy of the net learns a few examples by heart, through the run's own loop; where it fails, cures are tried.

The cure that helps names the cause. Knows no task: every player is tried alone, while the others stand still.
"""

from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from brainwright.data.slots import Batch
from brainwright.tasks.task import Turn
from brainwright.training.job import Job
from brainwright.training.learner import Learner
from brainwright.training.log import Log
from brainwright.training.options import Training
from brainwright.training.subject import Subject, per_unit

STEPS = 100  # in which a few examples are learned
FEWEST = 20  # steps that say anything
KNOWN = 0.01  # share of the first loss at which nothing is left to learn
HEIGHT = 3.0  # times its beginning that a loss rises above it where the rate is too high
RISE = 0.1  # share of the trial in which the rate rises
LEARNED = 0.3  # share of the loss that must go, or be bound to go in the steps of the run
USUAL = {"adamw": 1e-3, "muon": 1e-3, "sgd": 3e-2}  # rates that most nets learn by
NEAR = 30.0  # times the run's own rate, and its own divided by this


class Still(Learner):
    """A learner whose every step sees the same batch."""

    def __init__(self, job: Job, net: nn.Module, held: Batch) -> None:
        super().__init__(job, net)
        self.held = held.to(self.at.device)

    def group(self, step: int, progress: float) -> list[Batch]:
        """The same, whichever is asked for."""
        return [self.held]


@dataclass(frozen=True)
class Learned:
    """How a player learned the batch: the loss in each step, and in evaluation mode before and after."""

    player: str
    curve: Tensor
    """float64 [steps], in training mode; infinite where it was no number."""
    before: float
    after: float
    net: nn.Module
    """As it was left."""
    left: tuple[str, ...]
    """Weights whose gradient was not forgotten after a step."""
    adrift: tuple[str, ...]
    """Weights that no optimizer moves."""

    @property
    def fall(self) -> float:
        """Share of the loss that went, in training or evaluation mode, whichever went further."""
        return max(share(self.before, self.after), self.practised)

    @property
    def practised(self) -> float:
        """Share of the loss that went in training mode: first step against last ones."""
        return share(float(self.curve[0]), float(self.curve[-max(1, len(self.curve) // 10) :].mean()))

    @property
    def rough(self) -> bool:
        """Whether the loss broke, or was above its beginning in the second half."""
        start, late = self.curve[0], self.curve[len(self.curve) // 2 :]
        return bool(~late.isfinite().all() or late.mean() > start + 0.5 * start.abs())

    @property
    def wild(self) -> bool:
        """Whether the loss rose far above its beginning on the way."""
        return bool(self.curve.max() > self.curve[0] + HEIGHT * self.curve[0].abs())


def share(before: float, after: float) -> float:
    """Share of a loss that went; negative where it rose or is no number."""
    gone = (before - after) / max(abs(before), 1e-12)
    return gone if gone == gone else -1.0


def trial(subject: Subject, player: str, steps: int, **other: float) -> Learned:
    """Let a copy of the net learn the subject's batch, one player alone; `other` options replace the run's own."""
    changed = {"augment": 0.0, "accumulate": 1, "schedule": "constant", "warmup": RISE, "steps": steps, "ema": 0.0}
    how: Training = subject.job.how.model_copy(update={**changed, **other})
    job = Job(subject.task, subject.job.train, subject.job.validation, how, subject.job.folder)
    loop = Still(job, deepcopy(subject.net), subject.batch)
    loop.seats = [one for one in loop.seats if one.player.name == player]
    loop.log = Log([player])
    every = loop.seats[0].player.every
    loop.plan = replace(loop.plan, total=steps * every)
    before = judged(subject, loop, player)
    for done in range(steps):
        loop.step = done * every  # it is always this player's turn
        loop.advance()
        if (done + 1) % FEWEST == 0:
            sound, curve = loop.log.read(), losses(loop)
            if not sound or subject.late or abs(float(curve[-1])) < KNOWN * abs(float(curve[0])):
                break
    loop.log.read()
    curve = losses(loop)
    left = [name for name, weight in loop.net.named_parameters() if weight.grad is not None and weight.grad.any()]
    mine = {id(weight) for weight in loop.seats[0].flat.weights}
    adrift = [name for name, weight in loop.net.named_parameters() if id(weight) not in mine]
    after = judged(subject, loop, player)
    return Learned(player, curve, before, after, loop.net.eval(), tuple(left), tuple(adrift))


def losses(loop: Still) -> Tensor:
    """The mean loss of a unit in each step, infinite where it is no number: float64 [steps]."""
    sums = loop.log.open[:, 0].double()
    return (sums[:, 0] / sums[:, 1].clamp(min=1)).nan_to_num(torch.inf, torch.inf, torch.inf)


@torch.no_grad()
def judged(subject: Subject, loop: Still, player: str) -> float:
    """The loss in evaluation mode."""
    loop.net.eval()
    return per_unit(subject.task.loss(loop.net, loop.held, Turn(player, 0, 0.0)))


def bound(learned: Learned, planned: int, rate: float) -> float:
    """Share of the loss that is bound to go in the planned steps at this mean rate: early progress in a straight line.

    It underrates what is learned later, and never what was learned already.
    """
    return learned.fall * max(1.0, planned * rate / len(learned.curve))


def cure(subject: Subject, sick: Learned) -> str:
    """What helps a player that does not learn: an option's name, "lower" or "higher" for the rate, or "" for nothing.

    The cure must teach at least LEARNED and three times what the run's own options did.
    """
    how, wanted = subject.job.how, max(LEARNED, 3 * sick.fall)
    rates = [USUAL[how.optimizer], how.lr / NEAR, how.lr * NEAR]
    tried = [("lr", rate) for rate in rates if max(rate / how.lr, how.lr / rate) > 2]
    tried.insert(1, ("weight_decay", 0.0))
    tried.insert(2, ("clip", 0.0))
    for name, value in tried:
        if subject.late:
            break
        if getattr(how, name) == value:
            continue
        again = trial(subject, sick.player, min(STEPS, max(FEWEST, len(sick.curve))), **{name: value})
        if again.fall >= wanted and not again.rough:
            return name if name != "lr" else "lower" if value < how.lr else "higher"
    return ""
