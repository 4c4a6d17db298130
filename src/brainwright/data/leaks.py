"""Leaks: inputs that give the answer away: a column alone, the answer in other units or of later, a word of a text."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.columns import missing
from brainwright.data.finding import Finding, Flaw, Severity, named
from brainwright.data.splitting import ordering
from brainwright.data.table import Column, Kind, Table

FEWEST = 10  # rows with both an input and an answer
LEAK_REPEATS = 5  # a value must be seen so often on average before it can be said to give the target away
MANY_CLASSES = 50  # a number column with more different whole values is an amount
SAME_LINE = 0.999999  # correlation from which two columns are the same but for scale
CLOSE_LINE = 0.995  # correlation of ranks from which one amount is the other but for a little noise
NEARLY = 0.03  # part of the errors of always saying the commonest class that a leaking column may leave
BINS = 64  # equal parts of a number column
LATER = (1, 2, 3, 6, 12, 24)  # rows that a column may lie ahead of the answer
CLEAR = 0.998  # area under the curve from which a number tells two classes apart
SURE = 200  # rows from which a column that tells all cannot be chance or a simple lesson
MARKS = 2  # words seen at the ends of a text that are looked at as marks
ADVICE = "if it is known only once the answer is known, take it out"


def leaks(table: Table, target: str, names: Sequence[str]) -> Iterator[Finding]:
    """Every one of some input columns that tells the answer."""
    if target not in table.columns:
        return
    answer = table[target]
    dated = bool(ordering(table))
    codes = pd.factorize(answer.values)[0] if answer.kind in (Kind.CATEGORY, Kind.NUMBER) else np.zeros(0, np.int64)
    for name in names:
        if name not in table.columns or missing(table[name]).all() or not len(codes):
            continue
        column = table[name]
        if column.kind == Kind.TEXT and answer.kind == Kind.CATEGORY:
            yield from told(table, name, codes)
        elif column.kind == Kind.NUMBER and answer.kind == Kind.NUMBER and codes.max() > MANY_CLASSES:
            yield from scaled(name, column, answer)
            if dated:
                yield from ahead(name, column, answer)
        elif column.kind in (Kind.NUMBER, Kind.CATEGORY) and codes.max() >= 1:
            yield from alone(name, column, codes)


def finding(rows: int, text: str) -> Finding:
    """Stops where there are rows enough to be sure."""
    return Finding(Flaw.LEAK, Severity.STOP if rows >= SURE else Severity.WARN, f"{text}; {ADVICE}")


def scaled(name: str, column: Column, answer: Column) -> Iterator[Finding]:
    """The answer but for its scale, or but for a little noise."""
    both = ~np.isnan(column.values) & ~np.isnan(answer.values)
    one, other = column.values[both], answer.values[both]
    if len(one) < FEWEST or not one.std() or not other.std():
        return
    if abs(np.corrcoef(one, other)[0, 1]) > SAME_LINE:
        yield finding(len(one), f"column {name!r} is the target but for its scale")
    elif abs(np.corrcoef(ranks(one), ranks(other))[0, 1]) > CLOSE_LINE and len(one) >= SURE:
        yield finding(len(one), f"column {name!r} alone tells the target nearly to the last digit")


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in sorted order, equal values the same [N]."""
    return np.asarray(pd.Series(values).rank(), np.float64)


def ahead(name: str, column: Column, answer: Column) -> Iterator[Finding]:
    """What the answer will be some rows later: the future, written into the past."""
    for rows in LATER:
        if len(column) <= rows + SURE:
            return
        early, late = column.values[:-rows], answer.values[rows:]
        both = np.isfinite(early) & np.isfinite(late)
        if both.sum() >= SURE and (early[both] == late[both]).mean() > CLOSE_LINE and early[both].std():
            yield finding(len(early), f"column {name!r} is the target of {rows} rows later: it tells the future")
            return


def alone(name: str, column: Column, codes: NDArray[np.int64]) -> Iterator[Finding]:
    """Each value, or each stretch of values, goes with one class only: in every row, or judged on every second one."""
    cells, different = pd.factorize(column.values)
    there = (cells >= 0) & (codes >= 0)
    if len(different) < 2:
        return
    if len(different) <= there.sum() / LEAK_REPEATS:
        pairs = pd.unique(cells[there] * (codes.max() + 1) + codes[there])
        if len(pairs) == len(pd.unique(cells[there])):
            yield finding(int(there.sum()), f"column {name!r} alone tells the target in every row")
            return
    elif column.kind == Kind.CATEGORY:
        return
    if there.sum() < SURE:
        return
    if column.kind == Kind.NUMBER and codes.max() == 1:
        area = ranked(column.values[there], codes[there])
        if max(area, 1 - area) > CLEAR:
            text = f"column {name!r} alone tells the two classes apart (area under its curve {max(area, 1 - area):.4f})"
            yield finding(int(there.sum()), text)
            return
    if column.kind == Kind.NUMBER:
        edges = np.unique(np.quantile(column.values[there], np.linspace(0, 1, BINS + 1)[1:-1]))
        cells = np.searchsorted(edges, column.values, side="right")
    right, usual = judged(cells[there], codes[there])
    if 1 - right < NEARLY * (1 - usual):
        yield finding(int(there.sum()), f"column {name!r} alone tells the target in {right:.1%} of the rows")


def ranked(values: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """How often a value of class 1 is above one of class 0: the area under the curve (Hanley and McNeil 1982)."""
    many = int(codes.sum())
    above = ranks(values)[codes == 1].sum() - many * (many + 1) / 2
    return float(above / (many * (len(codes) - many)))


def judged(cells: NDArray[np.int64], codes: NDArray[np.int64]) -> tuple[float, float]:
    """Share right of the class that each cell goes with, learned on even rows, judged on odd; and of the commonest."""
    counts = np.zeros((cells.max() + 1, codes.max() + 1))
    np.add.at(counts, (cells[::2], codes[::2]), 1)
    usual = counts.sum(0).argmax()
    says = np.where(counts.sum(1) > 0, counts.argmax(1), usual)
    return float((says[cells[1::2]] == codes[1::2]).mean()), float((codes[1::2] == usual).mean())


def told(table: Table, name: str, codes: NDArray[np.int64]) -> Iterator[Finding]:
    """The first or the last words of the texts name the class."""
    words = pd.Series(table[name].values, dtype=object).fillna("").astype(str).str.lower().str.split()
    for where, part in (("begin", slice(None, MARKS)), ("end", slice(-MARKS, None))):
        marks = pd.factorize(words.map(lambda one, part=part: " ".join(one[part])))[0]
        there = codes >= 0
        repeated = np.bincount(marks)[marks] >= LEAK_REPEATS
        if there.sum() < FEWEST or (repeated & there).sum() < 0.9 * there.sum():
            continue
        right, usual = judged(marks[there], codes[there])
        if 1 - right < NEARLY * (1 - usual):
            text = f"texts {name!r} {where} with words that tell the target in {right:.1%} of the rows"
            yield finding(int(there.sum()), f"{text} ({named(table, np.flatnonzero(there)[:1])})")
