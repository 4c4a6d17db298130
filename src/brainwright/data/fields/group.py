"""The group that an example belongs to, told by some columns: for audits and fair learning, never an input."""

from collections.abc import Mapping
from itertools import pairwise, product
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from brainwright.data.columns import corrected, missing
from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.data.table import WHOLE, Column, Kind
from brainwright.data.values import natural
from brainwright.errors import Fault

BINS = 4  # of a column of numbers or dates, by its quantiles
FEW = 6  # different numbers that are a group each
MOST = 100  # groups that one column may tell apart
MISSING, OTHERS = "missing", "others"
JOINT = " & "


class Cut(BaseModel):
    """How one column's cells become groups."""

    model_config = ConfigDict(frozen=True)
    name: str
    kind: Kind
    edges: tuple[float, ...] = ()
    """Of numbers and dates (in seconds since 1970): a cell belongs to the bin that begins at the last edge below it."""
    known: tuple[str, ...] = ()
    """Of categories: values of training."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups in order; the last two are for values that training did not show and for missing cells."""
        return (*(self.bins() if self.edges else self.known), OTHERS, MISSING)

    def bins(self) -> tuple[str, ...]:
        """Each bin in words."""
        edges = [worded(edge, self.kind) for edge in self.edges]
        inner = [f"{low} to below {high}" for low, high in pairwise(edges)]
        return (f"below {edges[0]}", *inner, f"{edges[-1]} and above")

    def codes(self, column: Column) -> NDArray[np.int64]:
        """The group of each cell [N].

        Raises:
            Fault: a cell cannot be of the kind that training had.
        """
        if column.kind != self.kind:
            column, wrong = corrected(column, self.kind)
            if wrong.any():
                held = column.values[int(wrong.argmax())]
                raise Fault(f"the group column {self.name!r} holds {held!r}", f"training had {self.kind} values")
        gaps = missing(column)
        if self.edges:
            codes = np.searchsorted(np.asarray(self.edges), numbers(column), side="right")
        else:
            codes = pd.Index(self.known).get_indexer(pd.Index(words(column)))
            codes = np.where(codes < 0, len(self.known), codes)
        return np.where(gaps, len(self.groups) - 1, codes).astype(np.int64)


class Group(DenseField):
    """int64 scalars: a code for each combination of the columns' groups; numbers are cut at training quartiles."""

    cuts: tuple[Cut, ...] = ()
    counts: tuple[int, ...] = ()
    """Training examples of each combination."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(cut.name for cut in self.cuts)

    @property
    def classes(self) -> tuple[str, ...]:
        """Every combination in words."""
        return tuple(JOINT.join(one) for one in product(*(cut.groups for cut in self.cuts)))

    def fit(self, values: Values) -> Self:
        assert isinstance(values, Mapping)
        fitted = self.model_copy(update={"cuts": tuple(cut_of(name, column) for name, column in values.items())})
        counts = np.bincount(fitted.encode_all(values).values, minlength=len(fitted.classes))
        return fitted.model_copy(update={"counts": tuple(counts.tolist())})

    def encode(self, value: Any) -> NDArray[Any]:
        """A mapping of the columns' names to one cell each."""
        told = {cut.name: value.get(cut.name) for cut in self.cuts}
        cells = {name: None if pd.isna(cell) else str(cell) for name, cell in told.items()}
        columns = {name: Column(np.array([cell], object), Kind.CATEGORY) for name, cell in cells.items()}
        return np.asarray(self.encode_all(columns).values[0])

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, Mapping)
        whole = np.zeros(len(next(iter(values.values()))), np.int64)
        for cut in self.cuts:
            whole = whole * len(cut.groups) + cut.codes(values[cut.name])
        return Dense(whole)

    def decode(self, encoded: Any) -> str:
        return self.classes[int(encoded)]


def cut_of(name: str, column: Column) -> Cut:
    """Learn one column's groups from its training cells.

    Raises:
        Fault: pictures, or too many different values to be groups.
    """
    if column.kind in WHOLE:
        raise Fault(
            f"{name!r} holds {column.kind}s, which name no groups", "name a column of categories, numbers or dates"
        )
    there = column.take(~missing(column))
    if column.kind in (Kind.NUMBER, Kind.DATE):
        cells = numbers(there)
        different = np.unique(cells)
        if len(different) > FEW:
            quantiles = np.quantile(cells, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf")
            edges = np.unique(quantiles)[np.unique(quantiles) > different[0]]
            return Cut(name=name, kind=column.kind, edges=tuple(edges.tolist()))
    different_words = sorted(set(words(there)), key=natural)
    if len(different_words) > MOST:
        what = f"{name!r} holds {len(different_words):,} different values, too many to be groups"
        raise Fault(what, "name a column with fewer")
    return Cut(name=name, kind=column.kind, known=tuple(different_words))


def numbers(column: Column) -> NDArray[np.float64]:
    """Cells [N] of numbers or dates as float64, dates in seconds since 1970; NaN where missing."""
    if column.kind == Kind.DATE:
        seconds = column.values.astype("datetime64[s]").astype(np.int64).astype(np.float64)
        return np.where(missing(column), np.nan, seconds)
    return column.values.astype(np.float64)


def words(column: Column) -> list[str]:
    """Cells [N] in words."""
    if column.kind == Kind.NUMBER:
        return [f"{cell:.12g}" for cell in column.values]
    return [str(cell) for cell in column.values]


def worded(edge: float, kind: Kind) -> str:
    """An edge as people read it."""
    return str(np.datetime64(int(edge), "s"))[:10] if kind == Kind.DATE else f"{edge:g}"
