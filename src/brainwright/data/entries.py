"""Entries: folders of the cache: written safely, read back into memory or left on disk, measured, removed."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.data.encoded import Dense, Encoded, Ragged, Shelf, Stored, StoredRagged
from brainwright.errors import Fault

HELD = 64 * 2**20  # bytes: what is smaller is held in memory whole; of more, only the rows asked for are read
FACTS, VALUES, OFFSETS = "facts.json", "values.bin", "offsets.bin"


@dataclass(frozen=True)
class Entry:
    """One thing that is kept: where, how large in bytes, and when it was last used, in seconds since 1970."""

    path: Path
    size: int
    used: float


def fill(part: Path, pieces: Iterable[Dense | Ragged]) -> None:
    """Write an entry's files, each safe on disk before the next."""
    facts: dict[str, Any] = {}
    lengths: list[NDArray[np.int64]] = []

    def values() -> Iterator[bytes | memoryview]:
        for piece in pieces:
            facts.update(dtype=piece.values.dtype.str, shape=list(piece.values.shape[1:]))
            facts["count"] = facts.get("count", 0) + len(piece.values)
            if isinstance(piece, Ragged):
                lengths.append(piece.lengths)
            yield np.ascontiguousarray(piece.values).data

    write(part / VALUES, values())
    facts["ragged"] = bool(lengths)
    if lengths:
        write(part / OFFSETS, [np.concatenate([[0], np.concatenate(lengths).cumsum()]).astype(np.int64).data])
    write(part / FACTS, [json.dumps(facts).encode()])
    synced(part)


def kept(path: Path) -> Encoded | None:
    """What an entry holds; None where there is none, or only what is left of one.

    Raises:
        Fault: it cannot be read.
    """
    try:
        facts = json.loads((path / FACTS).read_text(encoding="utf-8"))
        os.utime(path)
        return dense(path, facts) if not facts["ragged"] else ragged(path, facts)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        removed(path)
        return None
    except OSError as error:
        raise Fault(f"{path} cannot be read ({error.strerror})", "remove it: brainwright cache --clean") from None


def dense(path: Path, facts: Mapping[str, Any]) -> Dense | Stored:
    """Values of one shape: in memory where they are few."""
    dtype, shape, count = np.dtype(facts["dtype"]), tuple(facts["shape"]), facts["count"]
    if sized(path / VALUES, dtype.itemsize * prod(shape) * count) > HELD:
        return Stored(Shelf(path / VALUES, dtype, shape), np.arange(count))
    return Dense(np.fromfile(path / VALUES, dtype).reshape(count, *shape))


def ragged(path: Path, facts: Mapping[str, Any]) -> Ragged | StoredRagged:
    """Values of any length: in memory where they are few."""
    dtype, shape, count = np.dtype(facts["dtype"]), tuple(facts["shape"]), facts["count"]
    offsets = np.fromfile(path / OFFSETS, np.int64)
    if not len(offsets) or offsets[-1] != count:
        raise ValueError("the offsets were cut short")
    if sized(path / VALUES, dtype.itemsize * prod(shape) * count) > HELD:
        return StoredRagged(Shelf(path / VALUES, dtype, shape), offsets[:-1], np.diff(offsets))
    return Ragged(np.fromfile(path / VALUES, dtype).reshape(count, *shape), offsets)


def sized(path: Path, size: int) -> int:
    """The bytes of a file, which must be so many."""
    if path.stat().st_size != size:
        raise ValueError("the values were cut short")
    return size


def measured(path: Path) -> Entry | None:
    """An entry's size and last use; None where it went away meanwhile."""
    try:
        files = [one.stat() for one in (path.iterdir() if path.is_dir() else [path])]
        return Entry(path, sum(one.st_size for one in files), max([path.stat().st_mtime, *(o.st_mtime for o in files)]))
    except OSError:
        return None


def removed(path: Path) -> None:
    """Take an entry away, as far as that can be done: on some systems a file that is read cannot go."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """A file, safe on disk when this returns."""
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def synced(folder: Path) -> None:
    """The names in a folder, safe on disk when this returns."""
    if os.name == "posix":
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)
