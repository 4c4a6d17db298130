"""Quick: what trivial and simple models of the task say about data and net before anything long begins."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from brainwright.data.batching import spread
from brainwright.data.examples import Portion
from brainwright.floors.floor import Floor
from brainwright.metrics.metric import Metric
from brainwright.tasks.task import Task
from brainwright.training.devices import place
from brainwright.training.evaluation import evaluate, judged
from brainwright.training.subject import SAMPLE, Check, Subject, exchanged, per_unit

GAIN = 0.01  # share of the trivial model's error that a simple one must take off
FEWEST = 40  # examples that let quick models say anything
HOLD = 0.3  # share of the training sample on which quick models are judged
GAP = 0.35  # of skill, between training and validation share
EASIER = 0.2  # of skill, by which a validation share may be easier than training examples
FAR = 4.0  # times the trivial model's error, from which a fresh net's is too large
DRAWS, SURE = 200, 0.975  # resamples, and the share of them in which a model must be ahead
BLOCKS = 8  # stretches of the table in which answers are compared with their inputs


@dataclass(frozen=True)
class Skill:
    """Share of the best trivial model's error that the best simple model takes off, on both held-out samples."""

    training: float
    validation: float


def matched(subject: Subject) -> Check:
    """A quick model finds something in the inputs, as much on the validation share as on training examples held out."""
    name = "inputs tell answers"
    floors = subject.task.floors(subject.job.train.fields)
    simple = [one for one in floors if not one.trivial]
    sample = spread(len(subject.job.train), SAMPLE)
    held = min(int(len(sample) * HOLD), len(subject.job.validation))
    if not simple or not lower(subject.task) or held < FEWEST:
        return Check(name, "passed", "too few examples, or no quick model, to tell")
    mixed = np.random.default_rng(0).permutation(sample)
    learned = subject.job.train.take(np.sort(mixed[held:]))
    shares = [
        subject.job.train.take(np.sort(mixed[:held])),
        subject.job.validation.take(spread(len(subject.job.validation), SAMPLE)),
    ]
    trivial = errors(subject.task, [one for one in floors if one.trivial], learned, shares)
    best = Skill(-np.inf, -np.inf)
    for floor in simple:
        mine = errors(subject.task, [floor], learned, shares)
        skill = Skill(*(1 - mine / trivial))
        best = max(best, skill, key=lambda one: one.training + one.validation)
        if subject.late or min(best.training, best.validation) > GAP:
            break
    if max(best.training, best.validation) < GAIN and ahead(subject.task, floors, learned, shares):
        return Check(name, "passed", "quick models are overconfident, and yet right more often than trivial ones")
    return verdict(name, best)


def ahead(task: Task, floors: Sequence[Floor], learned: Portion, shares: list[Portion]) -> bool:
    """Whether a simple model beats every trivial one by the task's first metric, on both shares and beyond chance.

    By a paired bootstrap of each share's examples (Efron 1979): a log loss punishes few overconfident answers so much
    that a model which is right far more often may look worse than none.
    """
    metric = task.metrics()[0]
    found = [(one.trivial, rows_of(task, one, learned, shares)) for one in floors]
    trivial, simple = ([rows for kind, rows in found if kind is wanted] for wanted in (True, False))
    return any(
        all(surely_better(metric, mine[at], base[at]) for base in trivial for at in range(len(shares)))
        for mine in simple
    )


def rows_of(task: Task, floor: Floor, learned: Portion, shares: list[Portion]) -> list[NDArray[np.float64]]:
    """A floor's rows by the first metric, for each share."""
    state, word = floor.fit(learned), task.metrics()[0].word()
    return [judged(task, floor.predict(state, share), share)[word] for share in shares]


