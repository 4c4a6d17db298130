"""Soundness: what must hold of any net at rest: finite, alone as in a crowd, repeatable, connected, saved as it was."""

import shutil
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np
import torch
from torch import Tensor, nn

from brainwright.data.batching import spread
from brainwright.data.encoded import Uneven
from brainwright.errors import Fault
from brainwright.tasks.task import Player
from brainwright.training.checkpoints import read_tensors, write_tensors
from brainwright.training.devices import lacks_memory, place
from brainwright.training.schedules import share
from brainwright.training.seats import PROBES, places_of
from brainwright.training.subject import (
    SAMPLE,
    Check,
    Subject,
    apart,
    numbers,
    per_unit,
)

SAME = 1e-2  # answers nearer than this share of their own spread are the same: sums in another order
ROOM = 3.0  # checkpoints that must fit on the disk: the old one, the new one, and the run's other files
COPIES = 5  # of the weights in a checkpoint at most: net, best, average, and two numbers a weight of the optimizer
LARGE = 1000.0  # a number this large at a layer's door was not brought to scale (training deviations are about 1)
ABSURD = 100.0  # loss of a unit at the start: chance is ln(classes), or about 1 in training deviations
PILE = 0.5  # share of examples that are exactly as long as the longest
SHORT = 5  # what has fewer pieces, all examples alike, was hardly meant so


def repeatable(subject: Subject, learned: nn.Module | None = None) -> Check:
    """In evaluation mode the same question gets the same answer, and asking changes nothing.

    Of the fresh net, or of one that has learned: fresh ones may say zero to all.
    """
    net = deepcopy(learned or subject.net).cpu().eval()
    on = [name for name, module in net.named_modules() if module.training]
    buffers = {name: one.clone() for name, one in net.named_buffers()}
    with torch.no_grad():
        one, other = numbers(subject.task, net, subject.batch), numbers(subject.task, net, subject.batch)
    moved = [name for name, now in net.named_buffers() if not torch.equal(now.nan_to_num(), buffers[name].nan_to_num())]
    if on or moved or apart(one, other) > 0:
        which = (on + moved or ["the net"])[0]
        return Check(
            "evaluation mode",
            "failed",
            f"two answers to the same batch differ, or asking changed the net ({which})",
            "dropout or batch norm that stays in training mode while the net is judged",
            "let eval() reach every layer, and draw nothing at random when not training",
        )
    awake = [name for name, module in net.train().named_modules() if not module.training and sleeps(module)]
    if awake:
        return Check(
            "evaluation mode",
            "doubtful",
            f"{', '.join(awake[:3])} stay in evaluation mode while training",
            "train() that does not reach these layers: dropout hides nothing, batch norm learns nothing",
            "let train() reach them, unless they are meant to be frozen",
        )
    return Check("evaluation mode", "passed", "the same question gets the same answer, and changes nothing")


def sleeps(module: nn.Module) -> bool:
    """Whether a layer does another thing in training than in evaluation mode."""
    return isinstance(module, nn.modules.dropout._DropoutNd | nn.modules.batchnorm._NormBase)


