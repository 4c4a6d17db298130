"""Timeline: rows of a table in order of time, one series after another, on a regular grid without gaps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.layouts import Layout
from brainwright.data.pace import Pace, pace_of
from brainwright.data.table import Table
from brainwright.errors import Fault

MOST_FILLED = 0.3  # share of a column that may be filled before a forecast says more about the filling than the data


@dataclass(frozen=True)
class Timeline:
    """T rows, the series one after another, each in order of time and of equal steps."""

    values: NDArray[np.float64]  # [T, C], filled: none is missing
    known: NDArray[np.bool_]  # [T, C], False where filled
    times: NDArray[Any]  # [T] datetime64[s], or the number of the row where there are no dates
    series: NDArray[np.int64]  # [T] number of the series
    rows: NDArray[np.int64]  # [T] row of the table; where one was put in, the row before it
    pace: Pace
    names: tuple[str, ...]  # of the C columns
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.series)

    def extended(self, steps: int) -> "Timeline":
        """Each series with `steps` more rows: their times are known, their values are not (NaN)."""
        ends = np.flatnonzero(np.diff(self.series, append=-1))
        copies = np.ones(len(self), np.int64)
        copies[ends] += steps
        source = np.repeat(np.arange(len(self)), copies)
        fresh = np.zeros(len(source), bool)
        fresh[1:] = source[1:] == source[:-1]
        times = self.times[source]
        times[fresh] = self.pace.after(self.times[ends], steps).ravel()
        values = np.where(fresh[:, None], np.nan, self.values[source])
        known = self.known[source] & ~fresh[:, None]
        return replace(
            self, values=values, known=known, times=times, series=self.series[source], rows=self.rows[source]
        )


def timeline(table: Table, layout: Layout) -> Timeline:
    """Sort, find the pace, put in what is missing from the grid, fill forward; every guess becomes a note.

    Raises:
        Fault: a row without a date, two rows of one series at one time, or too much that is missing.
    """
    series = codes(table, layout.series)
    times = table[layout.date].values.astype("datetime64[s]") if layout.date else np.arange(len(table))
    if layout.date and np.isnat(times).any():
        row = int(np.flatnonzero(np.isnat(times))[0])
        raise Fault(f"{table.where(row)} has no {layout.date!r}", "write the date or take the row out")
    order = np.lexsort([times, series])
    notes = [] if (np.diff(order) == 1).all() else [f"rows were put in order of {layout.key}"]
    times, series = times[order], series[order]
    same = np.diff(series) == 0
    twice = np.flatnonzero(same & (times[1:] == times[:-1]))
    if len(twice):
        one, other = order[twice[0]], order[twice[0] + 1]
        raise Fault(
            f"{table.where(int(max(one, other)))} has the same {layout.key} as "
            f"{table.where(int(min(one, other)))} ({times[twice[0]]})",
            "keep one of them, or add a column that tells the series apart",
        )
    pace = next(iter(layout.known), pace_of(times) if layout.date else Pace("row", 1))
    place, said = grid(times, series, pace)
    length = int(place[-1]) + 1
    real = np.zeros(length, bool)
    real[place] = True
    source = real.cumsum() - 1
    raw = np.stack([table[name].values.astype(np.float64) for name in layout.numbers], 1)[order][source]
    known = np.isfinite(raw) & real[:, None]
    notes += said + missing_notes(known[real], real, layout)
    filled = fill(raw, known, series[source])
    refuse_empty(filled, layout)
    return Timeline(
        values=filled,
        known=known,
        times=whole(times, series, source, pace),
        series=series[source],
        rows=order[source],
        pace=pace,
        names=layout.numbers,
        notes=tuple(notes),
    )


def codes(table: Table, names: Sequence[str]) -> NDArray[np.int64]:
    """The series of each row [N], numbered in sorted order of their names; all 0 where nothing tells them apart."""
    if not names:
        return np.zeros(len(table), np.int64)
    frame = pd.DataFrame({name: table[name].values.astype(str) for name in names})
    return np.asarray(frame.groupby(list(names), sort=True).ngroup(), np.int64)


def grid(times: NDArray[Any], series: NDArray[np.int64], pace: Pace) -> tuple[NDArray[np.int64], list[str]]:
    """The place of each row [N] among all rows of the whole grid, and what was noticed."""
    number = np.arange(len(times), dtype=np.int64)
    if pace.unit == "row":
        return number, []
    starts = np.flatnonzero(np.diff(series, prepend=-1))
    steps = np.ones(len(times), np.int64)
    if pace.unit != "irregular":
        steps[1:] = np.diff(pace.places(times))
    steps[starts] = 1  # a new series follows the one before without a gap
    seconds = np.diff(times.astype(np.int64))[np.diff(series) == 0]
    if pace.unit == "irregular" or (steps < 1).any():
        least, most = (str(Pace("second", int(one))) for one in (seconds.min(), seconds.max()))
        return number, [f"steps vary between {least} and {most}: rows are taken as equally spaced"]
    place = np.asarray(steps.cumsum() - 1, np.int64)
    gaps = int((steps > 1).sum())
    put = int(place[-1]) + 1 - len(times)
    if put > MOST_FILLED * len(place):
        worst = int(steps.argmax())
        raise Fault(
            f"{put:,} of {place[-1] + 1:,} rows are missing from a grid of {pace}, most after {times[worst - 1]}",
            "cut the data where the gap is, or sum it up to a longer step",
        )
    return place, [f"{gaps:,} gaps: {put:,} rows of {pace} were put in and filled forward"] if gaps else []


def whole(times: NDArray[Any], series: NDArray[np.int64], source: NDArray[np.int64], pace: Pace) -> NDArray[Any]:
    """The times of the whole grid: where a row was put in, the row before it and as many steps as it is behind."""
    given = times[source]
    behind = np.arange(len(source)) - np.searchsorted(source, source)
    put = behind > 0
    if put.any():
        ahead = pace.after(given[put], int(behind.max()))
        given[put] = ahead[np.arange(len(ahead)), behind[put] - 1]
    return given


def missing_notes(known: NDArray[np.bool_], real: NDArray[np.bool_], layout: Layout) -> list[str]:
    """What is missing in the rows that the user gave.

    Raises:
        Fault: a column with too little in it.
    """
    notes = []
    for name, missing in zip(layout.numbers, (~known).sum(0), strict=True):
        if missing > MOST_FILLED * len(known):
            raise Fault(
                f"{name!r} has {missing:,} of {len(known):,} values missing: too many to fill",
                "leave the column out, or repair it",
            )
        if missing:
            notes.append(f"{name!r}: {missing:,} missing values were filled forward for the past and not judged")
    return notes


def fill(raw: NDArray[np.float64], known: NDArray[np.bool_], series: NDArray[np.int64]) -> NDArray[np.float64]:
    """Missing values become the last known one of their series, or the first where none came before."""
    number = np.arange(len(raw))[:, None]
    last = np.maximum.accumulate(np.where(known, number, -1))
    first = np.minimum.accumulate(np.where(known, number, len(raw))[::-1])[::-1].clip(max=len(raw) - 1)
    ours = (last >= 0) & (series[last.clip(min=0)] == series[:, None])
    source = np.where(ours, last, first)
    filled = np.take_along_axis(raw, source, 0)
    return np.where(series[source] == series[:, None], filled, np.nan)


def refuse_empty(filled: NDArray[np.float64], layout: Layout) -> None:
    """Whatever is missing still belongs to a series that has no value at all.

    Raises:
        Fault: naming the column.
    """
    empty = np.isnan(filled).any(0)
    if empty.any():
        name = layout.numbers[int(empty.argmax())]
        raise Fault(f"{name!r} has no value in one of the series", "leave out the column or the series")
