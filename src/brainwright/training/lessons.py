"""Lessons: what a trial (a few examples learned by heart) tells about rate, gradients, inputs, loss and answers."""

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from brainwright.data.slots import Batch, Slot
from brainwright.tasks.task import Task
from brainwright.training.devices import place
from brainwright.training.evaluation import evaluate
from brainwright.training.health import dead
from brainwright.training.soundness import mean_rate, scheduled_share
from brainwright.training.subject import Check, Subject, apart, exchanged, numbers, varies
from brainwright.training.trial import LEARNED, NEAR, Learned, bound, cure, trial

STILL = 1e-4  # answers that move by less than this share of their spread do not move
CUT_OFF = 0.2  # share of the weights without a gradient
LOOSE = (0.5, 5.0)  # loss over the log loss of the scores; labels smoothed and classes weighed stay within
"""Members that are judged one by one raise it, a softmax over a softmax lowers it."""


def learns(subject: Subject, learned: Learned) -> Check:
    """The loss on a few examples falls well, or is bound to in the steps of the run; else a cure names the cause."""
    name = f"learns a few examples ({learned.player})"
    told = f"the loss went from {learned.before:.4g} to {learned.after:.4g} in {len(learned.curve)} steps"
    held = [one for one in learned.left if one not in learned.adrift]  # those that nobody moves, nobody zeroes either
    if held:
        seen = f"after a step {len(held)} weights still hold their gradient, first {held[0]}"
        cause = "gradients that are not zeroed between steps, so that they add up"
        return Check(name, "failed", seen, cause, "call zero_grad() after each step")
    if not learned.rough and bound(learned, planned(subject), scheduled_share(subject)) >= LEARNED:
        return calm(subject, learned, Check(name, "passed", told))
    at, how = place(subject.job.how), subject.job.how
    if silence := dead(subject.task, subject.net, subject.batch, at):
        return Check(name, "failed", told, f"dead activations in {silence}", "begin with other weights")
    if loose := cut_off(subject, learned):
        return Check(name, "failed", told, *loose)
    reasons = {
        "lower": ("a learning rate too high", f"lower --lr (now {how.lr:g})"),
        "higher": ("a learning rate too low", f"raise --lr (now {how.lr:g})"),
        "weight_decay": ("a huge weight decay", f"lower --weight-decay (now {how.weight_decay:g})"),
        "clip": ("gradients shortened too much", f"raise --clip (now {how.clip:g}), or 0 for none"),
    }
    if even(subject.net):
        return Check(name, "failed", told, "a start of zeros, or of equal weights", "begin with random weights")
    if (helped := cure(subject, learned)) in reasons:
        return Check(name, "failed", told, *reasons[helped])
    if ignored(subject, learned.net):
        cause = "an output that does not depend on the input"
        return Check(name, "failed", told, cause, "look at what lies between input and output")
    if flat := level(subject, learned):
        return Check(name, "failed", told, *flat)
    cause = "a loss that is not tied to the weights or to the inputs"
    return Check(name, "doubtful", told, cause, "look at the loss and at what the net reads")


def even(net: nn.Module) -> bool:
    """Whether every matrix of a net is of equal numbers."""
    matrices = [weight.detach().flatten() for weight in net.parameters() if weight.ndim > 1 and weight.numel() > 1]
    return bool(matrices) and all(bool((one == one[0]).all()) for one in matrices)


def calm(subject: Subject, learned: Learned, passed: Check) -> Check:
    """A trial that came to good over heights is doubtful where a lower rate climbs none."""
    how = subject.job.how
    if not learned.wild or subject.late:
        return passed
    lower = trial(subject, learned.player, len(learned.curve), lr=how.lr / NEAR)
    if lower.wild or lower.fall < LEARNED:
        return passed
    seen = f"{passed.seen}, but reached {float(learned.curve.max()):.4g} on the way"
    return Check(passed.name, "doubtful", seen, "a learning rate too high", f"lower --lr (now {how.lr:g})")


