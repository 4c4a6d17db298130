"""A row of a table: its numbers, categories and dates as one vector of float32, NaN where something is missing."""

import datetime
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from brainwright.data.columns import corrected
from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.data.spread import Spread
from brainwright.data.table import Column, Kind
from brainwright.data.units import Between, Units
from brainwright.data.values import MISSING, natural
from brainwright.errors import Fault

CLASSES = 10_000  # classes of a column that are told apart, the most frequent first; the others count as unknown
UNKNOWN = 0  # the code of a class that training did not show
DATE_PARTS = ("year", "month", "day", "weekday", "seconds of the day", "days since the first")
LARGEST = float(np.finfo(np.float32).max)
GAP = {Kind.NUMBER: np.nan, Kind.DATE: np.datetime64("NaT", "s")}


class Seen(BaseModel):
    """What training showed of one column."""

    model_config = ConfigDict(frozen=True)
    name: str
    kind: Kind
    missing: bool
    """Whether some cell was missing."""
    classes: tuple[str, ...] = ()
    """Of a category: class i has the code i + 1."""
    origin: int = 0
    """Of a date: the first day, in days since 1970."""
    spreads: tuple[Spread, ...] = ()
    """One for a number, six for a date (DATE_PARTS), none for a category."""

    @property
    def width(self) -> int:
        """Places that this column takes in the vector."""
        return len(DATE_PARTS) if self.kind == Kind.DATE else 1


@dataclass(frozen=True)
class Place:
    """One number of the vector: whose it is, and its spread, or how many classes its code may name."""

    column: Seen
    at: int
    spread: Spread
    classes: int = 0


class Row(DenseField):
    """float32 [B, places]: a number as it is, a category as its code (0 = unknown), a date as six numbers.

    NaN is a missing cell. Nothing is scaled here: nets and floors scale by what `columns` says of training.
    """

    columns: tuple[Seen, ...] = ()

    def fit(self, values: Values) -> Self:
        assert isinstance(values, Mapping)
        return self.model_copy(update={"columns": tuple(seen(name, column) for name, column in values.items())})

    @property
    def places(self) -> tuple[Place, ...]:
        """What each number of the vector is."""
        return tuple(places(self.columns))

    def encode(self, value: Any) -> NDArray[Any]:
        """A mapping of column names to plain values, as a line of CSV or JSON gives it; other names are ignored."""
        if not isinstance(value, Mapping):
            raise Fault(f"a row is wanted, not {value!r}", 'give names with values, such as {"age": 39}')
        kinds = {column.name: column.kind for column in self.columns if column.name in value}
        whole = self.encode_all({name: alone(value[name], kind) for name, kind in kinds.items()})
        return np.asarray(whole.values[0])

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, Mapping)
        pieces = []
        for column in self.columns:
            if column.name not in values:
                raise Fault(f"the column {column.name!r} is missing", f"training had it: {described(column)}")
            pieces.append(coded(column, fitting(column, values[column.name])))
        return Dense(np.concatenate(pieces, 1))

    def decode(self, encoded: Any) -> dict[str, Any]:
        numbers, row, at = np.asarray(encoded, np.float32), {}, 0
        for column in self.columns:
            row[column.name] = plain(column, numbers[at : at + column.width])
            at += column.width
        return row

    def show(self, value: Any) -> str:
        cells = (f"<tr><th>{html.escape(str(name))}<td>{html.escape(str(cell))}" for name, cell in value.items())
        return f"<table>{''.join(cells)}</table>"

    def units(self, given: Tensor, value: Any) -> Units:
        """The columns."""
        widths = [column.width for column in self.columns]
        return Units("columns", np.repeat(np.arange(len(widths)), widths), tuple(one.name for one in self.columns))

    def blank(self, given: Tensor, others: Tensor) -> Tensor:
        """Numbers and dates at their training mean; a class that training did not show."""
        means = [UNKNOWN if place.classes else place.spread.mean for place in self.places]
        return given.new_tensor(means).expand(given.shape)

    def striking(self, given: Tensor) -> Tensor:
        """How many training deviations a number is from its mean; a class counts 1, a missing cell 0."""
        mean = given.new_tensor([0.0 if place.classes else place.spread.mean for place in self.places])
        scale = given.new_tensor([place.spread.scale for place in self.places])
        classes = torch.tensor([bool(place.classes) for place in self.places], device=given.device)
        return torch.where(classes, 1.0, (given - mean) / scale).abs().nan_to_num(0.0)

    def mix(self, given: Tensor, instead: Tensor, shown: Tensor) -> Any:
        """Classes have no mean, so that a stem blends what it makes of both."""
        return Between(given, instead, shown) if shown.is_floating_point() else torch.where(shown, given, instead)


