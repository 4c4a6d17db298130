"""Answers: what is wrong with the column that is to be predicted: missing, single, rare, unseen or uneven classes."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.columns import missing
from brainwright.data.finding import Finding, Flaw, Severity, named, shortened
from brainwright.data.table import Column, Kind, Share, Table

FEWEST_OF_CLASS = 2
UNEVEN, VERY_UNEVEN = 5, 50  # largest class over smallest (R11 of the recipes)


def training(table: Table) -> NDArray[np.bool_]:
    """Rows that train or may yet [N]."""
    return np.isin(table.shares, (Share.TRAIN, Share.OPEN))


def answers(table: Table, target: str) -> Iterator[Finding]:
    """What is wrong with the target."""
    if target not in table.columns:
        return
    column = table[target]
    gaps = missing(column)
    judged = table.shares == Share.TEST
    if judged.any() and gaps[judged].all() and not gaps.all():
        yield Finding(
            Flaw.UNANSWERED, Severity.NOTE, f"no test row has {target!r}: they will be left out", np.flatnonzero(judged)
        )
        gaps &= ~judged
    rows = np.flatnonzero(gaps)
    if gaps.all():
        yield Finding(
            Flaw.SINGLE, Severity.STOP, f"the target {target!r} is missing in every row; choose another --target", rows
        )
    elif len(rows):
        text = f"the target {target!r} is missing in {len(rows):,} rows ({named(table, rows)}); fill or delete them"
        yield Finding(Flaw.UNANSWERED, Severity.STOP, text, rows, useless=True)
    if not gaps.all():
        yield from classes(table, target) if column.kind == Kind.CATEGORY else amounts(column, target)


def amounts(column: Column, target: str) -> Iterator[Finding]:
    """A number target that never changes."""
    if column.kind == Kind.NUMBER and np.nanmin(column.values) == np.nanmax(column.values):
        what = f"the target {target!r} is {column.values[0]:g} in every row"
        yield Finding(Flaw.SINGLE, Severity.STOP, f"{what}: nothing can be learned; choose another --target")


def classes(table: Table, target: str) -> Iterator[Finding]:
    """Classes that are empty, too small or very uneven in training."""
    values = pd.Series(table[target].values)
    counts = values[training(table)].value_counts()
    if len(counts) == 1:
        text = f"every training row has {target} = {counts.index[0]!r}: two classes at least are needed"
        yield Finding(Flaw.SINGLE, Severity.STOP, f"{text}; bring rows of another class")
        return
    unseen = values.dropna()[lambda there: ~there.isin(counts.index)]
    if len(unseen):
        rows = unseen.index.to_numpy(np.int64)
        text = f"classes without a training row: {shortened(unseen.unique())} ({named(table, rows)})"
        yield Finding(
            Flaw.UNSEEN, Severity.STOP, f"{text}; add such rows to training or delete these", rows, useless=True
        )
    small = counts[counts < FEWEST_OF_CLASS]
    if len(small):
        rows = np.flatnonzero(values.isin(small.index) & training(table))
        text = f"{len(small):,} classes of {target!r} have fewer than {FEWEST_OF_CLASS} training rows"
        text += f": {shortened(small.index)} ({named(table, rows)}); add rows, merge or delete those classes"
        yield Finding(Flaw.RARE, Severity.STOP, text, rows, useless=True)
    most, least = counts.iloc[0], counts.iloc[-1]
    if most > UNEVEN * least and not len(small):
        text = f"classes are uneven: {counts.index[0]!r} has {most:,} training rows, {counts.index[-1]!r} {least:,}"
        severity = Severity.WARN if most > VERY_UNEVEN * least else Severity.NOTE
        yield Finding(Flaw.UNEVEN, severity, f"{text}; accuracy alone would mislead")
