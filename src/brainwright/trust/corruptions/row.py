"""Corruptions of a table's rows, as they are encoded: shaken, lost, shifted, mistyped and mixed-up cells."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from brainwright.data.fields.row import UNKNOWN, Row

Corruption: TypeAlias = Callable[[NDArray[Any], Row, int, np.random.Generator], NDArray[Any]]
"""(rows float32 [N, places], NaN where missing; what training showed; strength 0..4; chance) -> rows."""


def numbers(field: Row) -> tuple[list[int], NDArray[np.float64]]:
    """Places that hold numbers of the user's (no classes, no dates), and their deviation in training."""
    mine = [one for one in field.places if not one.classes and len(one.column.spreads) == 1]
    return [one.at for one in mine], np.array([one.spread.scale for one in mine], np.float64)


def noise(rows: NDArray[Any], field: Row, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Numbers measured less exactly: normal noise in shares of a column's deviation."""
    at, scale = numbers(field)
    changed = rows.copy()
    changed[:, at] += draw.normal(size=(len(rows), len(at))) * scale * (0.05, 0.1, 0.2, 0.4, 0.8)[strength]
    return changed


def missing(rows: NDArray[Any], field: Row, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Cells that nobody filled in; a column's cells of one row go together."""
    lost = draw.random((len(rows), len(field.columns))) < (0.02, 0.05, 0.1, 0.2, 0.4)[strength]
    return np.where(np.repeat(lost, [one.width for one in field.columns], 1), np.float32(np.nan), rows)


def shift(rows: NDArray[Any], field: Row, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Another population: every number moves by so many of its column's deviations, one direction a column."""
    at, scale = numbers(field)
    changed = rows.copy()
    changed[:, at] += draw.choice([-1.0, 1.0], len(at)) * scale * (0.1, 0.25, 0.5, 1.0, 2.0)[strength]
    return changed


def mistyped(rows: NDArray[Any], field: Row, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Numbers with the point in the wrong place: ten times too large or too small."""
    at, _ = numbers(field)
    wrong = draw.random((len(rows), len(at))) < (0.01, 0.02, 0.05, 0.1, 0.2)[strength]
    factor = np.where(draw.random(wrong.shape) < 0.5, 10.0, 0.1)
    changed = rows.copy()
    changed[:, at] *= np.where(wrong, factor, 1.0)
    return changed


def unknown_classes(rows: NDArray[Any], field: Row, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Words that training never saw, in columns of categories."""
    at = [one.at for one in field.places if one.classes]
    wrong = draw.random((len(rows), len(at))) < (0.02, 0.05, 0.1, 0.2, 0.4)[strength]
    changed = rows.copy()
    changed[:, at] = np.where(wrong, UNKNOWN, changed[:, at])
    return changed


def mixed_rows(rows: NDArray[Any], field: Row, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Cells that belong to somebody else: taken from another row of the same table."""
    taken = draw.random((len(rows), len(field.columns))) < (0.02, 0.05, 0.1, 0.2, 0.4)[strength]
    others = rows[draw.permutation(len(rows))]
    return np.where(np.repeat(taken, [one.width for one in field.columns], 1), others, rows)


KINDS: Mapping[str, Corruption] = {
    one.__name__.replace("_", " "): one for one in (noise, missing, shift, mistyped, unknown_classes, mixed_rows)
}
