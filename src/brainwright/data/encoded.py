"""Encoded: many values of one field as arrays: of one shape, in memory or on disk, of any length, or windows."""

import os
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

POSITIONED = hasattr(os, "preadv")  # not on Windows, where files are mapped instead


@dataclass(frozen=True)
class Dense:
    """Values of one shape: [N, ...]."""

    values: NDArray[Any]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one value."""
        return self.values.shape[1:]

    def take(self, rows: NDArray[Any]) -> "Dense":
        """Some values, copied, by index [M] or mask [N]."""
        return Dense(self.values[rows] if rows.dtype == bool else self.values.take(rows, 0))  # twice as fast as [rows]


class Shelf:
    """A file of values of one shape, end to end, open for reading.

    Rows are read by their place and never mapped: mapped pages would count as this process's memory, and of rows in
    any order the system maps many times what is asked for.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.path, self.dtype, self.shape = path, dtype, shape
        self.stride = dtype.itemsize * prod(shape)
        self.file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self.file)

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Some values [M, ...].

        Raises:
            OSError: the disk does not answer.
        """
        return self.stretches(rows, np.ones(len(rows), np.int64))

    def stretches(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[Any]:
        """`lengths` [M] values from each of `starts` [M] on, end to end [total, ...].

        Raises:
            OSError: the disk does not answer.
        """
        if not POSITIONED:
            mapped = np.memmap(self.path, self.dtype, "r").reshape(-1, *self.shape)
            pieces = [mapped[start : start + length] for start, length in zip(starts, lengths, strict=True)]
            return np.concatenate([mapped[:0], *pieces])
        found = np.empty(int(lengths.sum()) * self.stride, np.uint8)
        room, done = memoryview(found.data), 0
        for start, length in zip((starts * self.stride).tolist(), (lengths * self.stride).tolist(), strict=True):
            if os.preadv(self.file, [room[done : done + length]], start) != length:
                raise OSError(f"a file of decoded data ends before {start + length} bytes")
            done += length
        return found.view(self.dtype).reshape(-1, *self.shape)


@dataclass(frozen=True)
class Stored:
    """Values of one shape that lie on disk, [N, ...]: they take no memory before they are read."""

    shelf: Shelf
    rows: NDArray[np.int64]  # [N] of the shelf

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one value."""
        return self.shelf.shape

    def take(self, rows: NDArray[Any]) -> "Stored":
        """Some values, by index [M] or mask [N]; none is read."""
        return replace(self, rows=self.rows[rows])

    @property
    def values(self) -> NDArray[Any]:
        """All values [N, ...], read from disk."""
        return self.shelf.read(self.rows)


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


@dataclass(frozen=True)
class StoredRagged:
    """Values of any length that lie on disk, end to end there: they take no memory before they are read."""

    shelf: Shelf
    starts: NDArray[np.int64]  # [N] of the shelf
    lengths: NDArray[np.int64]  # [N]

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: NDArray[Any]) -> "StoredRagged":
        """Some values, by index [M] or mask [N]; none is read."""
        return replace(self, starts=self.starts[rows], lengths=self.lengths[rows])

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where each value begins and ends in `values`: [N + 1]."""
        return np.concatenate([[0], self.lengths.cumsum()])

    @property
    def values(self) -> NDArray[Any]:
        """All values end to end [total, ...], read from disk."""
        return self.shelf.stretches(self.starts, self.lengths)


@dataclass(frozen=True)
class Windows:
    """Stretches of one long array, which may overlap: window i is series[starts[i] + offset :][:length].

    Nothing is copied before it is asked for: N windows cost N numbers, however long they are.
    """

    series: NDArray[Any]  # [T, ...]
    starts: NDArray[np.int64]  # [N], where each example begins
    length: int
    offset: int = 0  # rows of the example before its window
    span: int = 0  # rows of the whole example
    names: tuple[str, ...] = ()  # what stands in the last axis

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """One window [length, ...] by number, or some [M, length, ...] by index or mask; copied."""
        places = self.starts[rows] + self.offset
        gathered: NDArray[Any] = self.series[np.asarray(places)[..., None] + np.arange(self.length)]
        return gathered

    def take(self, rows: NDArray[Any]) -> "Windows":
        """Some windows, by index [M] or mask [N]; none is copied."""
        return replace(self, starts=self.starts[rows])

    @property
    def values(self) -> NDArray[Any]:
        """All windows [N, length, ...], copied."""
        return self[np.arange(len(self))]

    def covered(self) -> NDArray[Any]:
        """The rows [M, ...] of the long array that any example reaches, each once, in order."""
        edges = np.zeros(len(self.series) + 1, np.int64)
        np.add.at(edges, self.starts, 1)
        np.add.at(edges, self.starts + self.span, -1)
        reached: NDArray[Any] = self.series[edges.cumsum()[:-1] > 0]
        return reached


Uneven: TypeAlias = Ragged | StoredRagged
Encoded: TypeAlias = Dense | Stored | Ragged | StoredRagged | Windows


def singles(encoded: Encoded) -> Iterator[NDArray[Any]]:
    """The values one by one: [...] each, or [length, ...] where lengths differ."""
    if isinstance(encoded, Uneven):
        yield from np.split(encoded.values, encoded.offsets[1:-1]) if len(encoded) else ()
    else:
        yield from encoded.values
