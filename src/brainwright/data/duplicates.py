"""Duplicates: rows whose inputs are the same to the last bit, found by hashing columns, pixels and files."""

import os
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.columns import is_identifier
from brainwright.data.pieces import Progress, Tell, in_pieces, silent
from brainwright.data.stacks import files_in
from brainwright.data.table import FILES, WHOLE, Column, Kind, Share, Table

NATURAL = 0.5  # where more than this part of the rows repeats others, values repeat by nature and are no copies
AT_ONCE = 64  # cells that a thread takes at a time
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing (2**64 / golden ratio)


def row_keys(table: Table, target: str) -> NDArray[np.uint64]:
    """A hash of every row's inputs [N]: equal rows have equal keys; target and identifiers do not count."""
    inputs = [column for name, column in table.columns.items() if name != target and not is_identifier(name, column)]
    key = np.zeros(len(table), np.uint64)
    for column in inputs:
        key = key * MIX + keys(column)
    return key


def keys(column: Column) -> NDArray[np.uint64]:
    """A hash of every cell of a column [N]; for pictures, sounds and scans, of numbers or of their files' bytes."""
    values = column.values
    if column.kind in WHOLE:
        return (column.digests if len(column.digests) else digests(values))[:, 0].copy()
    if column.kind == Kind.NUMBER:
        return pd.util.hash_array(np.where(np.isnan(values), np.nan, values + 0.0))  # one NaN, one zero
    return pd.util.hash_array(values)


def digested(table: Table, tell: Tell) -> Table:
    """The same table, its columns of files and of encoded files with the digests of their contents: every byte is read.

    A byte that changed is noticed whatever the file's size and time say.
    """
    found = {
        name: replace(column, digests=digests(column.values, tell))
        for name, column in table.columns.items()
        if column.kind in FILES and column.values.dtype == object
    }
    return replace(table, columns={**table.columns, **found})


def digests(values: NDArray[Any], tell: Tell = silent) -> NDArray[np.uint64]:
    """128 bits of BLAKE2b of every cell [N, 2]: of its pixels, its bytes, or the bytes of the file it names."""
    if values.dtype != object:
        values = np.ascontiguousarray(values).reshape(len(values), -1)
    progress, pieces = Progress(tell, "data      files read:", len(values)), []
    for piece in in_pieces(digest, values, AT_ONCE):
        pieces.append(piece)
        progress.at(len(pieces) * AT_ONCE)
    return np.frombuffer(b"".join(pieces), np.uint64).reshape(len(values), 2)


def digest(values: NDArray[Any]) -> bytes:
    """16 bytes for each cell, end to end."""
    blobs = values if values.dtype != object else map(content, values)
    return b"".join(blake2b(blob, digest_size=16).digest() for blob in blobs)


def content(cell: str | bytes | NDArray[Any] | None) -> bytes:
    """The bytes of a cell, of its numbers, or of the file that it names; its name where that cannot be read."""
    if isinstance(cell, bytes):
        return cell
    if isinstance(cell, np.ndarray):
        return np.ascontiguousarray(cell).tobytes()
    try:
        if os.path.isdir(str(cell)):  # the slices of a scan
            return b"".join(blake2b(Path(file).read_bytes()).digest() for file in files_in(str(cell)))
        return Path(str(cell)).read_bytes()
    except OSError:
        return str(cell).encode()


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
