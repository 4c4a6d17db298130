"""Gaps: which differences between groups are more than chance, with all groups and all measures tested as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from brainwright.trust.groups import Grouping
from brainwright.trust.measures import Measure, mean_rows

PERMUTATIONS = 499  # with the data as they are, 500 orders: the smallest p is .002
LEVEL = 0.05  # chance that an audit of groups that mean nothing calls any gap
GAP, NONE, FEW = "gap", "no gap found", "too few data"


@dataclass(frozen=True)
class Cell:
    """One measure in one group."""

    grouping: str
    group: str
    measure: str
    percent: bool
    """Whether it is a share of one, shown as a percentage."""
    value: float
    low: float
    high: float
    """95 % interval; NaN where the group is too small."""
    others: float
    """The same measure in all other examples."""
    chance_low: float
    chance_high: float
    """Within which 95 of 100 groups of its size lie that were drawn at random."""
    count: int
    """Examples that the value rests on."""
    p: float
    """Chance of such a distance under permuted groups, corrected for all groups and measures; NaN where not tested."""
    verdict: str


@dataclass(frozen=True)
class Spread:
    """The largest difference of a measure between the groups that are large enough."""

    grouping: str
    measure: str
    value: float
    low: float
    high: float
    """95 %, simultaneous over all pairs of groups."""
    floor: float
    floor_high: float
    """Mean and 95th percentile of what groups show that were drawn at random."""
    least: str
    most: str
    """The groups at its ends."""
    p: float
    verdict: str
    left_out: tuple[str, ...]
    """Groups with too few data."""


@dataclass(frozen=True)
class Permuted:
    """What each measure is in each group when groups are dealt out at random; index of both: (grouping, measure)."""

    seen: Mapping[tuple[int, int], NDArray[np.float64]]
    """[G], as the data are."""
    drawn: Mapping[tuple[int, int], NDArray[np.float64]]
    """[permutations, G]."""


def permuted(groupings: Sequence[Grouping], measures: Sequence[Measure], block: int, seed: int) -> Permuted:
    """Every measure in every group, as it is and under permuted groups.

    One permutation serves all groupings and measures, so that their dependence is kept. Where `block` neighbours hang
    together (windows of a series), blocks of that many labels are dealt out, from a random start.
    """
    draw = np.random.default_rng(seed)
    length = len(measures[0].rows)
    order = [np.arange(length), *(shuffled(length, block, draw) for _ in range(PERMUTATIONS))]
    found = {}
    for place, grouping in enumerate(groupings):
        codes = [grouping.codes[one] for one in order]
        for index, measure in enumerate(measures):
            found[place, index] = np.stack([values(measure, one, len(grouping.labels)) for one in codes])
    return Permuted({key: one[0] for key, one in found.items()}, {key: one[1:] for key, one in found.items()})


def shuffled(length: int, block: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """A permutation of [length] in whole blocks of neighbours, counted round the end from a random start."""
    if block <= 1:
        return draw.permutation(length)
    round_about = np.roll(np.arange(length), int(draw.integers(length)))
    pieces = [round_about[start : start + block] for start in range(0, length, block)]
    return np.concatenate([pieces[place] for place in draw.permutation(len(pieces))])


def values(measure: Measure, codes: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """A measure in each group [G]; NaN where a group has no value."""
    if measure.summed:
        return mean_rows(measure.rows, codes, groups)
    return np.array([measure.value(measure.rows[codes == code]) for code in range(groups)])


def judge(
    groupings: Sequence[Grouping], measures: Sequence[Measure], fewest: int, seed: int
) -> tuple[list[Cell], list[Spread], dict[tuple[str, str], NDArray[np.float64]]]:
    """Every measure in every group, with a verdict on each and on the largest difference within each grouping; and
    these differences under permuted groups, (grouping, measure) -> [permutations].

    A cell's distance is |value - mean| / deviation under permutation; its p is how often the LARGEST distance of all
    tested cells is as large by chance (max-T, Westfall and Young 1993), so that the whole audit calls a gap that is
    none in at most 5 of 100 cases. Groups with fewer than `fewest` examples behind a value are never tested.
    """
    block = max((one.metric.block(one.rows) for one in measures if one.metric is not None), default=1)
    chance = permuted(groupings, measures, block, seed)
    keys = list(chance.seen)
    counts = {key: counted(groupings[key[0]], measures[key[1]]) for key in keys}
    enough = {key: (counts[key] >= fewest * block) & np.isfinite(chance.seen[key]) for key in keys}
    enough = {key: one & (one.sum() > 1) for key, one in enough.items()}  # a lone group has nobody to differ from
    p = corrected(chance, enough)
    cells, spreads, gaps = [], [], {}
    for key in keys:
        grouping, measure = groupings[key[0]], measures[key[1]]
        mine = [
            cell(grouping, measure, code, (counts[key][code], p[key][code], chance.drawn[key][:, code]))
            for code in range(len(grouping.labels))
        ]
        cells += mine
        gaps[grouping.name, measure.name] = widths(chance.drawn[key][:, enough[key]])
        spreads.append(spread(mine, gaps[grouping.name, measure.name]))
    return cells, spreads, gaps


def counted(grouping: Grouping, measure: Measure) -> NDArray[np.int64]:
    """Examples behind the measure in each group [G]."""
    return np.array([measure.count(measure.rows[grouping.codes == code]) for code in range(len(grouping.labels))])


def corrected(
    chance: Permuted, enough: Mapping[tuple[int, int], NDArray[np.bool_]]
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """p of each cell [G] by max-T over all cells with enough data; NaN for the others."""
    distances, drawn = {}, [np.zeros(PERMUTATIONS)]
    for key, values_drawn in chance.drawn.items():
        known = np.isfinite(values_drawn)
        mean = np.where(known, values_drawn, 0).sum(0) / np.maximum(known.sum(0), 1)
        apart = np.where(known, values_drawn - mean, 0)
        deviation = np.sqrt(np.square(apart).sum(0) / np.maximum(known.sum(0) - 1, 1))
        scale = np.where(deviation > 1e-12 * np.maximum(1, np.abs(mean)), deviation, np.inf)
        distances[key] = np.abs(np.nan_to_num(chance.seen[key] - mean)) / scale
        if enough[key].any():
            drawn.append((np.abs(apart) / scale)[:, enough[key]].max(1))
    largest = np.max(drawn, axis=0)
    found = {}
    for key, distance in distances.items():
        beaten = (largest[:, None] >= distance - 1e-9).sum(0)
        found[key] = np.where(enough[key], (1 + beaten) / (1 + PERMUTATIONS), np.nan)
    return found


def cell(grouping: Grouping, measure: Measure, code: int, judged: tuple[int, float, NDArray[np.float64]]) -> Cell:
    """One measure in one group; `judged` = examples behind it, p (NaN where they are too few), values by chance."""
    count, p, drawn = judged
    enough, known = np.isfinite(p), drawn[np.isfinite(drawn)]
    inside = grouping.codes == code
    value = measure.value(measure.rows[inside])
    low, high = measure.interval(measure.rows[inside], code) if enough else (float("nan"), float("nan"))
    verdict = FEW if not enough else GAP if p <= LEVEL else NONE
    others = measure.value(measure.rows[~inside])
    ends = np.percentile(known, [2.5, 97.5]) if len(known) else np.full(2, np.nan)
    return Cell(
        grouping.name, grouping.labels[code], measure.name, measure.percent, value, low, high, others,
        float(ends[0]), float(ends[1]), int(count), float(p), verdict,
    )  # fmt: skip


def widths(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest differences [permutations] between groups [permutations, G]; NaN where nothing is known."""
    known = np.isfinite(drawn)
    least, most = (
        np.where(known, drawn, np.inf).min(1, initial=np.inf),
        np.where(known, drawn, -np.inf).max(1, initial=-np.inf),
    )
    return np.where(known.any(1), most - least, np.nan)


