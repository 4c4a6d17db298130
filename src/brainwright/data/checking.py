"""Checking: what is wrong or strange about a table before anything is learned from it, one line each."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from brainwright.data.answering import answers, training
from brainwright.data.broken import broken
from brainwright.data.columns import WORDS, is_identifier, missing
from brainwright.data.finding import Finding, Flaw, Severity, named
from brainwright.data.forms import forms
from brainwright.data.leaks import leaks
from brainwright.data.lookalikes import marked
from brainwright.data.meters import series
from brainwright.data.oddities import oddities
from brainwright.data.rates import rates
from brainwright.data.sides import sides
from brainwright.data.stretches import stretches
from brainwright.data.table import FILES, Column, Kind, Table

FEWEST_ROWS = 10  # for training; with fewer no share can hold anything
MOSTLY = 0.5  # part of the cells that may be missing before it is said


def check(table: Table, target: str, used: Collection[str] = ()) -> list[Finding]:
    """Everything found, the gravest first; before or after splitting. `target` is "" where none is learned.

    `used` names the columns that will be inputs; none named = all. Pictures, sounds, scans and masks are decoded
    strictly, in threads; all else looks at whole columns at once.
    """
    return ranked([*look(marked(table, used or list(table.columns)), target, used), *broken(table, target)])


def look(table: Table, target: str, used: Collection[str] = ()) -> list[Finding]:
    """The same without decoding files: a training decodes them anyway, and finds what is broken as it does."""
    inner = [name for name in used or table.columns if name != target]
    return ranked(
        chain(
            size(table),
            answers(table, target),
            inputs(table, target),
            leaks(table, target, inner),
            sides(table, target),
            oddities(table, target),
            series(table, target),
            stretches(table, target, inner),
            forms(table, target),
            rates(table),
        )
    )


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first."""
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))


def size(table: Table) -> Iterator[Finding]:
    """Too few rows."""
    count = int(training(table).sum())
    if count < FEWEST_ROWS:
        text = f"only {count} rows to train on in {table.source}, at least {FEWEST_ROWS} are needed; bring more data"
        yield Finding(Flaw.FEW, Severity.STOP, text)


def inputs(table: Table, target: str) -> Iterator[Finding]:
    """What is strange about each input column."""
    for name, column in table.columns.items():
        if name == target:
            continue
        gaps = missing(column)
        rows = np.flatnonzero(gaps)
        told = f"in {len(rows):,} rows ({named(table, rows)})"
        if gaps.all():
            yield Finding(Flaw.CONSTANT, Severity.NOTE, f"column {name!r} is missing in every row and says nothing")
        elif constant(column, gaps):
            yield Finding(Flaw.CONSTANT, Severity.NOTE, f"column {name!r} is the same in every row and says nothing")
        elif is_identifier(name, column):
            text = (
                f"column {name!r} looks like an identifier and is not used; to use it, --columns {name}={column.kind}"
            )
            yield Finding(Flaw.IDENTIFIER, Severity.NOTE, text)
        elif column.kind == Kind.TEXT and len(rows):
            yield Finding(Flaw.EMPTY, Severity.WARN, f"text {name!r} is empty {told}", rows)
        elif column.kind in FILES and len(rows):
            text = f"no {WORDS[column.kind][:-1]} in {len(rows):,} rows of {name!r} ({named(table, rows)}); delete them"
            yield Finding(Flaw.UNREADABLE, Severity.STOP, text, rows, useless=True)
        elif len(rows) > MOSTLY * len(table):
            text = f"column {name!r} is missing in {len(rows) / len(table):.0%} of the rows"
            yield Finding(Flaw.SPARSE, Severity.WARN, text, rows)


def constant(column: Column, gaps: NDArray[np.bool_]) -> bool:
    """Whether every cell is there and the same."""
    if column.kind not in (Kind.NUMBER, Kind.CATEGORY, Kind.DATE, Kind.TEXT) or gaps.any() or len(column) < 2:
        return False
    return bool((column.values == column.values[0]).all())