def planned(subject: Subject) -> int:
    """Steps of the run."""
    how = subject.job.how
    return how.steps or how.epochs * max(1, len(subject.job.train) // (how.batch_size * how.accumulate))


def connected(subject: Subject, learned: Learned) -> Check:
    """Every weight that a player may move gets a gradient, moves, and has its gradient forgotten after a step."""
    name = f"gradients ({learned.player})"
    if loose := cut_off(subject, learned) or level(subject, learned):
        return Check(name, "failed", "weights do not learn", *loose)
    return Check(name, "passed", "every weight that may learn gets a gradient and moves")


def cut_off(subject: Subject, learned: Learned) -> tuple[str, str] | None:
    """Likely cause and mending where weights cannot learn; None where all can."""
    before = dict(subject.net.named_parameters())
    mine = {name: one for name, one in own(subject, learned).items() if mean_rate(subject, name) and one.numel()}
    slopes = gradients(subject, learned)
    loose = [name for name in mine if before[name].requires_grad and slopes[name] is None]
    if loose:
        return f"weights cut off from the loss, first {loose[0]} (detached, or never used)", "use or remove them"
    unmoved = [name for name in mine if name in learned.adrift and before[name].requires_grad]
    if unmoved:
        return f"weights that no optimizer moves, first {unmoved[0]}", "hand every weight to the optimizer"
    return None


def level(subject: Subject, learned: Learned) -> tuple[str, str] | None:
    """Likely cause and mending where the gradient of many weights is zero, before the trial and after it."""
    if learned.after < 1e-3 * abs(learned.before):
        return None  # nothing is left to learn
    before, after = gradients(subject, learned, fresh=True), gradients(subject, learned)
    mine = own(subject, learned)
    flat = [name for name in mine if all((one := slopes[name]) is None or not one.any() for slopes in (before, after))]
    flat = [name for name in flat if mean_rate(subject, name)]
    if sum(mine[name].numel() for name in flat) <= CUT_OFF * sum(one.numel() for one in mine.values()):
        return None
    cause = f"a gradient of zero, first at {flat[0]} (a start of zeros, or a loss that looks away)"
    return cause, "begin with random weights, and look at the loss"


def own(subject: Subject, learned: Learned) -> dict[str, nn.Parameter]:
    """The weights that a player may move, by name."""
    (player,) = (one for one in subject.task.players() if one.name == learned.player)
    heads = tuple(f"{part}." if part else "" for part in player.modules)
    return {name: one for name, one in learned.net.named_parameters() if name.startswith(heads)}


def gradients(subject: Subject, learned: Learned, fresh: bool = False) -> dict[str, Tensor | None]:
    """Gradient of each weight after the trial, or of the fresh net, in training mode; None where the loss does not
    reach it.
    """
    at = place(subject.job.how)
    net = deepcopy(subject.net if fresh else learned.net).to(at.device).train()
    net.zero_grad(set_to_none=True)
    loss = subject.asked(net, subject.batch.to(at.device), learned.player)
    loss.each.sum().backward()
    return {name: one.grad for name, one in net.named_parameters()}


def lively(subject: Subject, learned: Learned) -> Check:
    """No layer of activations is silent after the trial, and units of a layer differ."""
    name = f"layers speak ({learned.player})"
    if silence := dead(subject.task, learned.net, subject.batch, place(subject.job.how)):
        seen = f"nearly all outputs of {silence} are zero for every example"
        return Check(name, "failed", seen, "dead activations", "lower --lr, or begin with other weights")
    for word, weight in own(subject, learned).items():
        rows = weight.detach().flatten(1) if weight.ndim > 1 else weight.detach()[:0, None]
        if (
            len(rows) > 3
            and rows.shape[1] > 1
            and rows.any()
            and not (rows - rows[:1]).any()
            and mean_rate(subject, word)
        ):
            seen = f"all rows of {word} are equal after {len(learned.curve)} steps"
            return Check(name, "failed", seen, "units that began alike and stay alike", "begin with random weights")
    return Check(name, "passed", "no layer is silent, no units are copies of each other")


@torch.no_grad()
def ignored(subject: Subject, net: nn.Module, slots: list[Slot[Any]] | None = None) -> bool:
    """Whether what a net says stays the same when every example reads the first one's inputs."""
    net = deepcopy(net).cpu().eval()
    places = torch.zeros(len(subject.batch), dtype=torch.int64)
    blind = exchanged(subject.batch, subject.inputs() if slots is None else slots, places)
    return apart(numbers(subject.task, net, subject.batch), numbers(subject.task, net, blind)) < STILL


def reads(subject: Subject, learned: Learned) -> Check:
    """The answers change with the inputs, with each slot of them that varies."""
    name = "answers depend on the inputs"
    varying = [slot for slot in subject.inputs() if varies(subject.batch, slot)]
    if ignored(subject, learned.net):
        cause = "an output that does not depend on the input"
        return Check(name, "failed", "other inputs get the same answers", cause, "look at what lies between them")
    deaf = [slot.name for slot in varying if len(varying) > 1 and ignored(subject, learned.net, [slot])]
    if deaf:
        seen = f"the answers stay the same whatever {', '.join(deaf)} holds"
        return Check(name, "doubtful", seen, "an input that is not used", "connect it, or leave it out")
    return Check(name, "passed", "other inputs get other answers")


def follows(subject: Subject, learned: Learned) -> Check:
    """While the loss fell the answers got better by the task's own metrics: loss and metric want the same."""
    name = "metrics follow the loss"
    task, at = subject.task, place(subject.job.how)
    portion = subject.job.train.take(subject.rows)
    nets = [deepcopy(one).to(at.device) for one in (subject.net, learned.net)]
    first, last = (evaluate(task, net, portion, at) for net in nets)
    every = {one: (one.value(first.rows[one.word()]), one.value(last.rows[one.word()])) for one in task.metrics()}
    valued = {one: pair for one, pair in every.items() if not np.isnan(pair).any()}
    wanted = [one for one in valued if not one.higher_is_better] or list(valued)
    pairs = {one.word(): valued[one] for one in wanted}
    told = ", ".join(f"{word} went from {a:.4g} to {b:.4g}" for word, (a, b) in pairs.items())
    if not pairs:
        return Check(name, "passed", "so few examples give no metric a value")
    better = any(one.better(pairs[one.word()][1], pairs[one.word()][0]) for one in wanted)
    if learned.fall >= LEARNED and not better:
        seen = f"the loss fell from {learned.before:.4g} to {learned.after:.4g}, but {told}"
        cause = "a wrong loss: its sign, its target, or answers read otherwise than they are learned"
        return Check(name, "failed", seen, cause, "let loss and predict mean the same by the same truth")
    return Check(name, "passed", told)


@torch.no_grad()
def priced(subject: Subject, learned: Learned) -> Check:
    """Where answers have probabilities, the loss of wrong answers grows as their log loss does."""
    name = "the loss prices what is wrong"
    net, batch = deepcopy(learned.net).cpu().eval(), subject.batch
    shifted = exchanged(batch, subject.inputs(), torch.roll(torch.arange(len(batch)), 1))
    scores = subject.task.predict(net, shifted).scores
    truth = coded(subject.task, batch)
    if scores is None or truth is None:
        return Check(name, "passed", "answers have no probabilities to compare with")
    mine = -scores.double().gather(1, truth[:, None])[:, 0].clamp(min=1e-7).log()
    loss = subject.asked(net, shifted)
    ratio = float((loss.each / loss.units).double().sum() / mine.sum())
    told = f"wrong answers cost {ratio:.2f} times their log loss"
    chance = float(np.log(scores.shape[1]))
    if mine.mean() > 2 * chance and ratio < LOOSE[0]:
        cause = "a softmax over a softmax: the loss takes probabilities for logits"
        return Check(name, "failed", told, cause, "give the loss the logits themselves")
    if not LOOSE[0] / 2 < ratio < LOOSE[1]:
        return Check(name, "doubtful", told, "a loss in wrong units (wrong reduction)", "sum once over each unit")
    return Check(name, "passed", told)


def coded(task: Task, batch: Batch) -> Tensor | None:
    """The true classes int64 [B] of the first target that has them."""
    for slot in task.slots():
        values = batch.values.get(slot.name) if slot.side == "target" else None
        if isinstance(values, Tensor) and values.ndim == 1 and values.dtype == torch.int64:
            return values
    return None


def steady(learned: Learned) -> Check:
    """What was learned in training mode holds in evaluation mode."""
    name = f"holds in evaluation mode ({learned.player})"
    last = float(learned.curve[-3:].mean())
    told = f"the last loss is {last:.4g} in training and {learned.after:.4g} in evaluation mode"
    start = abs(float(learned.curve[0]))
    if learned.practised > LEARNED and learned.after - last > 0.5 * start and learned.after > 3 * abs(last):
        cause = "batch norm whose averages do not follow what was learned"
        return Check(name, "failed", told, cause, "look at its momentum, or take a norm that needs no averages")
    return Check(name, "passed", told)