def spread(cells: Sequence[Cell], gaps: NDArray[np.float64]) -> Spread:
    """The largest difference between groups with enough data; `gaps` [permutations] are those of permuted groups."""
    judged = [one for one in cells if one.verdict != FEW]
    few = tuple(one.group for one in cells if one.verdict == FEW)
    first = cells[0]
    if not judged:
        nothing = float("nan")
        return Spread(
            first.grouping, first.measure, nothing, nothing, nothing, nothing, nothing, "", "", nothing, FEW, few
        )
    least, most = min(judged, key=lambda one: one.value), max(judged, key=lambda one: one.value)
    low, high = within([one.value for one in judged], [error(one) for one in judged], 1)
    p = min(one.p for one in judged)
    return Spread(
        first.grouping, first.measure, most.value - least.value, low, high,
        float(gaps.mean()), float(np.percentile(gaps, 95)), least.group, most.group,
        p, GAP if p <= LEVEL else NONE, few,
    )  # fmt: skip


def error(one: Cell) -> float:
    """Standard error, from the width of the interval; NaN where there is none."""
    return float((one.high - one.low) / (2 * ndtri(0.975)))


def within(found: Sequence[float], errors: Sequence[float], families: int) -> tuple[float, float]:
    """95 % interval of the largest difference between any two of `found`, simultaneous (Bonferroni) over all pairs of
    all `families` of such numbers. Unlike a percentile bootstrap it is not pushed up by the choice of the largest.
    """
    pairs = list(combinations(range(len(found)), 2))
    if not pairs or not np.isfinite(errors).all():
        return float("nan"), float("nan")
    reach = float(ndtri(1 - 0.025 / (len(pairs) * families)))
    ends = [(abs(found[one] - found[two]), reach * float(np.hypot(errors[one], errors[two]))) for one, two in pairs]
    return max(0.0, *(gap - room for gap, room in ends)), max(gap + room for gap, room in ends)
