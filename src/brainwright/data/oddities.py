"""Oddities: strange values inside columns, and rows that contradict each other."""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from brainwright.data import duplicates
from brainwright.data import values as cells
from brainwright.data.columns import missing
from brainwright.data.finding import Finding, Flaw, Severity, named, shortened
from brainwright.data.table import Column, Kind, Table

FAR, ABSURD = 12.0, 1000.0  # spreads of the middle half beyond which a repeated number is a code, a single one absurd
REPEATS = 0.002  # part of the rows that a code takes at least, and no fewer than
FEWEST = 5
STRAY = 0.3  # part of a column's cells that may be of another kind than all others
ENOUGH = 50  # numbers from which their spread is known
EPOCH = np.datetime64("1970-01-01T00:00:00", "s")
EARLIEST = np.datetime64("1800-01-01T00:00:00", "s")
LATEST = np.datetime64("2200-01-01T00:00:00", "s")
BROKEN = re.compile("\ufffd|Ã[\u0080-\u00bf©¨¼¶¤±³¡­]|â€[\u0080-\u00bf™œ“”˜¦]|Â[\u00a0-\u00bf]|ï»¿")
SPACES = re.compile(r"\s+")


def oddities(table: Table, target: str) -> Iterator[Finding]:
    """Everything odd; whole columns at once."""
    for name, column in table.columns.items():
        if column.kind == Kind.NUMBER and name != target:
            yield from sizes(table, name, column)
        elif column.kind == Kind.DATE:
            yield from days(table, name, column)
        elif column.kind in (Kind.CATEGORY, Kind.TEXT):
            yield from letters(table, name, column)
        if column.kind == Kind.CATEGORY:
            yield from spellings(table, name, column)
        if column.kind in (Kind.CATEGORY, Kind.TEXT) and name != target:
            yield from mixed(table, name, column)
    yield from contradictions(table, target)


def sizes(table: Table, name: str, column: Column) -> Iterator[Finding]:
    """Numbers far from all others: one that repeats stands for something else, single ones were mistyped."""
    values = column.values
    there = np.flatnonzero(np.isfinite(values))
    if len(there) < ENOUGH:
        return
    low, middle, high = np.percentile(values[there], [25, 50, 75])
    others = values[there[values[there] != middle]]  # mostly one number: the spread is that of all others
    if low == high and len(others) >= ENOUGH:
        low, high = np.percentile(others, [25, 75])
    spread = high - low
    if not spread:
        return
    off = np.abs(values[there] - middle) / spread
    far, counts = np.unique(values[there[off > FAR]], return_counts=True)
    wanted = max(FEWEST, REPEATS * len(there))
    codes = [value for value, count in zip(far, counts, strict=True) if count >= wanted and alone(value, far, middle)]
    for value in codes:
        rows = np.flatnonzero(values == value)
        text = f"column {name!r} is {value:g} in {len(rows):,} rows, far from all else ({named(table, rows)})"
        yield Finding(Flaw.CODES, Severity.WARN, f"{text}: if it stands for a missing value, empty these cells", rows)
    rows = there[(off > ABSURD) & ~np.isin(values[there], codes)]
    if 0 < len(rows) < wanted:
        what = f"column {name!r} has {len(rows):,} numbers out of all proportion ({named(table, rows)}"
        yield Finding(
            Flaw.ABSURD, Severity.WARN, f"{what}: {shortened(values[rows])}); mend or empty these cells", rows
        )


def alone(value: float, far: NDArray[np.float64], middle: float) -> bool:
    """Whether no other far number is as near as half way to the middle: a long tail has neighbours, a code has none."""
    return int((np.abs(far - value) <= abs(value - middle) / 2).sum()) == 1


