"""Stretches: neighbouring rows that are unlike all others: in other units, copied, or with answers of other rows."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data import duplicates
from brainwright.data.columns import is_identifier, missing
from brainwright.data.finding import Finding, Flaw, Severity, named
from brainwright.data.table import Column, Kind, Table

BLOCKS = 40  # pieces in which rows are compared
FEWEST = 200  # rows, below which pieces would say nothing
PART = 1 / 3  # of the rows, which a stretch may take at most
MODEST = 1.5  # times, below which a stretch is of another place or time: miles and Fahrenheit begin at 1.6
MILD, LONG = 3.0, 0.08  # times, below which only a stretch of so much of the rows is in other units: seasons pass
HUGE = 8.0  # times what others hardly reach, where they drift
RUN = 8  # rows in a row that two stretches must share to be copies
MOST_ROWS, MOST_CLASSES = 4_000, 50  # that the quick model of the answers learns
BINS, WORDS, TOKENS = 8, 12, 500  # parts of a number, values of a category, words of texts that it sees
RIDGE = 3.0  # its penalty
WINDOWS = (0.02, 0.05, 0.1, 0.2)  # parts of the rows that are looked at as one
SHORTEST = 15  # rows of such a window at least
SURE = 6.0  # deviations that right answers must fall short in it
FALL = 0.65  # and at most this part of what is right elsewhere


def stretches(table: Table, target: str, names: Sequence[str]) -> Iterator[Finding]:
    """Everything, in the order in which the rows stand."""
    if len(table) < FEWEST:
        return
    for name in table.kinds(Kind.NUMBER):
        if not is_identifier(name, table[name]):
            yield from shifted(table, name, table[name])
    yield from repeated(table, target)
    if target in table.columns and table[target].kind == Kind.CATEGORY:
        yield from unlike(table, target, names)


def shifted(table: Table, name: str, column: Column) -> Iterator[Finding]:
    """A stretch in another unit: beyond all other rows, or many times as far from the middle as they ever are."""
    rows = np.flatnonzero(np.isfinite(column.values))
    if len(rows) < FEWEST:
        return
    values = column.values[rows]
    edges = np.linspace(0, len(rows), BLOCKS + 1).astype(int)
    inside = raised(values, edges)
    inside = inside if len(inside) else raised(np.abs(values - np.median(values)), edges, HUGE)
    if not len(inside):
        return
    here, others = np.median(values[inside]), np.median(np.delete(values, inside))
    least = MODEST if len(inside) > LONG * len(rows) else MILD
    if abs(here) > least * abs(others) or abs(here) < abs(others) / least:
        factor = f", about {here / others:.3g} times the others" if others else ""
        text = f"column {name!r} is of another size in a stretch of {len(inside):,} rows{factor}"
        text += f" ({named(table, rows[inside])}); see that all rows are in one unit"
        yield Finding(Flaw.SHIFTED, Severity.WARN, text, rows[inside])


def raised(values: NDArray[np.float64], edges: NDArray[np.int64], times: float = 0.0) -> NDArray[np.int64]:
    """Places [M] of a stretch beyond all else; none where there is not one such stretch, and no longer than a third.

    Of pieces between edges, the middle four fifths must lie apart from those of all others, which must be alike; or,
    with `times`, their middle must be so many times what others hardly reach.
    """
    low, middle, high = np.array([np.percentile(values[a:b], (10, 50, 90)) for a, b in pairwise(edges)]).T
    floor, centre, roof = np.median(low), np.median(middle), np.median(high)
    off = middle > times * roof if times else (low > roof) | (high < floor)
    alike = np.abs(middle - centre) <= (roof - floor) / 2
    found = np.flatnonzero(off)
    if roof == floor or not len(found) or len(found) > PART * BLOCKS or len(found) != found[-1] - found[0] + 1:
        return found[:0]
    if not times and (not (alike | off).all() or alike.mean() < 1 - PART):
        return found[:0]
    above = middle[found[0]] > centre
    limit = (roof + low[found].min()) / 2 if above else (floor + high[found].max()) / 2
    limit = times * roof if times else limit
    near = np.arange(edges[max(0, found[0] - 1)], edges[min(BLOCKS, found[-1] + 2)])
    beyond = near[values[near] > limit] if above else near[values[near] < limit]
    return np.arange(beyond[0], beyond[-1] + 1)


def repeated(table: Table, target: str) -> Iterator[Finding]:
    """A stretch of rows that stands twice, whatever its dates say."""
    keys, often = duplicates.telling(duplicates.row_keys(table.without(*table.kinds(Kind.DATE)), target))
    if often or len(keys) < 2 * RUN:
        return
    codes = pd.factorize(keys)[0].astype(np.uint64)
    runs = np.zeros(len(codes) - RUN + 1, np.uint64)
    for step in range(RUN):
        runs = runs * duplicates.MIX + codes[step : step + len(runs)]
    lively = np.lib.stride_tricks.sliding_window_view(codes, RUN)
    lively = (lively != lively[:, :1]).any(1)
    again = np.flatnonzero(pd.Series(runs).duplicated().to_numpy() & lively)
    if len(again):
        rows = np.unique(again[:, None] + np.arange(RUN))
        text = f"{len(rows):,} rows repeat an earlier stretch one by one ({named(table, rows)})"
        yield Finding(Flaw.REPEATED, Severity.WARN, f"{text}; take them out if they were pasted twice", rows)


def unlike(table: Table, target: str, names: Sequence[str]) -> Iterator[Finding]:
    """A stretch where a quick model of the other rows is right far less often than elsewhere, class by class."""
    rows = np.flatnonzero(~missing(table[target]))
    rows = rows[:: max(1, -(-len(rows) // MOST_ROWS))]
    codes, words = pd.factorize(table[target].values[rows])
    inputs = [seen(table[name], rows) for name in names if name in table.columns]
    inputs = [one for one in inputs if one.shape[1]]
    if len(rows) < FEWEST or not 2 <= len(words) <= MOST_CLASSES or not inputs:
        return
    right = crossed(np.concatenate(inputs, 1), np.asarray(codes, np.int64)).astype(np.float64)
    usual = np.bincount(codes, right) / np.bincount(codes)
    short = usual[codes] - right
    deviation = short.std()
    if not deviation:
        return
    worst, where = SURE, slice(0, 0)
    for part in WINDOWS:
        width = max(SHORTEST, int(part * len(rows)))
        sums = np.convolve(short, np.ones(width), "valid") / (deviation * np.sqrt(width))
        start = int(sums.argmax())
        if sums[start] > worst and right[start : start + width].mean() < FALL * right.mean():
            worst, where = sums[start], slice(start, start + width)
    inside = rows[where]
    if len(inside):
        text = f"in a stretch of rows ({named(table, inside[[0]])} to {table.where(int(inside[-1]))})"
        text += f" {target!r} does not follow from the inputs as elsewhere"
        says = f"a quick model is right in {right[where].mean():.0%}, elsewhere in {right.mean():.0%}"
        whole = np.arange(inside[0], inside[-1] + 1)
        yield Finding(Flaw.LABELS, Severity.WARN, f"{text}: {says}; see whether its labels were exchanged", whole)


def seen(column: Column, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """A column as zeros and ones for a linear model [M, D]; nothing of pictures, dates and identifiers."""
    values = column.values[rows]
    if column.kind == Kind.NUMBER:
        known = values[np.isfinite(values)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else known
        cells = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
    elif column.kind == Kind.CATEGORY:
        cells = np.asarray(pd.factorize(values)[0], np.int64)
        cells = np.argsort(np.argsort(-np.bincount(cells + 1), kind="stable"), kind="stable")[cells + 1]
        cells = np.where(cells < WORDS, cells, -1)
    elif column.kind == Kind.TEXT:
        return tokens(values)
    else:
        return np.zeros((len(rows), 0), np.float32)
    return np.asarray(cells[:, None] == np.unique(cells[cells >= 0]), np.float32)


def tokens(values: NDArray[np.object_]) -> NDArray[np.float32]:
    """Which of the commonest words each text holds [M, D]."""
    words = pd.Series(values, dtype=object).fillna("").astype(str).str.lower().str.findall(r"\w+").explode()
    codes, known = pd.factorize(words)
    place = words.index.to_numpy()[codes >= 0]
    codes = codes[codes >= 0]
    common = np.argsort(-np.bincount(codes, minlength=len(known)), kind="stable")[:TOKENS]
    column = np.full(len(known), -1)
    column[common] = np.arange(len(common))
    held = np.zeros((len(values), len(common)), np.float32)
    kept = column[codes] >= 0
    held[place[kept], column[codes[kept]]] = 1
    return held


def crossed(inputs: NDArray[np.float32], codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether ridge regression on the classes is right [M]: each half is judged by what the other half taught."""
    half = np.random.default_rng(0).permutation(len(codes)) % 2 == 0
    aims = np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]
    right = np.zeros(len(codes), bool)
    for train, test in ((half, ~half), (~half, half)):
        mean, level = inputs[train].mean(0), aims[train].mean(0)
        centred = inputs[train] - mean
        penalty = RIDGE * np.eye(inputs.shape[1], dtype=np.float32)
        weights = np.linalg.solve(centred.T @ centred + penalty, centred.T @ (aims[train] - level))
        right[test] = ((inputs[test] - mean) @ weights + level).argmax(1) == codes[test]
    return right
