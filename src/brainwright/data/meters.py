"""Meters: rows that stand on a regular grid of times: out of order, twice, missing, or a meter that stood still."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.columns import missing
from brainwright.data.finding import Finding, Flaw, Severity, named
from brainwright.data.pace import Pace, pace_of
from brainwright.data.table import Kind, Table

FEWEST = 50  # rows, below which no grid is known
UNIQUE = 0.9  # part of the rows whose moment no other row of the series has
SOME = 0.3  # part of the rows that may be out of order: more were never in order
STILL = 12  # equal readings in a row, at least, before a meter is said to stand still
LEAP = 2.5  # times the largest other step, by which a meter leaps away and back again
TIMES = 3  # longer than chance explains, by so much


@dataclass(frozen=True)
class Grid:
    """Rows with a moment, one series after another, each in order of time."""

    name: str
    """Of the column of dates."""
    rows: NDArray[np.int64]  # [M] of the table
    series: NDArray[np.int64]  # [M]
    times: NDArray[np.datetime64]  # [M] datetime64[s]
    pace: Pace


def series(table: Table, target: str) -> Iterator[Finding]:
    """What is strange about the first column of dates that makes a grid, and the numbers on it."""
    found = next((grid for name in table.kinds(Kind.DATE) if (grid := grid_of(table, name, target))), None)
    if found is None:
        return
    yield from unsorted(table, found)
    yield from moments(table, found)
    for name in table.kinds(Kind.NUMBER):
        yield from stuck(table, name, found)
        yield from moved(table, name, found)


def grid_of(table: Table, name: str, target: str) -> Grid | None:
    """The rows in order, if their dates are of one regular pace, in one series or in many that categories name."""
    there = np.flatnonzero(~missing(table[name]))
    if len(there) < FEWEST or len(there) < UNIQUE * len(table):
        return None
    times = table[name].values[there].astype("datetime64[s]")
    codes = np.zeros(len(there), np.int64)
    if len(np.unique(times)) < UNIQUE * len(there):
        words = [other for other in table.kinds(Kind.CATEGORY) if other != target]
        keys = {other: table[other].values[there].astype(str) for other in words}
        if not keys:
            return None
        codes = np.asarray(pd.DataFrame(keys).groupby(words).ngroup(), np.int64)
        if len(pd.DataFrame({"s": codes, "t": times}).drop_duplicates()) < UNIQUE * len(there):
            return None
    order = np.lexsort([times, codes])
    pace = pace_of(times[order])
    if pace.unit == "irregular" or (pace.unit == "second" and pace.count < 2):
        return None
    return Grid(name, there[order], codes[order], times[order], pace)


def unsorted(table: Table, grid: Grid) -> Iterator[Finding]:
    """Rows that step back in time where nearly all step forward, or forward where nearly all step back."""
    place = np.argsort(grid.rows)
    times, codes = grid.times[place], grid.series[place]
    steps = np.diff(times.astype(np.int64))
    steps[(np.diff(codes) != 0) | (np.diff(table.shares[grid.rows[place]]) != 0)] = 0
    back = steps < 0 if (steps > 0).sum() >= (steps < 0).sum() else steps > 0
    if 0 < back.sum() < SOME * len(steps):
        rows = grid.rows[place][1:][back]
        text = f"{len(rows):,} rows are out of the order of {grid.name!r} ({named(table, rows)})"
        yield Finding(Flaw.ORDER, Severity.WARN, f"{text}; they are put in order: see that their times are right", rows)


def moments(table: Table, grid: Grid) -> Iterator[Finding]:
    """Moments that stand twice, that are missing, and rows without one."""
    gaps = np.flatnonzero(missing(table[grid.name]))
    if len(gaps):
        text = f"{len(gaps):,} rows have no {grid.name!r} ({named(table, gaps)})"
        yield Finding(Flaw.DATES, Severity.WARN, f"{text}; write their time or take them out", gaps)
    same = np.diff(grid.series) == 0
    apart = np.diff(grid.pace.places(grid.times))
    twice = grid.rows[1:][same & (np.diff(grid.times.astype(np.int64)) == 0)]
    if len(twice):
        text = f"{len(twice):,} rows have a {grid.name!r} that another row has ({named(table, np.sort(twice))})"
        yield Finding(Flaw.TWICE, Severity.WARN, f"{text}; keep one of each", np.sort(twice))
    after = grid.rows[1:][same & (apart > 1)]
    if len(after):
        lost = int((apart[same & (apart > 1)] - 1).sum())
        text = f"{lost:,} rows of {grid.pace} are missing from {grid.name!r}, before {named(table, np.sort(after))}"
        yield Finding(Flaw.GAPS, Severity.WARN, f"{text}; a forecast fills them with the row before", np.sort(after))


def stuck(table: Table, name: str, grid: Grid) -> Iterator[Finding]:
    """The longest run of one reading, far longer than repeats come by chance; not of the commonest reading."""
    values = table[name].values[grid.rows]
    whole = np.where(np.isnan(values), np.inf, values)
    starts = np.flatnonzero(np.r_[True, (np.diff(whole, prepend=whole[0])[1:] != 0) | (np.diff(grid.series) != 0)])
    lengths = np.diff(np.r_[starts, len(values)])
    readings, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(readings) < FEWEST:
        return
    usual = readings[counts.argmax()] if counts.max() > SOME * counts.sum() else np.nan
    real = np.isfinite(values[starts]) & (values[starts] != usual) & (values[starts] != readings[0])
    if not real.any():
        return
    longest = int(np.where(real, lengths, 0).argmax())
    others = np.delete(lengths[real], int(np.flatnonzero(real).searchsorted(longest)))
    if lengths[longest] >= max(STILL, TIMES * others.max(initial=1)):
        rows = grid.rows[starts[longest] : starts[longest] + lengths[longest]]
        text = f"column {name!r} stands still at {values[starts[longest]]:g} for {len(rows):,} rows"
        yield Finding(
            Flaw.STUCK, Severity.WARN, f"{text} ({named(table, rows)}); empty these cells if it was a fault", rows
        )


def moved(table: Table, name: str, grid: Grid) -> Iterator[Finding]:
    """A stretch between two leaps, one away and one back, that are far larger than any other step."""
    values = table[name].values[grid.rows]
    steps = np.where(np.diff(grid.series) == 0, np.diff(values), 0.0)
    steps[~np.isfinite(steps)] = 0.0
    sizes = np.abs(steps)
    one, other = np.sort(np.argsort(sizes)[-2:])
    rest = np.delete(sizes, [one, other]).max(initial=0.0)
    if steps[one] * steps[other] >= 0 or min(sizes[one], sizes[other]) <= LEAP * rest or not rest:
        return
    if STILL <= other - one <= SOME * len(values) and grid.series[one] == grid.series[other]:
        rows = grid.rows[one + 1 : other + 1]
        text = f"column {name!r} leaps by {steps[one]:+.4g} and {len(rows):,} rows later by {steps[other]:+.4g}"
        text += f" ({named(table, rows)}); see that these rows are in the unit of all others"
        yield Finding(Flaw.SHIFTED, Severity.WARN, text, rows)