def days(table: Table, name: str, column: Column) -> Iterator[Finding]:
    """Dates that no calendar of today means, and the first moment of 1970 again and again."""
    values, there = column.values, ~missing(column)
    rows = np.flatnonzero(there & ((values < EARLIEST) | (values > LATEST)))
    if len(rows):
        text = f"column {name!r} has {len(rows):,} dates before 1800 or after 2200 ({named(table, rows)})"
        yield Finding(Flaw.DATES, Severity.WARN, f"{text}; mend or empty these cells", rows)
    zeros = np.flatnonzero(values == EPOCH)
    if len(zeros) >= FEWEST and len(zeros) < there.sum() / 2:
        text = f"column {name!r} is 1970-01-01 in {len(zeros):,} rows ({named(table, zeros)})"
        yield Finding(
            Flaw.DATES, Severity.WARN, f"{text}: an empty time was likely written as zero; empty these cells", zeros
        )


def letters(table: Table, name: str, column: Column) -> Iterator[Finding]:
    """Text that was read in one encoding and written in another."""
    words = pd.Series(column.values, dtype=object)
    bad = words.map(lambda one: isinstance(one, str) and BROKEN.search(one) is not None)
    rows = np.flatnonzero(bad.to_numpy(bool))
    if len(rows):
        text = f"{name!r} has broken letters in {len(rows):,} rows ({named(table, rows)})"
        yield Finding(Flaw.LETTERS, Severity.WARN, f"{text}: save the file as UTF-8 from its source", rows)


def spellings(table: Table, name: str, column: Column) -> Iterator[Finding]:
    """Classes that differ by capitals, spaces or the way an accent is written, and so count as different."""
    words = [str(word) for word in pd.unique(column.values[~missing(column)])]
    alike: dict[str, list[str]] = {}
    for word in words:
        alike.setdefault(SPACES.sub(" ", unicodedata.normalize("NFKC", word)).strip().casefold(), []).append(word)
    twice = [group for group in alike.values() if len(group) > 1]
    if twice:
        rows = np.flatnonzero(np.isin(column.values.astype(str), [word for group in twice for word in group[1:]]))
        told = "; ".join(" and ".join(map(repr, group)) for group in twice[:3])
        text = f"column {name!r} writes the same in different ways: {told} ({named(table, rows)})"
        yield Finding(Flaw.SPELLINGS, Severity.WARN, f"{text}; they count as different classes: write them alike", rows)


def contradictions(table: Table, target: str) -> Iterator[Finding]:
    """Rows with the same inputs and different classes."""
    if target not in table.columns or table[target].kind != Kind.CATEGORY or len(table.columns) < 2:
        return
    keys, repeats = duplicates.telling(duplicates.row_keys(table, target))
    if repeats:
        return
    codes = pd.factorize(table[target].values)[0]
    frame = pd.DataFrame({"key": keys, "code": codes})[codes >= 0]
    counts = frame.groupby("key")["code"].transform("nunique")
    rows = frame.index[counts > 1].to_numpy(np.int64)
    if len(rows):
        text = f"{len(rows):,} rows have the same inputs as others and another {target!r} ({named(table, rows)})"
        yield Finding(
            Flaw.CONTRADICTIONS, Severity.WARN, f"{text}; one of them is wrong, or the inputs cannot tell", rows
        )


def mixed(table: Table, name: str, column: Column) -> Iterator[Finding]:
    """A few words among numbers or dates: the whole column was read as words because of them."""
    there = np.flatnonzero(~missing(column))
    if len(there) < ENOUGH:
        return
    strings = pa.array(column.values[there], pa.large_string())
    for what, fitting in (
        ("numbers", cells.fits(strings, cells.NUMBER)),
        ("dates", cells.fits(strings, cells.ANY_DATE)),
    ):
        fits = fitting.to_numpy(zero_copy_only=False).astype(bool)
        rows = there[~fits]
        if not 0 < len(rows) <= STRAY * len(there):
            continue
        text = f"column {name!r} holds {what} but in {len(rows):,} rows ({named(table, rows)}"
        text += f": {shortened(dict.fromkeys(column.values[rows]))}), so all of it was read as {column.kind}"
        yield Finding(Flaw.MIXED, Severity.WARN, f"{text}; mend or empty these cells", rows)
        return