def seen(name: str, column: Column) -> Seen:
    """Learn a column from its training cells.

    Raises:
        Fault: it holds text or pictures.
    """
    if column.kind == Kind.CATEGORY:
        counts = pd.Series(column.values, dtype=object).value_counts()
        classes = sorted(counts.index[:CLASSES], key=natural)
        missing = bool(counts.sum() < len(column))
        return Seen(name=name, kind=column.kind, missing=missing, classes=tuple(classes))
    if column.kind == Kind.NUMBER:
        numbers = finite(column.values)
        return Seen(name=name, kind=column.kind, missing=bool(np.isnan(numbers).any()), spreads=(Spread.of(numbers),))
    if column.kind == Kind.DATE:
        days = column.values.astype("datetime64[D]")
        missing = np.isnat(days)
        origin = 0 if missing.all() else int(days[~missing].min().astype(np.int64))
        spreads = tuple(Spread.of(part) for part in dated(column.values, origin).T)
        return Seen(name=name, kind=column.kind, missing=bool(missing.any()), origin=origin, spreads=spreads)
    raise Fault(
        f"column {name!r} holds {column.kind}, which is no cell of a row", f"write {name}=category or leave it out"
    )


def finite(values: NDArray[Any]) -> NDArray[np.float32]:
    """As float32: infinite counts as missing, what is too large becomes the largest number."""
    numbers = np.asarray(values, np.float64)
    return np.where(np.isfinite(numbers), numbers.clip(-LARGEST, LARGEST), np.nan).astype(np.float32)


def dated(values: NDArray[Any], origin: int) -> NDArray[np.float32]:
    """Dates [N] as six numbers each [N, 6], in the order of DATE_PARTS; weekday 0 is Monday."""
    moments = values.astype("datetime64[s]")
    days, months, years = (moments.astype(f"datetime64[{unit}]") for unit in "DMY")
    since = days.astype(np.int64)
    parts = (
        years.astype(np.int64) + 1970,
        months.astype(np.int64) % 12 + 1,
        (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
        (since + 3) % 7,
        (moments - days.astype("datetime64[s]")).astype(np.int64),
        since - origin,
    )
    numbers = np.stack(parts, 1).astype(np.float32)
    numbers[np.isnat(moments)] = np.nan
    return numbers


def places(columns: tuple[Seen, ...]) -> Iterator[Place]:
    """What each number of the vector is."""
    at = 0
    for column in columns:
        if column.kind == Kind.CATEGORY:
            yield Place(column, at, Spread(), len(column.classes))
        for offset, spread in enumerate(column.spreads):
            yield Place(column, at + offset, spread)
        at += column.width


def alone(cell: Any, kind: Kind) -> Column:
    """One plain value as a column of one row, of the kind that is wanted where the value is so already."""
    if isinstance(cell, str):
        cell = None if cell.strip() in MISSING else cell.strip()
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return Column(np.array([None], object) if kind == Kind.CATEGORY else np.full(1, GAP[kind]), kind)
    if isinstance(cell, bool | np.bool_):
        return Column(np.array([str(cell).lower()], object), Kind.CATEGORY)
    if isinstance(cell, int | float | np.number):
        return Column(np.array([cell], np.float64), Kind.NUMBER)
    if isinstance(cell, datetime.date | np.datetime64):
        return Column(np.array([cell], "datetime64[s]"), Kind.DATE)
    return Column(np.array([str(cell)], object), Kind.CATEGORY)


def fitting(column: Seen, given: Column) -> NDArray[Any]:
    """Cells [N] as the kind that training had.

    Raises:
        Fault: a cell cannot be so; it is named with its row.
    """
    if given.kind == column.kind:
        return given.values
    result, wrong = corrected(given, column.kind)
    if wrong.any():
        row = int(wrong.argmax())
        what = f"column {column.name!r} holds {given.values[row]!r} in row {row + 1}"
        raise Fault(what, f"training had {described(column)}: mend it or leave it empty")
    return result.values


def described(column: Seen) -> str:
    """A column of training in a few words."""
    if column.kind == Kind.NUMBER and column.spreads[0].edges:
        edges = column.spreads[0].edges
        return f"numbers from {edges[0]:g} to {edges[-1]:g}"
    if column.kind == Kind.CATEGORY and column.classes:
        return f"classes such as {', '.join(map(repr, column.classes[:3]))}"
    return {Kind.NUMBER: "numbers", Kind.CATEGORY: "classes", Kind.DATE: "dates"}[column.kind]


def coded(column: Seen, cells: NDArray[Any]) -> NDArray[np.float32]:
    """Cells [N] of the right kind as numbers [N, width]."""
    if column.kind == Kind.DATE:
        return dated(cells, column.origin)
    if column.kind == Kind.NUMBER:
        return finite(cells)[:, None]
    found = pd.Index(column.classes, dtype=object).get_indexer(pd.Index(cells))  # -1 where not found
    codes = found.astype(np.float32) + 1
    codes[pd.isna(cells)] = np.nan
    return codes[:, None]


def plain(column: Seen, numbers: NDArray[np.float32]) -> Any:
    """A column's numbers [width] as a plain value: float, class or ISO date; None where missing or unknown."""
    if np.isnan(numbers[0]) or (column.kind == Kind.CATEGORY and numbers[0] == UNKNOWN):
        return None
    if column.kind == Kind.NUMBER:
        return float(str(numbers[0]))  # the shortest decimal that is this float32
    if column.kind == Kind.CATEGORY:
        return column.classes[int(numbers[0]) - 1]
    moment = np.datetime64(int(numbers[5]) + column.origin, "D").astype("datetime64[s]") + int(numbers[4])
    return str(moment) if numbers[4] else str(moment)[:10]
