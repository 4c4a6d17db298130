"""Examples: the training examples that the net sees as most alike, and those that speak most for or against an answer.

Both read the net's last layer: what goes into it is how the net sees an example; what comes out is judged by the loss.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from brainwright.data.batching import batch_of, generator_of, spread
from brainwright.data.slots import Batch
from brainwright.errors import Fault
from brainwright.models.heads.readout import Readout
from brainwright.tasks.task import Turn
from brainwright.trust.game import Game, Setting, at_once

MOST = 4096  # training examples looked at, evenly spread: more take long and seldom show a nearer one


@dataclass(frozen=True)
class Neighbours:
    """Training examples by place in the training share, and a number each, the largest in size first."""

    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    looked_at: int


def heads(net: nn.Module) -> list[nn.Module]:
    """The net's last layers: its readouts, or where it has none of ours its last linear layer.

    Raises:
        Fault: it has neither.
    """
    found: list[nn.Module] = [one for one in net.modules() if isinstance(one, Readout)]
    if not found:
        found += [one for one in net.modules() if isinstance(one, nn.Linear)][-1:]
    if not found:
        raise Fault("this net has no last layer to compare examples by", "leave examples out")
    return found


@contextmanager
def watched(net: nn.Module) -> Iterator[dict[nn.Module, tuple[Tensor, Tensor]]]:
    """What goes into and comes out of each last layer, at its last use: [B, ..., D] and [B, ..., K]."""
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def keep(module: nn.Module, given: Any, made: Tensor) -> None:
        into = module.pool(given[0]).values if isinstance(module, Readout) else given[0]
        seen[module] = (into, made)

    handles = [head.register_forward_hook(keep) for head in heads(net)]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def pieces(setting: Setting) -> Iterator[tuple[NDArray[np.int64], Batch]]:
    """Training examples some at a time."""
    rows, size = spread(len(setting.train), MOST), at_once(setting.net)
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        yield some, batch_of(setting.task.slots(), setting.train, some, generator_of(0)).to(setting.at.device)


def seen_as(setting: Setting, batch: Batch) -> Tensor:
    """How the net sees examples with their answers: the last layers' inputs side by side [B, D]; of a layer that is
    used at every step of a sequence the mean over those that the score looks at.
    """
    setting.net.eval().requires_grad_()
    with watched(setting.net) as seen, setting.at.slopes():
        each = score(setting, batch)
    found = []
    for head, (into, made) in seen.items():
        if stepwise(head, into):
            (slope,) = torch.autograd.grad(each.sum(), made, retain_graph=True)
            looked = slope.abs().sum(-1, keepdim=True) > 0  # not at padding
            into = (into * looked).sum(1) / looked.sum(1).clamp(min=1)
        found.append(into.detach().reshape(len(batch), -1).double())
    return torch.cat(found, 1)


def stepwise(head: nn.Module, into: Tensor) -> bool:
    """Whether a last layer is used at every step of a sequence [B, T, D]; ours take members there, not steps."""
    return into.ndim > 2 and not isinstance(head, Readout)


def nearest(setting: Setting, game: Game, count: int) -> Neighbours:
    """The training examples that the net sees nearest, by distance (Caruana et al. 1999)."""
    asked, rows, found = seen_as(setting, game.batch), [], []
    for some, batch in pieces(setting):
        rows.append(some)
        found.append((seen_as(setting, batch) - asked).square().sum(1).sqrt().cpu().numpy())
    distances, places = np.concatenate(found), np.concatenate(rows)
    first = np.argsort(distances, kind="stable")[:count]
    return Neighbours(places[first], distances[first], len(places))


def pulls(setting: Setting, batch: Batch, of: Callable[[Setting, Batch], Tensor]) -> Tensor:
    """The gradient of each example's loss or score by the last layers' weights [B, P]: input times slope, summed over
    uses.
    """
    setting.net.eval().requires_grad_()
    with watched(setting.net) as seen, setting.at.slopes():
        each = of(setting, batch)
    found = []
    slopes = torch.autograd.grad(each.sum(), [made for _, made in seen.values()])
    for (head, (into, _)), slope in zip(seen.items(), slopes, strict=True):
        members = 1 if into.ndim < 3 or stepwise(head, into) else into.shape[-2]
        uses = into.detach().reshape(len(batch), -1, members, into.shape[-1])
        steep = slope.reshape(len(batch), -1, members, slope.shape[-1])
        found.append(torch.einsum("bumd,bumk->bmdk", uses, steep).flatten(1).double())
    return torch.cat(found, 1)


def loss(setting: Setting, batch: Batch) -> Tensor:
    """[B]"""
    return setting.task.loss(setting.net, batch, Turn(setting.task.players()[-1].name, 0, 1.0)).each


def score(setting: Setting, batch: Batch) -> Tensor:
    """[B]"""
    return setting.task.score(setting.net, batch)


def influential(setting: Setting, game: Game, count: int) -> Neighbours:
    """The training examples whose learning moves this answer's score most: above 0 they raise it.

    Tracing by the gradients of the last layer at the end of the training (Pruthi et al. 2020, TracIn, in one closed
    form): a step down a training example's loss moves the score by minus the product of both gradients.

    Raises:
        Fault: players learn from each other, so that no loss is the answer's own.
    """
    if len(setting.task.players()) > 1:
        raise Fault("two players learn from each other here", "no training example speaks for an answer by itself")
    asked, rows, found = pulls(setting, game.batch, score)[0], [], []
    for some, batch in pieces(setting):
        rows.append(some)
        found.append((-pulls(setting, batch, loss) @ asked).cpu().numpy())
    worth, places = np.concatenate(found), np.concatenate(rows)
    first = np.argsort(-np.abs(worth), kind="stable")[:count]
    return Neighbours(places[first], worth[first], len(places))
