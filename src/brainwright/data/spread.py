"""Spread: how the numbers of a column lay in training; their ranks, and the edges that cut them into equal shares."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

BINS = 48  # pieces of a number's range that a net tells apart (Gorishniy et al. 2022, 2025)
SAMPLE = 200_000  # rows that the pieces are learned from, at most


class Spread(BaseModel):
    """How a number lay in training: `edges` cut its values into pieces of equal share, `levels` are their ranks."""

    model_config = ConfigDict(frozen=True)
    edges: tuple[float, ...] = ()
    """Rising strictly; one when the number never changed, none when it was always missing."""
    levels: tuple[float, ...] = ()
    """Share of training values below each edge, half of its equals included: 0 to 1."""
    mean: float = 0.0
    scale: float = 1.0
    """Standard deviation; 1 where it is zero."""

    @classmethod
    def of(cls, numbers: NDArray[Any]) -> "Spread":
        """Of training values [N], NaN where missing."""
        present = np.asarray(numbers, np.float64)
        present = present[~np.isnan(present)]
        if not len(present):
            return cls()
        edges, levels = cut(present[:: -(-len(present) // SAMPLE)])
        return cls(
            edges=tuple(edges.tolist()),
            levels=tuple(levels.tolist()),
            mean=float(present.mean()),
            scale=float(present.std()) or 1.0,
        )


def cut(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges [E] of at most 48 pieces, and their ranks [E].

    Values that fill a piece alone get an edge of their own; the other edges share out what is left. So a column that
    is zero nine times in ten keeps its pieces for the tenth.
    """
    values, counts = np.unique(numbers, return_counts=True)
    ranks = (counts.cumsum() - counts / 2) / len(numbers)
    heavy = counts > len(numbers) / BINS
    rest = np.flatnonzero(~heavy)
    wanted = BINS + 1 - int(heavy.sum())
    if len(rest) > wanted:
        shares = counts[rest].cumsum() / counts[rest].sum()
        rest = rest[np.unique(np.searchsorted(shares, np.linspace(0, 1, wanted)).clip(max=len(rest) - 1))]
    kept = np.union1d(rest, np.flatnonzero(heavy))
    kept = np.union1d(kept, [0, len(values) - 1])
    return values[kept], ranks[kept]
