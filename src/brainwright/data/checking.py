"""Checking: what is wrong or strange about a table before anything is learned from it, one line each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data import duplicates, pictures, scans, sounds
from brainwright.data.columns import WORDS, is_identifier, missing
from brainwright.data.finding import Finding, Severity, named, shortened
from brainwright.data.oddities import oddities
from brainwright.data.pieces import in_pieces
from brainwright.data.rates import rates
from brainwright.data.table import FILES, Column, Kind, Share, Table

FEWEST_ROWS = 10  # for training; with fewer no share can hold anything
FEWEST_OF_CLASS = 2
LEAK_REPEATS = 5  # a value must be seen so often on average before it can be said to give the target away
MANY_CLASSES = 50  # a number column with more different whole values is an amount
SAME_LINE = 0.999999  # correlation from which two columns are the same but for scale
UNEVEN, VERY_UNEVEN = 5, 50  # largest class over smallest (R11 of the recipes)
AT_ONCE = 64  # files that a thread takes at a time
FAULTS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.IMAGE: pictures.fault,
    Kind.SOUND: sounds.fault,
    Kind.VOLUME: scans.fault,
    Kind.MASK: scans.fault,
}
MOSTLY = 0.5  # part of the cells that may be missing before it is said


def check(table: Table, target: str) -> list[Finding]:
    """Everything found, the gravest first; before or after splitting. `target` is "" where none is learned.

    Pictures and sounds are decoded strictly, in threads; all else looks at whole columns at once.
    """
    return ranked([*look(table, target), *broken(table)])


def look(table: Table, target: str) -> list[Finding]:
    """The same without decoding files: a training decodes them anyway, and finds what is broken as it does."""
    looks = (size(table), answers(table, target), inputs(table, target), repeated(table, target), rates(table))
    return ranked(chain(*looks, oddities(table, target)))


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first."""
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))


def training(table: Table) -> NDArray[np.bool_]:
    """Rows that train or may yet [N]."""
    return np.isin(table.shares, (Share.TRAIN, Share.OPEN))


def size(table: Table) -> Iterator[Finding]:
    """Too few rows."""
    count = int(training(table).sum())
    if count < FEWEST_ROWS:
        text = f"only {count} rows to train on in {table.source}, at least {FEWEST_ROWS} are needed; bring more data"
        yield Finding(Severity.STOP, text)


def answers(table: Table, target: str) -> Iterator[Finding]:
    """What is wrong with the target."""
    if target not in table.columns:
        return
    column = table[target]
    gaps = missing(column)
    judged = table.shares == Share.TEST
    if judged.any() and gaps[judged].all() and not gaps.all():
        yield Finding(Severity.NOTE, f"no test row has {target!r}: they will be left out", np.flatnonzero(judged))
        gaps &= ~judged
    rows = np.flatnonzero(gaps)
    if gaps.all():
        yield Finding(Severity.STOP, f"the target {target!r} is missing in every row; choose another --target", rows)
    elif len(rows):
        text = f"the target {target!r} is missing in {len(rows):,} rows ({named(table, rows)}); fill or delete them"
        yield Finding(Severity.STOP, text, rows)
    if not gaps.all():
        yield from classes(table, target) if column.kind == Kind.CATEGORY else amounts(column, target)


def amounts(column: Column, target: str) -> Iterator[Finding]:
    """A number target that never changes."""
    if column.kind == Kind.NUMBER and np.nanmin(column.values) == np.nanmax(column.values):
        what = f"the target {target!r} is {column.values[0]:g} in every row"
        yield Finding(Severity.STOP, f"{what}: nothing can be learned; choose another --target")


def classes(table: Table, target: str) -> Iterator[Finding]:
    """Classes that are empty, too small or very uneven in training."""
    values = pd.Series(table[target].values)
    counts = values[training(table)].value_counts()
    if len(counts) == 1:
        text = f"every training row has {target} = {counts.index[0]!r}: two classes at least are needed"
        yield Finding(Severity.STOP, f"{text}; bring rows of another class")
        return
    unseen = values.dropna()[lambda there: ~there.isin(counts.index)]
    if len(unseen):
        rows = unseen.index.to_numpy(np.int64)
        text = f"classes without a training row: {shortened(unseen.unique())} ({named(table, rows)})"
        yield Finding(Severity.STOP, f"{text}; add such rows to training or delete these", rows)
    small = counts[counts < FEWEST_OF_CLASS]
    if len(small):
        rows = np.flatnonzero(values.isin(small.index) & training(table))
        text = f"{len(small):,} classes of {target!r} have fewer than {FEWEST_OF_CLASS} training rows"
        text += f": {shortened(small.index)} ({named(table, rows)}); add rows, merge or delete those classes"
        yield Finding(Severity.STOP, text, rows)
    most, least = counts.iloc[0], counts.iloc[-1]
    if most > UNEVEN * least and not len(small):
        text = f"classes are uneven: {counts.index[0]!r} has {most:,} training rows, {counts.index[-1]!r} {least:,}"
        severity = Severity.WARN if most > VERY_UNEVEN * least else Severity.NOTE
        yield Finding(severity, f"{text}; accuracy alone would mislead")


