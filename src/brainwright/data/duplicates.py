"""Duplicates: rows whose inputs are the same to the last bit, found by hashing columns, pixels and files."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.columns import is_identifier
from brainwright.data.table import Column, Kind, Share, Table

NATURAL = 0.5  # where more than this part of the rows repeats others, values repeat by nature and are no copies
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing (2**64 / golden ratio)


def row_keys(table: Table, target: str) -> NDArray[np.uint64]:
    """A hash of every row's inputs [N]: equal rows have equal keys; target and identifiers do not count."""
    inputs = [column for name, column in table.columns.items() if name != target and not is_identifier(name, column)]
    key = np.zeros(len(table), np.uint64)
    for column in inputs:
        key = key * MIX + keys(column)
    return key


def keys(column: Column) -> NDArray[np.uint64]:
    """A hash of every cell of a column [N]; for pictures, of their pixels or of the bytes of their files."""
    values = column.values
    if column.kind == Kind.IMAGE:
        return pictures(values)
    if column.kind == Kind.NUMBER:
        return pd.util.hash_array(np.where(np.isnan(values), np.nan, values + 0.0))  # one NaN, one zero
    return pd.util.hash_array(values)


def pictures(values: NDArray[Any]) -> NDArray[np.uint64]:
    """A hash of every picture [N]. Files of a size that no other has cannot be copies and are not read."""
    if values.dtype != object:
        return digests(np.ascontiguousarray(values).reshape(len(values), -1))
    if any(isinstance(value, bytes) for value in values[:100]):
        return digests(value or b"" for value in values)
    sizes = np.array([size_of(value) for value in values], np.int64)
    shared = np.flatnonzero(pd.Series(sizes).duplicated(keep=False).to_numpy())
    result = pd.util.hash_array(values)
    result[shared] = digests(contents(values[shared]))
    return result


def digests(blobs: Iterable[Any]) -> NDArray[np.uint64]:
    """64 bits of BLAKE2b of every blob [N]."""
    whole = b"".join(blake2b(blob, digest_size=8).digest() for blob in blobs)
    return np.frombuffer(whole, np.uint64)


def size_of(path: str | None) -> int:
    """Bytes of a file; 0 for one that is not there, which the check reports."""
    return Path(path).stat().st_size if path is not None and Path(path).is_file() else 0


def contents(paths: Iterable[str | None]) -> Iterator[bytes]:
    """The bytes of each file; for one that is not there, its name."""
    for path in paths:
        yield Path(path).read_bytes() if path is not None and Path(path).is_file() else str(path).encode()


def telling(row_key: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], int]:
    """Keys that tell copies [N]; all different where rows repeat by nature, and then how many repeat."""
    repeats = len(row_key) - len(pd.unique(row_key))
    if repeats <= NATURAL * len(row_key):
        return row_key, 0
    return np.arange(len(row_key), dtype=np.uint64), repeats


def across(row_key: NDArray[np.uint64], shares: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Rows of validation and test whose inputs are also among the rows for training, by index."""
    held_out = np.flatnonzero((shares == Share.VALIDATION) | (shares == Share.TEST))
    return held_out[np.isin(row_key[held_out], row_key[shares == Share.TRAIN])]
