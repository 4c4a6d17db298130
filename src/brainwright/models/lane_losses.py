"""How wrong lanes are that were said row by row: which said lane answers for which true one, and what that costs."""

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.models.heads.curves import Seen

POSITION, SHAPE = 0.1, 0.1  # what a cell of error costs, and one of bend, beside a nat of cross-entropy
REACH = 2  # cells on either side of the likeliest one that the position is the mean of


@dataclass(frozen=True)
class Cost:
    """What each picture's lanes cost [B], in nats a row."""

    where: Tensor
    there: Tensor
    position: Tensor
    shape: Tensor

    @property
    def whole(self) -> Tensor:
        """All of it [B]."""
        return self.where + self.there + POSITION * self.position + SHAPE * self.shape


def costs(seen: Seen, truth: Tensor, counts: Tensor) -> Cost:
    """What said lanes cost against `counts` [B] true ones [B, L, A], told in parts of the width, below 0 where absent.

    The cell by cross-entropy shared between the two nearest, whether it is there by binary cross-entropy, the mean
    position by its distance (Qin et al. 2022), and the bend of the curve by its distance from the true bend (after the
    structural loss of Qin et al. 2020, which asks for none).
    """
    cells = seen.where.shape[-1]
    places = truth * cells - 0.5
    chosen = owners(seen, places, truth >= 0, counts)  # [B, S]
    index = chosen.clamp(min=0)[..., None].expand(-1, -1, truth.shape[2])
    mine = places.gather(1, index)
    held = (chosen >= 0)[..., None] & (truth.gather(1, index) >= 0)
    real = held.to(seen.where)
    rows = truth.shape[2]
    likely = seen.where.log_softmax(-1)
    where = -(at(likely, mine) * real).sum((1, 2)) / rows
    there = F.binary_cross_entropy_with_logits(seen.there, real, reduction="none").sum((1, 2)) / rows
    said = (likely.exp() * torch.arange(cells, device=places.device)).sum(-1)
    position = ((said - mine).abs() * real).sum((1, 2)) / rows
    bends = bend(said) - bend(mine)
    whole = held[..., 2:] & held[..., 1:-1] & held[..., :-2]
    shape = (bends.abs() * whole).sum((1, 2)) / rows
    return Cost(where, there, position, shape)


@torch.no_grad()
def owners(seen: Seen, places: Tensor, there: Tensor, counts: Tensor) -> Tensor:
    """Which true lane each said one answers for [B, S], -1 for none: the cheapest way that keeps both in order.

    So a net learns by itself which of its lanes the leftmost of a picture is.
    """
    price, ways = prices(seen, places, there, counts)
    return ways[price.argmin(1)]


def likelihood(seen: Seen, truth: Tensor, counts: Tensor) -> Tensor:
    """The log-likelihood of true lanes, told as for `costs`, whichever said ones they are: [B] in nats a row."""
    price, _ = prices(seen, truth * seen.where.shape[-1] - 0.5, truth >= 0, counts)
    return (-price).logsumexp(1) / truth.shape[2]


def prices(seen: Seen, places: Tensor, there: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """What every way to give true lanes to said ones in order costs in nats [B, W], infinite where a lane is left over;
    and the ways [W, S].
    """
    lanes = seen.where.shape[1]
    likely, real = seen.where.log_softmax(-1), there.to(seen.where)
    cross = -torch.stack(
        [
            (at(likely, one[:, None].expand(-1, lanes, -1)) * on[:, None]).sum(-1)
            for one, on in zip(places.unbind(1), real.unbind(1), strict=True)
        ],
        2,
    )  # [B, S, L]
    held = F.softplus(seen.there).sum(-1)  # [B, S]: that it is nowhere
    cross = cross + held[..., None] - torch.einsum("bsa,bla->bsl", seen.there, real)
    ways = orders(lanes, places.device)
    used = ways >= 0
    price = cross.gather(2, ways.T.clamp(min=0, max=cross.shape[2] - 1)[None].expand(len(cross), -1, -1))  # [B, S, W]
    price = torch.where(used.T, price, held[..., None]).sum(1)
    fits = used.sum(1) == counts.clamp(max=lanes)[:, None]
    return price.masked_fill(~fits, torch.inf), ways


def orders(lanes: int, device: torch.device) -> Tensor:
    """Every way to give the first lanes of a picture, in order, to some of so many: [2 ** lanes, lanes], -1 = none."""
    found = torch.full((2**lanes, lanes), -1, dtype=torch.int64)
    every = [one for count in range(lanes + 1) for one in combinations(range(lanes), count)]
    for row, one in enumerate(every):
        found[row, list(one)] = torch.arange(len(one))
    return found.to(device)


def at(likely: Tensor, places: Tensor) -> Tensor:
    """Log-likelihoods [B, S, A, K] at fractional cells [B, S, A], shared between the two nearest: [B, S, A]."""
    last = likely.shape[-1] - 1
    places = places.clamp(0, last)
    low = places.floor().long()
    part = (places - low).to(likely)
    high = (low + 1).clamp(max=last)
    both = likely.gather(-1, torch.stack([low, high], -1))
    return both[..., 0] * (1 - part) + both[..., 1] * part


def bend(places: Tensor) -> Tensor:
    """Second differences along rows [..., A] -> [..., A - 2]."""
    return places[..., 2:] - 2 * places[..., 1:-1] + places[..., :-2]


def positions(where: Tensor) -> Tensor:
    """Where each lane crosses each row, in parts of the width [B, S, A]: the mean cell near the likeliest."""
    cells = where.shape[-1]
    order = torch.arange(cells, device=where.device)
    near = (order - where.argmax(-1, keepdim=True)).abs() <= REACH
    sure = where.masked_fill(~near, float("-inf")).softmax(-1)
    return ((sure * order).sum(-1) + 0.5) / cells
