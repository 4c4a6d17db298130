"""Gates: whether what a method says depends on what the net learned, and names what moves the net's answer."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import stdtrit
from torch import nn

from brainwright.data.batching import generator_of
from brainwright.data.slots import Batch
from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.explainers.methods import Method
from brainwright.trust.finding import Finding, Verdict, missing
from brainwright.trust.game import Game

LIKE = 0.10  # rank correlation with a net that learned nothing, from where a method does not explain the net
SLIP = 0.01  # of all that was given out may be missing from the sum
NETS, PLACES, NETS_AT_MOST = 10, 640, 40  # fewer units say less in each net: so many places are compared in all
STEPS = 32  # of a curve, at most
ORDERS = 3  # at random
SAMPLED = 3  # training examples that hidden units are taken from, in turn


@dataclass(frozen=True)
class Interval:
    """A mean of independent measurements, with its 95 % interval by Student's t."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float] | NDArray[np.float64]) -> "Interval":
        """At least two values; what is no number is left out."""
        there = np.asarray(values, np.float64)
        there = there[np.isfinite(there)]
        if len(there) < 2:
            return cls(float(there.mean()) if len(there) else float("nan"), float("-inf"), float("inf"))
        half = float(stdtrit(len(there) - 1, 0.975) * there.std(ddof=1) / len(there) ** 0.5)
        return cls(float(there.mean()), float(there.mean()) - half, float(there.mean()) + half)


def sums(found: Sequence[Attribution]) -> Finding:
    """Whether the units' shares add up to what they must."""
    what, errors = "sum of all shares", np.array([one.error for one in found])
    if np.isnan(errors).all():
        return missing(what, "this method promises no sum")
    worst, middle = float(np.nanmax(errors)), Interval.of(errors)
    verdict: Verdict = "passed" if worst <= SLIP else "failed"
    says = f"what the units are given misses the whole by {worst:.2%} at most"
    how = "completeness (Sundararajan et al. 2017), as a share of all that is given out; at most 1 %"
    return Finding(what, verdict, says, middle.value, middle.low, middle.high, len(found), how)


def randomised(net: nn.Module, seed: int) -> nn.Module:
    """A net of the same form that learned nothing: each tensor of weights drawn anew from a normal distribution of
    mean 0 and of its own size, so that weights that start at zero are no zero here.
    """
    fresh, draw = copy.deepcopy(net), generator_of(seed)
    with torch.no_grad():
        for weight in fresh.parameters():
            size = weight.detach().square().mean().sqrt()
            weight.copy_((torch.randn(weight.shape, generator=draw) * size.cpu()).to(weight))
    return fresh


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Signed rank correlation (Spearman 1904) over units that either says something of; NaN where one says nothing."""
    said = (one != 0) | (other != 0)
    first, second = (places(values[said]) for values in (one, other))
    if said.sum() < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def places(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each number [N], from 1; equal ones share the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((counts.cumsum() - (counts - 1) / 2)[which])


def randomisation(games: Sequence[Game], found: Sequence[Attribution], method: Method, seed: int = 0) -> Finding:
    """Whether the method says the same of nets that learned nothing (Adebayo et al. 2018)."""
    count = int(np.clip(PLACES // games[0].count, NETS, NETS_AT_MOST))
    ranks = np.full((count, len(games)), np.nan)
    for index in range(count):
        net = randomised(games[0].net, seed + index)
        for place, (game, own) in enumerate(zip(games, found, strict=True)):
            ranks[index, place] = alike(own.values, method(game.with_net(net)).values)
    what = "rank correlation with nets that learned nothing"
    each = np.array([row[np.isfinite(row)].mean() for row in ranks if np.isfinite(row).any()])
    if len(each) < 2:
        return missing(what, "too few units say anything to be ranked")
    rank = Interval.of(each)
    verdict: Verdict = "passed" if rank.high <= LIKE else "failed" if rank.low > LIKE else "undecided"
    says = {
        "passed": "nets of the same form that learned nothing are explained otherwise: it tells of what was learned",
        "failed": "nets of the same form that learned nothing get the same explanation: it does not tell of this net",
        "undecided": "too few units to tell whether nets that learned nothing are explained otherwise",
    }[verdict]
    how = f"signed Spearman, {len(each)} nets of random weights x {len(games)} examples (Adebayo et al. 2018); at most "
    return Finding(what, verdict, says, rank.value, rank.low, rank.high, len(each), f"{how}{LIKE}", seed)


def gain(game: Game, worth: NDArray[np.float64], infill: Batch) -> float:
    """Insertion minus deletion (Petsiuk et al. 2018): the mean strength of the answer while units are shown from the
    most important on, less that while they are hidden from the most important on.
    """
    order = np.argsort(-worth, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    cuts = np.unique(np.linspace(0, len(order), min(STEPS, len(order)) + 1).round())
    shown = place < cuts[:, None]  # [steps, U]
    both = torch.from_numpy(np.concatenate([shown, ~shown])).float().to(game.at.device)
    inserted, deleted = game.strength(game.scores(both, infill)).mean(1).numpy().reshape(2, -1)
    return float(np.trapezoid(inserted - deleted, cuts) / len(order))


@dataclass(frozen=True)
class Order:
    """How far an order of the units carries, each [examples]: the method's, any random one's, the striking first."""

    method: NDArray[np.float64]
    random: NDArray[np.float64]
    striking: NDArray[np.float64]

    @classmethod
    def of(cls, games: Sequence[Game], found: Sequence[Attribution], infill: str, seed: int = 0) -> "Order":
        """`infill`: hidden units are "mean" (the blank) or "sampled" (from training examples)."""
        draw = np.random.default_rng(seed)
        rows = []
        for game, own in zip(games, found, strict=True):
            hidden = game.blank if infill == "mean" else game.others.some(slice(0, SAMPLED))
            chance = [gain(game, draw.permutation(game.count).astype(float), hidden) for _ in range(ORDERS)]
            striking = gain(game, game.striking().numpy(), hidden)
            rows.append((gain(game, own.values, hidden), np.mean(chance), striking))
        return cls(*np.array(rows, np.float64).T)


def faithfulness(games: Sequence[Game], found: Sequence[Attribution], seed: int = 0) -> list[Finding]:
    """Whether the units named first carry the answer: against random orders, and against what strikes the eye."""
    findings = []
    for infill in ("mean", "sampled"):
        order = Order.of(games, found, infill, seed)
        for name, other in (("a random order", order.random), ("what strikes the eye", order.striking)):
            more = Interval.of(order.method - other)
            verdict: Verdict = "passed" if more.low > 0 else "failed" if more.high <= 0 else "undecided"
            word = {"passed": "moves", "failed": "does not move", "undecided": "may or may not move"}[verdict]
            says = f"showing and hiding the units in its order {word} the answer more than {name} does"
            how = f"insertion minus deletion (Petsiuk et al. 2018), hidden units from {INFILLS[infill]}"
            what = f"order against {name}, {infill} infill"
            findings.append(Finding(what, verdict, says, more.value, more.low, more.high, len(games), how, seed))
    return findings


INFILLS = {"mean": "the training mean or unknown words", "sampled": f"{SAMPLED} training examples"}


def overall(findings: Sequence[Finding]) -> Verdict:
    """Failed if one failed, undecided if one is, else passed; what is missing does not count."""
    verdicts = {one.verdict for one in findings}
    return "failed" if "failed" in verdicts else "undecided" if "undecided" in verdicts else "passed"