def surely_better(metric: Metric, mine: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether the first is better in all but few resamples of the same examples."""
    draws = np.random.default_rng(0).integers(0, len(mine), (DRAWS, len(mine)))
    return sum(metric.better(metric.value(mine[draw]), metric.value(other[draw])) for draw in draws) > SURE * DRAWS


def verdict(name: str, best: Skill) -> Check:
    """What the skill of quick models says."""
    told = (
        f"quick models take {best.training:.0%} off the trivial error in training, {best.validation:.0%} in validation"
    )
    if best.training < GAIN and best.validation < GAIN:
        cause = "answers that do not belong to their inputs (shuffled or shifted), or inputs that tell nothing"
        return Check(name, "doubtful", told, cause, "look at some rows: are these their answers?")
    if best.training - best.validation > GAP and best.validation < best.training / 2:
        cause = "a validation share whose answers or inputs are of another kind (mixed up, or from elsewhere)"
        return Check(name, "doubtful", told, cause, "look at how the shares were made")
    if best.validation - best.training > EASIER and best.training < best.validation / 2:
        cause = "wrong answers (labels swapped or shifted) in the training share"
        return Check(name, "doubtful", told, cause, "look at some training rows: are these their answers?")
    return Check(name, "passed", told)


def errors(task: Task, floors: list[Floor], learned: Portion, shares: list[Portion]) -> NDArray[np.float64]:
    """The lowest error of some floors on each share [S], by the first metric where lower is better."""
    metric = lower(task)[0]
    found = []
    for floor in floors:
        state = floor.fit(learned)
        rows = [judged(task, floor.predict(state, share), share)[metric.word()] for share in shares]
        found.append([metric.value(one) for one in rows])
    lowest: NDArray[np.float64] = np.min(np.array(found, np.float64), 0)
    return lowest


def lower(task: Task) -> list[Metric]:
    """The metrics that measure an error, so that noise cannot better them."""
    return [one for one in task.metrics() if not one.higher_is_better]


def chance(subject: Subject) -> Check:
    """A fresh net errs about as a model that looks at nothing, by the task's own metric."""
    name, task = "starts at chance", subject.task
    trivial = [one for one in task.floors(subject.job.train.fields) if one.trivial]
    if not trivial or not lower(task) or len(task.players()) > 1:
        return Check(name, "passed", "no error to compare with")
    known = subject.job.train.take(spread(len(subject.job.train), SAMPLE))
    asked = subject.job.validation.take(spread(len(subject.job.validation), SAMPLE // 2))
    each = [float(errors(task, [one], known, [asked])[0]) for one in trivial]
    at = place(subject.job.how)
    metric = lower(task)[0]
    net = deepcopy(subject.net).to(at.device)
    mine = metric.value(evaluate(task, net, asked, at).rows[metric.word()])
    told = f"{metric.word()} of the fresh net {mine:.4g}, of a trivial model {max(each):.4g}"
    if mine > FAR * max(each):
        cause = "weights that start too large, or inputs or answers that were not normalised"
        return Check(name, "doubtful", told, cause, "begin smaller, at answers that are about even")
    if mine < min(each) / FAR and ignores(subject, net):
        cause = "a leak of the target: the answer is known without the inputs"
        return Check(name, "failed", told, cause, "look at what the net and predict read")
    return Check(name, "passed", told)


@torch.no_grad()
def ignores(subject: Subject, net: nn.Module) -> bool:
    """Whether a net errs as little when every example reads another one's inputs."""
    net = deepcopy(net).cpu().eval()
    shifted = exchanged(subject.batch, subject.inputs(), torch.roll(torch.arange(len(subject.batch)), 1))
    own, other = (per_unit(subject.asked(net, one)) for one in (subject.batch, shifted))
    return other <= own + 0.1 * abs(own)


def stretches(subject: Subject) -> Check:
    """No stretch of the table has answers that a model of the rest finds wrong."""
    name, task = "answers along the table", subject.task
    floors = task.floors(subject.job.train.fields)
    simple, trivial = ([one for one in floors if one.trivial is kind] for kind in (False, True))
    sample = spread(len(subject.job.train), SAMPLE)
    sample = sample[np.argsort(subject.job.train.examples.rows[sample], kind="stable")]
    if not simple or not lower(task) or len(sample) < BLOCKS * FEWEST / 2 or len(task.players()) > 1:
        return Check(name, "passed", "too few examples, or no quick model, to tell")
    skills = []
    for block in np.array_split(np.arange(len(sample)), BLOCKS):
        rest = subject.job.train.take(np.delete(sample, block))
        asked = [subject.job.train.take(sample[block])]
        mine, base = errors(task, simple[:1], rest, asked), errors(task, trivial, rest, asked)
        skills.append(float(1 - mine[0] / base[0]))
        if subject.late:
            return Check(name, "left out", "no time was left")
    worst, middle = int(np.argmin(skills)), float(np.median(skills))
    rows = subject.job.train.examples.rows[sample[np.array_split(np.arange(len(sample)), BLOCKS)[worst]]]
    told = f"a quick model's skill is {middle:.0%}, in rows {rows[0] + 1} to {rows[-1] + 1} {skills[worst]:.0%}"
    if middle > GAP and skills[worst] < 0 and middle - skills[worst] > 2 * GAP:
        cause = "wrong answers (labels shifted or swapped) in these rows, or rows of another kind"
        return Check(name, "doubtful", told, cause, "look at these rows: are these their answers?")
    return Check(name, "passed", told)