@torch.no_grad()
def alone(subject: Subject, net: nn.Module) -> Check:
    """What is said about an example, and its loss, do not hang on the examples beside it (in evaluation mode)."""
    net = deepcopy(net).cpu().eval()
    batch, half = subject.batch, torch.arange(max(1, len(subject.batch) // 2))
    others = torch.cat([half, torch.roll(torch.arange(len(batch)), 1)[len(half) :]])
    beside = batch.some(others)  # the first half as before, the second half other examples
    said = [one[half] for one in numbers(subject.task, net, batch)]
    crowd = apart(said, [one[half] for one in numbers(subject.task, net, beside)])
    single = apart(said, numbers(subject.task, net, batch.some(half)))
    if max(crowd, single) > SAME:
        return Check(
            "no leak across the batch",
            "failed",
            f"other neighbours change an example's answer by {max(crowd, single):.2g} of its spread",
            "a leak across the batch: a mean, norm, reshape or attention over the wrong dimension",
            "compute every answer from its own example alone, in evaluation mode",
        )
    for player in subject.task.players():
        whole, part, more = (subject.asked(net, one, player.name) for one in (batch, batch.some(half), beside))
        mine = whole.each[half] / whole.units[half]
        worst = max(apart([mine], [part.each / part.units]), apart([mine], [(more.each / more.units)[half]]))
        if worst > SAME:
            return Check(
                "no leak across the batch",
                "failed",
                f"the {player.name} loss of an example changes by {worst:.2g} of its spread with its neighbours",
                "a loss summed or averaged over the batch, or units that count the batch (wrong reduction)",
                "hand back one loss and its units an example: reduction='none'",
            )
    return Check("no leak across the batch", "passed", "every example is answered and judged by itself")


@torch.no_grad()
def finite(subject: Subject) -> Check:
    """Weights are finite, and so is the loss of a sample of training examples; those that are not are named."""
    for name, weight in subject.net.state_dict().items():
        if weight.is_floating_point() and weight.isnan().any():
            return Check(
                "finite numbers", "failed", f"{name} holds NaN before the first step", "a wrong start", "mend it"
            )
    net, rows = deepcopy(subject.net).eval(), spread(len(subject.job.train), SAMPLE)
    for piece in np.array_split(rows, -(-len(rows) // 64)):
        loss = subject.asked(net, subject.batch_of(piece))
        wrong = ~loss.each.isfinite()
        if wrong.any():
            example = int(subject.job.train.examples.rows[piece[wrong.numpy()][0]])
            return Check(
                "finite numbers",
                "failed",
                f"the loss of {int(wrong.sum())} of {len(piece)} examples is no number, first of row {example + 1}",
                "NaN or absurd values in these rows, or a logarithm or root of zero in the loss",
                "mend or leave out these rows",
            )
    return Check("finite numbers", "passed", f"weights and the losses of {len(rows)} training examples are finite")


def scale(subject: Subject) -> Check:
    """Numbers that reach the layers, and the first loss, are of the size that nets learn from."""
    net, seen = deepcopy(subject.net).eval(), dict[str, float]()

    def watch(name: str) -> object:
        def keep(module: nn.Module, given: tuple[object, ...]) -> None:
            sizes = [
                float(one.detach().abs().max()) for one in given if isinstance(one, Tensor) and one.is_floating_point()
            ]
            seen[name] = max(sizes, default=0.0)

        return keep

    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.RNNBase)
    for name, module in net.named_modules():
        if isinstance(module, kinds):
            module.register_forward_pre_hook(watch(name))  # type: ignore[arg-type]
    with torch.no_grad():
        first = per_unit(subject.asked(net, subject.batch))
    large = {name: size for name, size in seen.items() if size > LARGE}
    if large:
        name = next(iter(large))
        return Check(
            "scale of the numbers",
            "doubtful",
            f"numbers up to {large[name]:.3g} reach the layer {name}, and the first loss is {first:.3g}",
            "inputs that were not normalised, or weights that start too large",
            "bring inputs to a mean of 0 and a deviation of 1",
        )
    if abs(first) > ABSURD:
        return Check(
            "scale of the numbers",
            "doubtful",
            f"the first loss is {first:.3g} a unit, where chance is a few units at most",
            "answers not brought to scale, weights that start too large, or a loss summed over more than its units",
            "standardise the answers, begin smaller, or count the units that the loss sums over",
        )
    return Check("scale of the numbers", "passed", f"the first loss is {first:.3g}")


def heaviest(subject: Subject) -> Check:
    """A batch of the longest examples goes forward and backward; few examples are cut."""
    train, how = subject.job.train, subject.job.how
    size = min(how.batch_size, len(train))
    ragged = [one for one in train.encoded.values() if isinstance(one, Uneven)]
    lengths = sum((one.lengths for one in ragged), np.zeros(len(train), np.int64))
    rows = np.argsort(-lengths, kind="stable")[:size]
    longest = int(lengths.max()) if ragged else 0
    name = "the longest fit"
    try:
        at = place(how)
        net, batch = deepcopy(subject.net).to(at.device).train(), subject.batch_of(rows).to(at.device)
        for player in subject.task.players():
            with at.arithmetic():
                loss = subject.asked(net, batch, player.name)
            if not loss.each.requires_grad:
                cause = "weights cut off from the loss (detached, or a loss that does not ask the net)"
                return Check("gradients", "failed", f"the {player.name} loss has no gradient", cause, "look at loss()")
            loss.each.float().sum().backward()
    except (MemoryError, RuntimeError, IndexError, ValueError) as error:
        said = " ".join(str(error).split())[:120]
        full = isinstance(error, MemoryError | RuntimeError) and lacks_memory(error)
        cause = "too little memory for the longest examples" if full else "a net that cannot take the longest examples"
        mend = "a smaller --batch-size" if full else "cut examples shorter, or let the net take longer ones"
        return Check(name, "failed", f"a batch of the {size} largest examples broke: {said}", cause, mend)
    piled = float(np.mean(lengths == longest)) if ragged else 0.0
    if piled > PILE and (lengths.min() < longest or longest < SHORT):
        seen = f"{piled:.0%} of the examples are exactly {longest} long"
        return Check(name, "doubtful", seen, "examples truncated to that length", "read more of each, as by --longest")
    return Check(name, "passed", f"a batch of the {size} largest examples goes forward and backward")


def saved(subject: Subject, net: nn.Module) -> Check:
    """A net saved and loaded into a newly built one answers as before, and the disk has room for checkpoints."""
    name, folder = "save and load", subject.job.folder
    folder = folder if folder.is_dir() else Path(gettempdir())
    size = sum(one.numel() * one.element_size() for one in net.state_dict().values())
    free, wanted = shutil.disk_usage(folder).free, ROOM * COPIES * size
    if free < wanted:
        seen = f"{free / 2**20:,.0f} MiB are free in {folder}, checkpoints may take {wanted / 2**20:,.0f}"
        return Check(name, "failed", seen, "a full disk", "free some space, or choose another --out")
    state = torch.get_rng_state()
    try:
        with TemporaryDirectory(dir=folder) as scratch:
            write_tensors(Path(scratch) / "net.safetensors", net.state_dict(), {})
            tensors, _ = read_tensors(Path(scratch) / "net.safetensors")
        torch.manual_seed(subject.job.how.seed + 1)
        again = subject.task.build(subject.job.train.fields, subject.backbone)
        again.load_state_dict(tensors)
    except (Fault, OSError, RuntimeError) as error:
        said = " ".join(str(error).split())[:160]
        return Check(name, "failed", said, "a folder that cannot be written, or a net that is not what was saved", "")
    finally:
        torch.set_rng_state(state)
    with torch.no_grad():
        before = numbers(subject.task, deepcopy(net).cpu().eval(), subject.batch)
        after = numbers(subject.task, again.eval(), subject.batch)
    if apart(before, after) > SAME:
        return Check(
            name,
            "failed",
            f"a loaded net answers otherwise, by {apart(before, after):.2g} of the answers' spread",
            "numbers of the net that are not saved: a plain tensor, or a buffer with persistent=False",
            "make them parameters or buffers",
        )
    return Check(name, "passed", f"a loaded net answers as the saved one; {free / 2**30:,.0f} GiB are free")


def scheduled(subject: Subject) -> Check:
    """The rate is well above zero for much of the run, for many weights."""
    how, names = subject.job.how, [name for name, _ in subject.net.named_parameters()]
    means = {name: mean_rate(subject, name) for name in names}
    sizes = {name: weight.numel() for name, weight in subject.net.named_parameters()}
    held = [name for name, mean in means.items() if mean == 0]
    best = max(means.values(), default=0.0)
    if best < 0.1:
        seen = f"over the run the mean rate is {best:.1%} of --lr at best"
        cause = "a schedule or lr_scale that holds the rate at zero"
        return Check("the schedule", "failed", seen, cause, "look at --schedule, --warmup and lr_scale")
    pull = how.lr * how.weight_decay
    if pull > 0.02:
        seen = f"each step takes {pull:.0%} off the weights"
        return Check(
            "the schedule", "failed", seen, "a huge weight decay", f"lower --weight-decay ({how.weight_decay:g})"
        )
    part = sum(sizes[name] for name in held) / max(1, sum(sizes.values()))
    return Check("the schedule", "passed", f"mean rate {best:.0%} of --lr; {part:.0%} of the weights are held still")


def willing(subject: Subject) -> Check:
    """Every weight that has a rate may learn."""
    names = [n for n, one in subject.net.named_parameters() if not one.requires_grad and mean_rate(subject, n)]
    idle = [player.name for player in subject.task.players() if not trainable(subject, player)]
    if names:
        cause = f"frozen weights, first {names[0]} (requires_grad is False)"
        seen = f"{len(names)} weights cannot learn" + (f", none of {idle[0]} can" if idle else "")
        return Check(
            "weights may learn", "failed" if idle else "doubtful", seen, cause, "hold weights by lr_scale alone"
        )
    return Check("weights may learn", "passed", "no weight is frozen but by lr_scale")


def trainable(subject: Subject, player: Player) -> bool:
    """Whether a player has a weight that may learn."""
    return any(one.requires_grad for part in player.modules for one in subject.net.get_submodule(part).parameters())


def mean_rate(subject: Subject, name: str) -> float:
    """The mean rate of a weight over the run, as a share of --lr."""
    how, weight = subject.job.how, subject.net.get_parameter(name)
    where = places_of(subject.net)[id(weight)]
    scales = [subject.task.lr_scale(name, where, at) for at in PROBES]
    return float(np.mean([share(how.schedule, how.warmup, at) * one for at, one in zip(PROBES, scales, strict=True)]))


def scheduled_share(subject: Subject) -> float:
    """The mean rate over the run, as a share of --lr, without lr_scale."""
    how = subject.job.how
    return float(np.mean([share(how.schedule, how.warmup, at) for at in PROBES]))
