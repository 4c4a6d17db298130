"""Rates: how recordings differ in what they were recorded with, told before all are made alike."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from brainwright.data.columns import missing
from brainwright.data.field import Unreadable
from brainwright.data.finding import Finding, Flaw, Severity, named
from brainwright.data.pieces import in_pieces
from brainwright.data.sounds import head
from brainwright.data.table import Kind, Table

AT_ONCE = 64  # heads of files that a thread reads at a time


def rates(table: Table) -> Iterator[Finding]:
    """Recordings of several rates, and of several channels; from the heads of the files alone."""
    for name in table.kinds(Kind.SOUND):
        rows = np.flatnonzero(~missing(table[name]))
        pieces = list(in_pieces(heads, table[name].values[rows], AT_ONCE))
        found = np.concatenate(pieces) if pieces else np.zeros((0, 2), np.int64)
        every, counts = np.unique(found[found[:, 0] > 0, 0], return_counts=True)
        if len(every) > 1:
            told = ", ".join(f"{count:,} of {rate:,} Hz" for rate, count in zip(every, counts, strict=True))
            yield Finding(
                Flaw.RATES, Severity.NOTE, f"recordings of {name!r} differ in rate ({told}): all are brought to one"
            )
        wide = rows[found[:, 1] > 1]
        if len(wide):
            text = f"{len(wide):,} recordings of {name!r} have several channels ({named(table, wide)})"
            yield Finding(Flaw.RATES, Severity.NOTE, f"{text}: their mean is heard", wide)


def heads(files: NDArray[np.object_]) -> NDArray[np.int64]:
    """Rate and channels of each file [N, 2]; zeros where it cannot be read, as decoding will tell."""
    return np.array([pair(file) for file in files], np.int64)


def pair(file: str | bytes) -> tuple[int, int]:
    """Rate and channels, or zeros."""
    try:
        found = head(file)
    except Unreadable:
        return 0, 0
    return found.rate, found.channels
