"""Conformal: sets and intervals that hold the truth as often as they promise, whatever the model and however wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

Floats = NDArray[np.float64]
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
GROUPS, CROWD = 5, 100  # groups of numbers of about one size, at most, and examples that each needs
EXACT = 1e-9  # (n + 1) * level is often whole, but not in binary


def rank(count: int, level: float) -> int:
    """Which of `count` scores, from the smallest, bounds a new one with probability `level`; count + 1 = none does.

    The (n + 1)-th example is as likely to fall at each place among the n: ceil((n + 1) * level) (Vovk et al. 2005,
    Papadopoulos et al. 2002).
    """
    return min(count + 1, int(np.ceil((count + 1) * level - EXACT)))


def cut(scores: Floats, level: float) -> Floats:
    """The bound of scores [N, ...] over the first axis; infinity where N is too small for such a level."""
    place = rank(len(scores), level)
    if place > len(scores):
        return np.full(scores.shape[1:], np.inf)
    return np.asarray(np.partition(scores, place - 1, 0)[place - 1])


# ---- classes -------------------------------------------------------------------------------------


def class_cuts(scores: Floats, truth: NDArray[np.int64], level: float) -> tuple[Floats, NDArray[np.bool_]]:
    """How unlikely each class may be and still belong to the set [K], and which classes were too rare to say [K].

    Each class has its own bound (Mondrian; LAC, Sadinle et al. 2019, method 2), so that no class pays for another. A
    class with fewer than level / (1 - level) examples takes the bound of all classes together: nothing is promised
    for it alone.
    """
    unlikely = 1.0 - scores[np.arange(len(truth)), truth]
    pooled = cut(unlikely, level)
    own = np.array([cut(unlikely[truth == place], level) for place in range(scores.shape[1])])
    rare = ~np.isfinite(own)
    return np.where(rare, pooled, own), rare


def sets(scores: Floats, cuts: Floats) -> NDArray[np.bool_]:
    """The classes [N, K] that belong to each set; a set may be empty, where no class is as likely as true ones are."""
    return np.asarray(1.0 - scores <= cuts)


# ---- numbers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Widths:
    """Half the width of an interval, by the size of the number that was said: between `edges` [G - 1], `cuts` [G]."""

    edges: Floats
    cuts: Floats

    def of(self, said: Floats) -> Floats:
        """For numbers [N]."""
        return np.asarray(self.cuts[self.group(said)])

    def group(self, said: Floats) -> NDArray[np.int64]:
        """Which bound is for each number [N]."""
        return np.searchsorted(self.edges, said)


def widths(said: Floats, truth: Floats, level: float) -> Widths:
    """Bounds of the absolute error (Lei et al. 2018), each group of similar predictions its own (Bostrom et al. 2020):
    large numbers are seldom known as exactly as small ones.
    """
    count = max(1, min(GROUPS, len(said) // CROWD))
    edges = np.quantile(said, np.arange(1, count) / count)
    group, error = np.searchsorted(edges, said), np.abs(truth - said)
    return Widths(edges, np.array([cut(error[group == place], level) for place in range(count)]))


# ---- series --------------------------------------------------------------------------------------

PACE = 0.01  # gamma: how far one miss moves the level that is aimed at (Gibbs and Candes 2021: .005)
KEPT = 500  # forecasts that the bounds are taken from: the latest
ROOM = 4_000_000  # numbers of them, at most
FEWEST = 100


class Adaptive:
    """Bounds of absolute errors [H, V] that follow the times (Gibbs and Candes 2021, Adaptive Conformal Inference).

    A miss makes the next intervals wider, a hit narrower, so that the share of hits comes to the level even where the
    world shifts. A forecast h steps ahead is judged h steps later, never before.
    """

    def __init__(self, errors: Floats, level: float) -> None:
        """`errors` [N, H, V] of forecasts already judged, in order of time; NaN where the truth is unknown."""
        count, self.horizon, variables = errors.shape
        self.level, self.size = level, int(np.clip(ROOM // (self.horizon * variables), FEWEST, KEPT))
        self.every = max(1, self.size // 10)  # forecasts between two sortings
        self.known = count
        self.aim = np.full((self.horizon, variables), 1 - level)
        self.sorted = latest(errors, count, self.size)

    def bounds(self) -> Floats:
        """Half the width of the next intervals [H, V]."""
        counts = np.isfinite(self.sorted).sum(0)
        places = np.ceil((counts + 1) * (1 - self.aim.clip(0, 1)) - EXACT).astype(int).clip(1, np.maximum(1, counts))
        return np.asarray(np.take_along_axis(self.sorted, places[None] - 1, 0)[0])

    def roll(self, errors: Floats) -> Iterator[Floats]:
        """The bounds of each new forecast in turn; `errors` [N + M, H, V] are all, of which the first N are known."""
        steps = np.arange(self.horizon)
        given = np.full(errors.shape, np.nan)
        for now in range(self.known, len(errors)):
            judged = now - 1 - steps  # the latest forecast whose h-th step has come true
            told = errors[judged, steps], given[judged, steps]
            missed = np.where(np.isfinite(told[0]) & np.isfinite(told[1]), told[0] > told[1], np.nan)
            self.aim += np.nan_to_num(PACE * (1 - self.level - missed))
            if (now - self.known) % self.every == 0:
                self.sorted = latest(errors, now, self.size)
            given[now] = self.bounds()
            yield given[now]


def latest(errors: Floats, now: int, size: int) -> Floats:
    """The last errors [size, H, V] known before the forecast `now`, sorted; unknown ones (NaN) last."""
    steps = np.arange(errors.shape[1])
    places = now - 1 - steps[None] - np.arange(size)[:, None]  # [size, H]
    found = np.where((places >= 0)[..., None], errors[places.clip(min=0), steps], np.nan)
    return np.sort(found, 0)


# ---- when to keep silent -------------------------------------------------------------------------

SURE = 0.95
POINTS = 20  # thresholds tried


def curve(sure: Floats, wrong: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Share answered and share wrong of those answered [N], the surest answers first (El-Yaniv and Wiener 2010)."""
    order = np.argsort(-sure, kind="stable")
    count = np.arange(1, len(sure) + 1)
    return count / len(sure), wrong[order].cumsum() / count


def threshold(sure: Floats, wrong: NDArray[np.bool_], risk: float) -> float:
    """How sure an answer must be so that, with 95 % confidence, at most a share `risk` of those given is wrong.

    The lowest of twenty thresholds at which an exact binomial bound, made sharper for trying twenty (Bonferroni), says
    so (Geifman and El-Yaniv 2017, section 3). Infinity where none does.
    """
    order = np.argsort(-sure, kind="stable")
    ranked, errors = sure[order], wrong[order].cumsum()
    found = float("inf")
    for count in np.linspace(len(sure) / POINTS, len(sure), POINTS).round().astype(int):
        whole = int(np.searchsorted(-ranked, -ranked[count - 1], side="right"))  # equally sure ones stand together
        failed = int(errors[whole - 1])
        if failed < whole and betaincinv(failed + 1, whole - failed, 1 - (1 - SURE) / POINTS) <= risk:
            found = float(ranked[count - 1])
    return found
