"""Encoded: many values of one field as plain arrays, either all of one shape or of any length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Dense:
    """Values of one shape: [N, ...]. May be a memory map or a sliding view: only `take` reads it."""

    values: NDArray[Any]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[Any]) -> "Dense":
        """Some values, copied, by index [M] or mask [N]."""
        return Dense(self.values[rows])


@dataclass(frozen=True)
class Ragged:
    """Values of any length, end to end: value i is values[offsets[i]:offsets[i + 1]]."""

    values: NDArray[Any]  # [total, ...]
    offsets: NDArray[np.int64]  # [N + 1]

    @classmethod
    def of(cls, pieces: Sequence[NDArray[Any]]) -> "Ragged":
        """Join N arrays [length, ...] of any lengths."""
        lengths = np.fromiter((len(piece) for piece in pieces), np.int64, len(pieces))
        return cls(np.concatenate(pieces) if pieces else np.zeros(0), np.concatenate([[0], lengths.cumsum()]))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[N]"""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: NDArray[Any]) -> "Ragged":
        """Some values, copied, by index [M] or mask [N]."""
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], lengths.cumsum()])
        places = np.repeat(self.offsets[:-1][rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Ragged(self.values[places], offsets)


Encoded: TypeAlias = Dense | Ragged
