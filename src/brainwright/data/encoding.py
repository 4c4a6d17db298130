"""Encoding: many values of one field, piece by piece, so that memory stays small; every damaged value is found."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.data.encoded import Dense, Encoded, Ragged
from brainwright.data.field import Field, Unreadable
from brainwright.data.pieces import Progress

AT_ONCE = 32 * min(16, os.cpu_count() or 1)  # values held at a time: some for each thread that decodes


class Damaged(Exception):
    """Some values cannot be read: row -> why. Who knows where rows came from makes a Fault of it."""

    def __init__(self, faults: dict[int, str]) -> None:
        super().__init__(faults)
        self.faults = faults


def encoded_pieces(field: Field[Any], values: NDArray[Any], progress: Progress) -> Iterator[Dense | Ragged]:
    """Values encoded in order, some at a time; where some are damaged, the rest is looked through all the same.

    Raises:
        Damaged: at the end, naming all that cannot be read.
    """
    faults: dict[int, str] = {}
    for start in range(0, len(values), AT_ONCE):
        piece = values[start : start + AT_ONCE]
        try:
            encoded = field.encode_all(piece)
        except Unreadable:
            faults |= {start + index: reason for index, reason in damage(field, piece)}
        else:
            assert isinstance(encoded, Dense | Ragged)
            if not faults:
                yield encoded
        progress.at(start + len(piece))
    if faults:
        raise Damaged(faults)


def damage(field: Field[Any], values: NDArray[Any]) -> Iterator[tuple[int, str]]:
    """The place of each value that cannot be read, and why."""
    for index, value in enumerate(values):
        try:
            field.encode(value)
        except Unreadable as fault:
            yield index, fault.reason


def joined(pieces: list[Dense | Ragged]) -> Encoded:
    """Pieces end to end, in memory."""
    values = np.concatenate([piece.values for piece in pieces])
    lengths = [piece.lengths for piece in pieces if isinstance(piece, Ragged)]
    if not lengths:
        return Dense(values)
    return Ragged(values, np.concatenate([[0], np.concatenate(lengths).cumsum()]))
