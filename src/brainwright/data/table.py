"""Table: the user's data as named columns, before any task looks at it. It knows no field and no task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.errors import Fault


class Kind(StrEnum):
    """What a column holds."""

    SOUND = "sound"  # file paths (str) or encoded files (bytes)
    IMAGE = "image"  # file paths (str), encoded files (bytes), or one uint8 array [N, H, W] or [N, H, W, C]
    SERIES = "series"  # one array [T] or [T, C] of numbers each, of any length
    NUMBER = "number"  # float64, NaN where missing
    CATEGORY = "category"  # str, None where missing
    DATE = "date"  # datetime64[s], NaT where missing
    TEXT = "text"  # str, None where missing
    VOLUME = "volume"  # paths of scans (str), or one array [N, D, H, W]
    MASK = "mask"  # a label for every place of the row's picture or scan: an array, a path, or (path, names of labels)
    BOXES = "boxes"  # a tuple of things, each (class, left, top, right, bottom) in pixels of the row's picture
    LANES = "lanes"  # ((height, width) of the row's picture, heights of its rows, each lane's column there, -2 = none)
    SPAN = "span"  # a tuple of true answers, each (begin, end) in letters of the row's passage; () = it holds none


FILES = (Kind.IMAGE, Kind.SOUND, Kind.VOLUME)  # whose cells may be files or, but for scans, the bytes of files
WHOLE = (*FILES, Kind.SERIES)  # each of whose cells is a world of its own


class Share(IntEnum):
    """Which share of the data a row belongs to."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2
    OPEN = 3  # not said by the user: splitting decides


@dataclass(frozen=True)
class Column:
    """Values of one column, [N, ...], what they are, and why they were read so."""

    values: NDArray[Any]
    kind: Kind
    reason: str = ""
    digests: NDArray[np.uint64] = field(default_factory=lambda: np.zeros((0, 2), np.uint64))
    """[N, 2]: 128 bits that tell the content of each cell, where cells are files or bytes and were read; or none."""
    alike: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """[N]: cells that are nearly the same have equal codes, where that was looked into; or none."""

    def take(self, rows: NDArray[Any]) -> "Column":
        """Some rows, by index [M] or mask [N]."""
        digests = self.digests[rows] if len(self.digests) else self.digests
        alike = self.alike[rows] if len(self.alike) else self.alike
        return replace(self, values=self.values[rows], digests=digests, alike=alike)

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Table:
    """Columns of equal length; for each row its share and the place it came from."""

    columns: Mapping[str, Column]
    shares: NDArray[np.uint8]  # [N] of Share
    source: str = ""  # as the user wrote it
    files: Sequence[str] = ("",)
    file_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))  # [N] into files, or empty
    row_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # [N], 0 = the whole file
    notes: Sequence[str] = ()  # what the reader noticed, one line each, for the user and the report
    ordered: bool = False  # each row of a file goes on where the one before it ended, as in one long text

    @classmethod
    def of(cls, columns: Mapping[str, Column], source: str = "memory") -> "Table":
        """A table made in memory; splitting will decide the shares."""
        length = len(next(iter(columns.values())))
        return cls(columns, np.full(length, Share.OPEN, np.uint8), source)

    def __len__(self) -> int:
        return len(self.shares)

    def __getitem__(self, name: str) -> Column:
        """A column by its name.

        Raises:
            Fault: there is none, which the user must know of.
        """
        if name not in self.columns:
            raise Fault(f"{self.source} has no column {name!r}", f"there are {', '.join(map(repr, self.columns))}")
        return self.columns[name]

    def kinds(self, kind: Kind) -> list[str]:
        """Names of the columns of one kind, in order."""
        return [name for name, column in self.columns.items() if column.kind == kind]

    def take(self, rows: NDArray[Any]) -> "Table":
        """Some rows, by index [M] or mask [N]."""
        return replace(
            self,
            columns={name: column.take(rows) for name, column in self.columns.items()},
            shares=self.shares[rows],
            file_of=self.file_of[rows] if len(self.file_of) else self.file_of,
            row_of=self.row_of[rows] if len(self.row_of) else self.row_of,
        )

    def without(self, *names: str) -> "Table":
        """The same rows without some columns."""
        return replace(self, columns={name: col for name, col in self.columns.items() if name not in names})

    def where(self, row: int) -> str:
        """Where a row came from, for messages: "train.csv, row 12" or "cats/1.jpg"."""
        file = self.files[self.file_of[row]] if len(self.file_of) else self.source
        line = int(self.row_of[row]) if len(self.row_of) else row + 1
        return f"{file}, row {line}" if line else file
