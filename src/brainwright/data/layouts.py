"""Layout: which columns of a table say when, which say whose series, and which are the numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.columns import is_identifier
from brainwright.data.pace import Pace
from brainwright.data.table import Kind, Table

REPEATS = 10  # rows that one value of a whole-number column must have on average to tell series apart
FEWEST = 12  # rows that can be a series at all


@dataclass(frozen=True)
class Layout:
    """Numbers in order, those that are forecast first; the date or ""; the columns that tell series apart, if any."""

    numbers: tuple[str, ...]
    date: str = ""
    series: tuple[str, ...] = ()
    known: tuple[Pace, ...] = ()
    """The pace, where it need not be found."""

    @property
    def key(self) -> str:
        """The columns that order the rows, in words."""
        return " and ".join(repr(name) for name in (*self.series, self.date) if name) or "the rows as they stand"


def layout_of(table: Table, target: str) -> tuple[Layout, tuple[str, ...]] | None:
    """How a table holds series, and the names that are forecast; None where it holds none.

    `target` is one name, several with commas between, or "" for every number.
    """
    numbers = [name for name in table.kinds(Kind.NUMBER) if useful(table, name)]
    asked = [name.strip() for name in target.split(",")] if target and target not in table.columns else [target]
    asked = asked if target else numbers
    if len(table) < FEWEST or not asked or not all(known_number(table, name) for name in asked):
        return None
    for date in table.kinds(Kind.DATE):
        for series in tellers(table, date, asked):
            if not doubled(table, (*series, date)):
                aims = tuple(name for name in asked if name not in series)
                beside = tuple(name for name in numbers if name not in (*series, *aims))
                return Layout((*aims, *beside), date, series), aims
    date = next(iter(table.kinds(Kind.DATE)), "")
    return Layout((*asked, *(name for name in numbers if name not in asked)), date), tuple(asked)


def known_number(table: Table, name: str) -> bool:
    """Whether a column is there and holds numbers."""
    return name in table.columns and table[name].kind == Kind.NUMBER


def useful(table: Table, name: str) -> bool:
    """Whether a number column says anything: it is no row number and not empty."""
    values = table[name].values
    return not is_identifier(name, table[name]) and bool(np.isfinite(values).any())


def tellers(table: Table, date: str, asked: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Sets of columns that may tell series apart, the simplest first: none, one, two."""
    yield ()
    if not doubled(table, (date,)):
        return
    names = [name for name in table.kinds(Kind.CATEGORY) if len(pd.unique(table[name].values)) > 1]
    whole = [name for name in table.kinds(Kind.NUMBER) if name not in asked or len(asked) > 1]
    names += [name for name in whole if repeats(table[name].values)]
    for size in (1, 2):
        yield from combinations(names, size)


def repeats(values: NDArray[np.float64]) -> bool:
    """Whether numbers could be names: whole, none missing, each on many rows."""
    return bool((values == np.floor(values)).all()) and len(pd.unique(values)) * REPEATS <= len(values)


def doubled(table: Table, names: Sequence[str]) -> bool:
    """Whether two rows agree in all these columns."""
    return bool(pd.DataFrame({name: table[name].values for name in names}).duplicated().any())
