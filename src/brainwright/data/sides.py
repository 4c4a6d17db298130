"""Sides: what a given split parts wrongly: copies, persons, the future, classes and columns on one side only."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data import duplicates
from brainwright.data.columns import is_identifier, missing
from brainwright.data.finding import NAMED, Finding, Flaw, Severity, named, shortened
from brainwright.data.persons import PERSONS
from brainwright.data.table import Kind, Share, Table

MANY = 0.1  # part of the held-out rows from which copies make scores a lie (CIFAR-100 has 10 %: Barz, Denzler 2020)
APART = 0.8  # part of the training rows before the first held-out one from which a split was meant to be by time


def sides(table: Table, target: str) -> Iterator[Finding]:
    """Everything, where the data themselves say the shares."""
    train, test = table.shares == Share.TRAIN, np.isin(table.shares, (Share.TEST, Share.VALIDATION))
    if not (train.any() and test.any()):
        return
    yield from copies(table, target)
    yield from lookalikes(table)
    if target in table.columns and table[target].kind == Kind.CATEGORY:
        yield from untested(table, target)
    for name, column in table.columns.items():
        yield from lacking(table, name, target, test)
        yield from persons(table, name, train, test)
        if column.kind == Kind.DATE:
            yield from future(table, name, train, test)


def copies(table: Table, target: str) -> Iterator[Finding]:
    """Rows held out that training also holds."""
    keys, _ = duplicates.telling(duplicates.row_keys(table, target))
    rows = duplicates.across(keys, table.shares)
    if len(rows):
        held_out = int(np.isin(table.shares, (Share.TEST, Share.VALIDATION)).sum())
        text = f"{len(rows):,} rows for validation or test have the same inputs as training rows ({named(table, rows)})"
        severity = Severity.STOP if len(rows) > MANY * held_out else Severity.WARN
        yield Finding(Flaw.COPIES, severity, f"{text}; scores on them flatter", rows)


def lookalikes(table: Table) -> Iterator[Finding]:
    """Cells held out that training nearly also holds: stored anew, in other light, with a word changed."""
    train, held_out = table.shares == Share.TRAIN, np.isin(table.shares, (Share.TEST, Share.VALIDATION))
    for name, column in table.columns.items():
        if not len(column.alike):
            continue
        keys = duplicates.keys(column)
        known = held_out & ~np.isin(keys, keys[train])
        rows = np.flatnonzero(known & np.isin(column.alike, column.alike[train]))
        if len(rows):
            codes, first = np.unique(column.alike[train], return_index=True)
            like = np.flatnonzero(train)[first[np.searchsorted(codes, column.alike[rows[:NAMED]])]]
            told = [f"{table.where(int(a))} like {table.where(int(b))}" for a, b in zip(rows, like, strict=False)]
            more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
            text = f"{name!r} of {len(rows):,} rows held out is nearly that of training rows ({', '.join(told)}{more})"
            severity = Severity.STOP if len(rows) > MANY * held_out.sum() else Severity.WARN
            yield Finding(Flaw.LOOKALIKES, severity, f"{text}; scores on them flatter", rows)


def untested(table: Table, target: str) -> Iterator[Finding]:
    """Classes of training that no test row has."""
    values = pd.Series(table[target].values)
    train, test = values[table.shares == Share.TRAIN].dropna(), values[table.shares == Share.TEST].dropna()
    lost = train[~train.isin(test)]
    if len(test) and len(lost):
        rows = lost.index.to_numpy(np.int64)
        text = f"no test row is of the classes {shortened(lost.unique())} ({named(table, rows)})"
        yield Finding(Flaw.UNTESTED, Severity.WARN, f"{text}; how well they are told will stay unknown", rows)


def lacking(table: Table, name: str, target: str, test: NDArray[np.bool_]) -> Iterator[Finding]:
    """A column that training has and what is held out has not, or the other way round."""
    column = table[name]
    if name == target or is_identifier(name, column):
        return
    gaps = missing(column)
    for side, here in (("held out", test), ("training", ~test)):
        if gaps[here].all() and not gaps[~here].any():
            text = f"column {name!r} is missing in every row of {side} ({named(table, np.flatnonzero(here)[:1])})"
            yield Finding(
                Flaw.LACKING, Severity.STOP, f"{text}; bring it, or write its name alike", np.flatnonzero(here)
            )


def persons(table: Table, name: str, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> Iterator[Finding]:
    """A person's rows in training and held out."""
    column, there = table[name], ~missing(table[name])
    if column.kind not in (Kind.CATEGORY, Kind.NUMBER, Kind.TEXT) or not PERSONS.search(name.lower()):
        return
    both = np.intersect1d(column.values[train & there].astype(str), column.values[test & there].astype(str))
    rows = np.flatnonzero(test & np.isin(column.values.astype(str), both))
    if len(both):
        text = f"{len(both):,} values of {name!r} are in training and held out ({named(table, rows)})"
        advice = f"scores flatter if they name persons: split anew with --group {name}, without the given split"
        yield Finding(Flaw.PERSONS, Severity.WARN, f"{text}; {advice}", rows)


def future(table: Table, name: str, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> Iterator[Finding]:
    """Training rows from the time that is to be foretold; said in passing where no split by time was meant."""
    values, there = table[name].values, ~missing(table[name])
    if not (train & there).any() or not (test & there).any():
        return
    first = values[test & there].min()
    rows = np.flatnonzero(train & there & (values >= first))
    if not len(rows):
        return
    text = f"{len(rows):,} training rows are of the time that is held out, from {first} on by {name!r}"
    if len(rows) < (1 - APART) * (train & there).sum():
        advice = "they tell the future: take them out of training"
        yield Finding(Flaw.FUTURE, Severity.WARN, f"{text} ({named(table, rows)}); {advice}", rows)
    else:
        advice = "if later rows are to be foretold from earlier ones, split with --time, without the given split"
        yield Finding(Flaw.FUTURE, Severity.NOTE, f"{text}; {advice}", rows)
