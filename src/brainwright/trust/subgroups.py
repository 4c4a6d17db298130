"""Subgroups: who else fares worse: corners of the data that nobody named, found on one share, confirmed on another."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from brainwright.data.columns import missing
from brainwright.data.table import Column, Kind

BINS = 4  # of a number or date
VALUES = 12  # of a category, the most frequent
SMALLEST = 0.03  # of the examples
FEWEST = 30  # examples of the searching share
CANDIDATES = 10  # that the other share is asked about
BEAM = 40  # pairs that are tried with a third condition
ALIKE = 0.7  # share of two corners' examples from which one tells of the other
LEVEL = 0.05


@dataclass(frozen=True)
class Condition:
    """A value or a range of one column."""

    column: str
    words: str
    rows: NDArray[np.bool_]
    """[rows of the table]."""


@dataclass(frozen=True)
class Corner:
    """Examples that share one to three conditions and fare worse than all others, on examples that played no part in
    finding it.
    """

    name: str
    share: float
    """Of the examples."""
    count: int
    harm: float
    others: float
    low: float
    """95 % interval of harm - others."""
    high: float
    p: float
    """One-sided, corrected for all that were asked about (Holm 1979)."""
    confirmed: bool


def conditions(columns: Mapping[str, Column], train: NDArray[np.int64]) -> list[Condition]:
    """Single conditions: quartiles of numbers and dates in the training rows, frequent categories, missing cells."""
    found = []
    for name, column in columns.items():
        gaps = missing(column)
        if gaps.any():
            found.append(Condition(name, f"{name} missing", gaps))
        if column.kind == Kind.CATEGORY:
            texts = column.values.astype(str)
            words, counts = np.unique(texts[train][~gaps[train]], return_counts=True)
            often = words[np.argsort(-counts, kind="stable")[:VALUES]]
            found += [Condition(name, f"{name} = {word}", (texts == word) & ~gaps) for word in often]
        elif column.kind in (Kind.NUMBER, Kind.DATE):
            found += ranges(name, column, gaps, train)
    return found


def ranges(name: str, column: Column, gaps: NDArray[np.bool_], train: NDArray[np.int64]) -> list[Condition]:
    """Quartiles; of few different numbers each."""
    cells = column.values
    known = np.sort(cells[train][~gaps[train]])
    if not len(known):
        return []
    edges = np.unique(known[(np.arange(1, BINS) * len(known)) // BINS])
    edges = edges[edges > known[0]]
    words = [str(edge)[:10] if column.kind == Kind.DATE else f"{edge:g}" for edge in edges]
    codes = np.searchsorted(edges, cells, side="right")
    told = [f"{name} below {words[0]}"] if words else []
    told += [f"{name} from {low} to below {high}" for low, high in itertools.pairwise(words)]
    told += [f"{name} from {words[-1]}"] if words else []
    return [Condition(name, text, (codes == code) & ~gaps) for code, text in enumerate(told)]


def candidates(
    every: Sequence[Condition], rows: NDArray[np.int64], harm: NDArray[np.float64], block: int
) -> list[tuple[int, ...]]:
    """Which conditions together have the most surely higher harm, the surest first: places in `every`.

    All single ones and pairs, and the best pairs with a third one, by Welch's t of inside against outside; corners
    that hold mostly the same examples are named once. `harm` [N] of the examples at `rows` of the table.
    """
    inside = np.stack([one.rows[rows] for one in every], 1).astype(np.float32)
    owner = np.unique([one.column for one in every], return_inverse=True)[1]
    fewest = max(SMALLEST * len(rows), FEWEST * block)
    apart = owner[:, None] != owner[None, :]
    pairs = np.triu(surely(inside, inside, harm, fewest) * apart)
    singles = np.diag(surely(inside, inside, harm, fewest))
    ranked: list[tuple[float, tuple[int, ...]]] = [(float(t), (place,)) for place, t in enumerate(singles)]
    places = np.argsort(-pairs, axis=None)[: 10 * BEAM]
    both = [tuple(int(one) for one in np.unravel_index(place, pairs.shape)) for place in places]
    ranked += [(float(pairs[one]), one) for one in both]
    beam = np.array(both[:BEAM])
    products = inside[:, beam[:, 0]] * inside[:, beam[:, 1]]
    triples = surely(products, inside, harm, fewest) * (apart[beam[:, 0]] & apart[beam[:, 1]])
    for place in np.argsort(-triples, axis=None)[: 10 * BEAM]:
        pair, third = np.unravel_index(place, triples.shape)
        ranked.append((float(triples[pair, third]), (*both[pair], int(third))))
    return apart_enough(sorted(ranked, key=lambda one: (-one[0], len(one[1]))), inside > 0)


def surely(
    one: NDArray[np.float32], other: NDArray[np.float32], harm: NDArray[np.float64], fewest: float
) -> NDArray[np.float64]:
    """Welch's t of the harm inside each product of a column of `one` [N, I] and of `other` [N, J] against outside it:
    [I, J]; 0 where fewer than `fewest` examples are inside or outside.
    """
    first, second = (harm - harm.mean()), np.square(harm - harm.mean())
    count = (one.T @ other).astype(np.float64)
    total = ((one * first[:, None].astype(np.float32)).T @ other).astype(np.float64)
    squares = ((one * second[:, None].astype(np.float32)).T @ other).astype(np.float64)
    rest = len(harm) - count
    fine = (count >= fewest) & (rest >= fewest)
    count, rest = np.maximum(count, 1), np.maximum(rest, 1)
    inside, outside = total / count, -total / rest  # the centred harm sums to zero
    spread_in = np.maximum(squares / count - inside**2, 0) / count
    spread_out = np.maximum((second.sum() - squares) / rest - outside**2, 0) / rest
    scale = np.sqrt(spread_in + spread_out)
    return np.where(fine & (scale > 0), (inside - outside) / np.where(scale > 0, scale, 1), 0.0)


def apart_enough(ranked: Sequence[tuple[float, tuple[int, ...]]], inside: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """The first of those that hold mostly the same examples, CANDIDATES at most, all with more harm than the rest."""
    kept: list[tuple[int, ...]] = []
    taken: list[NDArray[np.bool_]] = []
    for t, places in ranked:
        mine = np.asarray(inside[:, list(places)].all(1))
        if t > 0 and all((mine & one).sum() < ALIKE * (mine | one).sum() for one in taken):
            kept.append(places)
            taken.append(mine)
        if len(kept) == CANDIDATES:
            break
    return kept


def confirm(
    every: Sequence[Condition],
    asked: Sequence[tuple[int, ...]],
    rows: NDArray[np.int64],
    harm: NDArray[np.float64],
    block: int,
) -> list[Corner]:
    """Ask fresh examples about each candidate; where `block` neighbours hang together, errors grow by its root."""
    found = []
    for places in asked:
        inside = np.logical_and.reduce([every[place].rows[rows] for place in places])
        mine, rest = harm[inside], harm[~inside]
        fit = min(len(mine), len(rest)) >= FEWEST * block
        error = float(np.sqrt(block * (mine.var() / len(mine) + rest.var() / len(rest)))) if fit else float("inf")
        apart = float(mine.mean() - rest.mean()) if fit else float("nan")
        p = float(ndtr(-apart / error)) if fit and error > 0 else 1.0
        found.append((places, inside.mean(), len(mine), mine, rest, apart, error, p))
    order = np.argsort([one[-1] for one in found], kind="stable")
    holm = np.maximum.accumulate([min(1.0, found[place][-1] * (len(found) - rank)) for rank, place in enumerate(order)])
    corners = []
    for rank, place in enumerate(order):
        places, share, count, mine, rest, apart, error, _ = found[place]
        name = " & ".join(every[one].words for one in places)
        ends = (apart - 1.96 * error, apart + 1.96 * error)
        means = [float(one.mean()) if len(one) else float("nan") for one in (mine, rest)]
        p = float(holm[rank])
        corners.append(Corner(name, float(share), count, means[0], means[1], *ends, p, p <= LEVEL))
    return corners


def search(
    columns: Mapping[str, Column],
    train: NDArray[np.int64],
    shares: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]],
    block: int = 1,
) -> list[Corner]:
    """Corners found on the first of two shares (rows of the table, harm of each) and judged on the second."""
    every = conditions(columns, train)
    if len({one.column for one in every}) < 2:
        return []
    (rows, harm), (fresh, judged) = shares
    asked = candidates(every, rows, harm, block)
    return confirm(every, asked, fresh, judged, block) if asked else []