def inputs(table: Table, target: str) -> Iterator[Finding]:
    """What is strange about each input column."""
    answer = target_codes(table, target)
    for name, column in table.columns.items():
        if name == target:
            continue
        gaps = missing(column)
        rows = np.flatnonzero(gaps)
        if gaps.all():
            yield Finding(Severity.NOTE, f"column {name!r} is missing in every row and says nothing")
        elif constant(column, gaps):
            yield Finding(Severity.NOTE, f"column {name!r} is the same in every row and says nothing")
        elif is_identifier(name, column):
            yield Finding(
                Severity.NOTE,
                f"column {name!r} looks like an identifier and is not used; to use it, --columns {name}={column.kind}",
            )
        elif column.kind == Kind.TEXT and len(rows):
            yield Finding(Severity.WARN, f"text {name!r} is empty in {len(rows):,} rows ({named(table, rows)})", rows)
        elif column.kind in FILES and len(rows):
            yield Finding(
                Severity.STOP,
                f"no {WORDS[column.kind][:-1]} in {len(rows):,} rows of {name!r} ({named(table, rows)}); delete them",
                rows,
            )
        elif len(rows) > MOSTLY * len(table):
            yield Finding(
                Severity.WARN, f"column {name!r} is missing in {len(rows) / len(table):.0%} of the rows", rows
            )
        if answer is not None and not gaps.all():
            yield from leak(name, column, table[target], answer)


def constant(column: Column, gaps: NDArray[np.bool_]) -> bool:
    """Whether every cell is there and the same."""
    if column.kind not in (Kind.NUMBER, Kind.CATEGORY, Kind.DATE, Kind.TEXT) or gaps.any() or len(column) < 2:
        return False
    return bool((column.values == column.values[0]).all())


def target_codes(table: Table, target: str) -> NDArray[np.int64] | None:
    """A code for every row's answer [N], -1 where missing; None where there is no target to give away."""
    if target not in table.columns or table[target].kind not in (Kind.CATEGORY, Kind.NUMBER):
        return None
    return np.asarray(pd.factorize(table[target].values)[0], np.int64)


def leak(name: str, column: Column, target: Column, answer: NDArray[np.int64]) -> Iterator[Finding]:
    """An input that gives the target away: each of its values goes with one answer only, or it is the target scaled."""
    advice = "if it is known only once the answer is known, take it out"
    if column.kind == Kind.NUMBER and target.kind == Kind.NUMBER and answer.max() > MANY_CLASSES:
        both = ~np.isnan(column.values) & ~np.isnan(target.values)
        one, other = column.values[both], target.values[both]
        if (
            len(one) >= FEWEST_ROWS
            and one.std() > 0
            and other.std() > 0
            and abs(np.corrcoef(one, other)[0, 1]) > SAME_LINE
        ):
            yield Finding(Severity.WARN, f"column {name!r} is the target but for its scale; {advice}")
    if column.kind not in (Kind.NUMBER, Kind.CATEGORY) or answer.max() < 1:
        return
    codes, values = pd.factorize(column.values)
    there = (codes >= 0) & (answer >= 0)
    if not 2 <= len(values) <= there.sum() / LEAK_REPEATS:
        return
    pairs = pd.unique(codes[there] * (answer.max() + 1) + answer[there])
    if len(pairs) == len(pd.unique(codes[there])):
        yield Finding(Severity.WARN, f"column {name!r} alone tells the target in every row; {advice}")


def broken(table: Table) -> Iterator[Finding]:
    """Pictures, sounds, scans and masks that cannot be decoded whole, each named."""
    for column in table.columns.values():
        if column.kind not in FAULTS or column.values.dtype != object:
            continue
        rows = np.flatnonzero(~missing(column))
        wrong = partial(faults_of, FAULTS[column.kind])
        faults = [said for piece in in_pieces(wrong, column.values[rows], AT_ONCE) for said in piece]
        bad = {int(row): said for row, said in zip(rows, faults, strict=True) if said}
        if bad:
            yield unreadable(table, bad)


def unreadable(table: Table, faults: Mapping[int, str]) -> Finding:
    """Every file that cannot be decoded: row -> why."""
    told = ", ".join(f"{table.where(row)} ({said})" for row, said in faults.items())
    what = next((WORDS[kind] for kind in FILES if table.kinds(kind)), "files")
    text = f"{len(faults):,} {what} cannot be read: {told}; mend or delete them"
    return Finding(Severity.STOP, text, np.fromiter(faults, np.int64, len(faults)))


def faults_of(fault: Callable[[Any], str], files: NDArray[np.object_]) -> list[str]:
    """Why each file cannot be decoded whole, or ""."""
    return [fault(file) for file in files]


def repeated(table: Table, target: str) -> Iterator[Finding]:
    """Rows held out that training also holds, where the data itself says the shares."""
    if not (table.shares == Share.TRAIN).any():
        return
    keys, _ = duplicates.telling(duplicates.row_keys(table, target))
    rows = duplicates.across(keys, table.shares)
    if len(rows):
        text = f"{len(rows):,} rows for validation or test have the same inputs as training rows ({named(table, rows)})"
        yield Finding(Severity.WARN, f"{text}; scores on them flatter", rows)
