"""Recovery: which examples made a loss no finite number, and how that is said."""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from brainwright.data.slots import Batch
from brainwright.errors import Fault
from brainwright.tasks.task import Task, Turn
from brainwright.training.devices import Place
from brainwright.training.options import Training

RETRIES = 3  # times that a training whose loss was no finite number goes on at half the rate
NAMED = 3  # examples named, at most


def bad_rows(task: Task, net: nn.Module, pieces: Iterable[Batch], turn: Turn, at: Place) -> tuple[list[int], int]:
    """Rows of the training share whose own loss is no finite number, and how many were looked at."""
    found: list[int] = []
    count = 0
    for piece in pieces:
        with at.arithmetic():
            each: Tensor = task.loss(net, piece, turn).each
        bad = ~each.detach().isfinite().cpu()
        found += piece.rows[bad].tolist()
        count += len(bad)
    return found, count


def named(places: Sequence[str], count: int) -> str:
    """Some examples out of `count`, in words."""
    if not places:
        return "though no example's own loss was: the gradient was not"
    if len(places) == count:
        return f"for all {count:,} examples of its batch"
    more = f" and {len(places) - NAMED:,} more" if len(places) > NAMED else ""
    return f"for {len(places):,} of the {count:,} examples of its batch: {'; '.join(places[:NAMED])}{more}"


def hopeless(what: str, rate: float) -> Fault:
    """The end of a training that was rolled back often enough."""
    return Fault(
        f"{what}, and again after {RETRIES} returns to an earlier state at half the rate each; the checkpoint is sound",
        f"look at these examples, or lower --lr (now {rate:g})",
    )


def too_large(error: str) -> Fault:
    """The end of a training of which not even one example fits into memory."""
    said = " ".join(error.split())[:200]
    return Fault(f"memory is short even for one example at a time ({said})", "take a smaller net or smaller inputs")


def crowded(error: str, how: Training) -> Fault:
    """The end of a training by several processes, one of which lacks memory for its share of a batch."""
    said = " ".join(error.split())[:200]
    return Fault(
        f"memory is short for one process's share of a batch ({said})",
        f"take half the --batch-size (now {how.batch_size}) and twice the --accumulate (now {how.accumulate})",
    )


def halved(size: int, whole: int) -> str:
    """What is said when a batch did not fit into memory."""
    return (
        f"memory is short: each batch of {whole} is now taken {size} examples at a time and the gradients are summed, "
        "so a step learns from as many examples as before; layers and losses that compare examples of a batch "
        "(batch norm, contrastive losses) see fewer at once"
    )
