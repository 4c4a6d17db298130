"""Thresholds: for two classes, from which probability on each group is told the second one, so that rates are alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 99  # thresholds that are tried, at quantiles of each group's probabilities
PRICES = (0.0, *np.geomspace(0.02, 20, 40).tolist())  # of a gap in accuracy: each gives one point of the front
SWEEPS = 4  # over all groups, each choosing its best while the others stay
HALF = 0.5


@dataclass(frozen=True)
class Share:
    """Probabilities of the second class, truth and group of some examples, [N] each."""

    sure: NDArray[np.float64]
    truth: NDArray[np.bool_]
    group: NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """One set of thresholds and what it gives on the share it was chosen on."""

    thresholds: tuple[float, ...]
    """A group each."""
    accuracy: float
    gap: float
    doubt: float
    """Standard error of the gap, from the sizes of the two groups that lie farthest apart."""


@dataclass(frozen=True)
class Table:
    """Counts for every group and threshold of a grid: all that accuracy and gaps hang on."""

    grid: NDArray[np.float64]
    """[G, T]; the first is one half."""
    right: NDArray[np.float64]
    """[G, T] right answers."""
    found: NDArray[np.float64]
    """[G, T] true positive rate; NaN where a group has too few positives to be compared."""
    mistaken: NDArray[np.float64]
    """[G, T] false positive rate, as above."""
    said: NDArray[np.float64]
    """[G, T] rate of positive answers, as above."""
    members: NDArray[np.float64]
    """[3, G] positives, negatives and all of each group: how many lie behind the rates above."""

    @classmethod
    def of(cls, share: Share, groups: int, fewest: int) -> "Table":
        """Of a share. A group with fewer than `fewest` of either class keeps one half."""
        grid = np.full((groups, GRID + 1), HALF)
        right, found, mistaken, said = (np.full((groups, GRID + 1), np.nan) for _ in range(4))
        right[:] = 0
        members = np.zeros((3, groups))
        for code in np.unique(share.group):
            inside = share.group == code
            sure, truth = share.sure[inside], share.truth[inside]
            members[:, code] = truth.sum(), (~truth).sum(), len(truth)
            enough = min(truth.sum(), (~truth).sum()) >= fewest
            if enough:
                grid[code, 1:] = np.quantile(sure, np.linspace(0.01, 0.99, GRID))
            told = sure[:, None] >= grid[code]  # [members, T]
            right[code] = (told == truth[:, None]).sum(0)
            if enough:
                found[code], mistaken[code] = told[truth].mean(0), told[~truth].mean(0)
                said[code] = told.mean(0)
        return cls(grid, right, found, mistaken, said, members)

    def accuracy(self, chosen: NDArray[np.int64]) -> float:
        """With one place of the grid a group [G]."""
        return float(self.right[np.arange(len(chosen)), chosen].sum() / self.count)

    @property
    def count(self) -> float:
        """Of all examples."""
        return float(self.members[2].sum())

    def point(self, chosen: NDArray[np.int64], goal: str) -> Point:
        """What one place of the grid a group [G] gives."""
        gap, doubt = self.widest(chosen, goal)
        return Point(tuple(self.grid[np.arange(len(chosen)), chosen].tolist()), self.accuracy(chosen), gap, doubt)

    def rates(self, goal: str) -> Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """What is to be alike [G, T], and how many examples of each group lie behind it [G]."""
        positives, negatives, everyone = self.members
        if goal == "equalized_odds":
            return ((self.found, positives), (self.mistaken, negatives))
        return ((self.said, everyone),)

    def widest(self, chosen: NDArray[np.int64], goal: str) -> tuple[float, float]:
        """The largest difference between groups and its standard error; 0 and 0 where fewer than two are comparable."""
        found = [(0.0, 0.0)]
        for rate, behind in self.rates(goal):
            mine = rate[np.arange(len(chosen)), chosen]
            there = np.flatnonzero(np.isfinite(mine))
            if len(there) > 1:
                ends = there[[np.argmin(mine[there]), np.argmax(mine[there])]]
                errors = mine[ends] * (1 - mine[ends]) / behind[ends]
                found.append((float(mine[ends[1]] - mine[ends[0]]), float(np.sqrt(errors.sum()))))
        return max(found)


def front(share: Share, groups: int, goal: str, fewest: int) -> list[Point]:
    """Sets of thresholds of which none is better in both accuracy and gap, from the most accurate to the fairest.

    For each price of a gap the groups choose in turn what makes accuracy - price * gap largest; deterministic.
    """
    table = Table.of(share, groups, fewest)
    start = np.zeros(groups, np.int64)
    found = {tuple(start.tolist()): start}
    chosen = start
    for price in PRICES:
        chosen = settled(table, chosen if price else start, goal, price)
        found[tuple(chosen.tolist())] = chosen
    points = [table.point(one, goal) for one in found.values()]
    points.sort(key=lambda one: (-one.accuracy, one.gap))
    kept: list[Point] = []
    for one in points:
        if not kept or one.gap < kept[-1].gap:
            kept.append(one)
    return kept


def settled(table: Table, chosen: NDArray[np.int64], goal: str, price: float) -> NDArray[np.int64]:
    """Places of the grid [G] at which no group alone can do better."""
    movable = [code for code in range(len(chosen)) if np.isfinite(table.said[code]).any()]
    now = chosen.copy()
    for _ in range(SWEEPS):
        before = now.copy()
        for code in movable:
            worth = priced(table, now, code, goal, price)
            now[code] = int(np.argmax(worth))
        if (now == before).all():
            break
    return now


def priced(table: Table, chosen: NDArray[np.int64], code: int, goal: str, price: float) -> NDArray[np.float64]:
    """accuracy - price * gap for every threshold of one group, the others as they are: [T]."""
    others = np.arange(len(chosen)) != code
    rest = table.right[np.arange(len(chosen)), chosen][others].sum()
    accuracy = (rest + table.right[code]) / table.count
    gap = np.zeros(len(accuracy))
    for rate, _ in table.rates(goal):
        there = rate[np.arange(len(chosen)), chosen][others]
        there = there[np.isfinite(there)]
        if len(there):
            gap = np.maximum(gap, np.maximum(there.max(), rate[code]) - np.minimum(there.min(), rate[code]))
    worth: NDArray[np.float64] = accuracy - price * gap
    return worth


def choose(points: Sequence[Point], plain: Point, most: float, count: int) -> Point:
    """The most accurate whose gap is within one standard error of the smallest (Breiman et al. 1984), among those whose
    loss of accuracy, with one standard error of chance on top, stays within `most`; `plain` where it is one of them.

    The smallest gap of many is the luckiest: where it was chosen, chance stands against the true gap, and elsewhere it
    does not. Of two differing answers each flips a coin at worst, so the error of the loss is the root of its size over
    `count`: a cap that is met exactly where it was chosen is missed elsewhere half the time.
    """

    def reach(one: Point) -> float:
        loss = plain.accuracy - one.accuracy
        return loss + float(np.sqrt(max(loss, 0.0) / count))

    fit = [plain, *(one for one in points if reach(one) <= most)]
    best = min(fit, key=lambda one: one.gap)
    near = [one for one in fit if one.gap <= best.gap + best.doubt]
    return plain if plain in near else max(near, key=lambda one: (one.accuracy, -one.gap))
