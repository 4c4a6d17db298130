"""Drives: where one drive of a log ends and the next begins, so that nothing reaches from one into another."""

import numpy as np
from numpy.typing import NDArray

from brainwright.data.table import Kind, Table
from brainwright.data.values import word_of

NAMES = {"drive", "episode", "clip", "sequence", "recording", "trip", "lap", "session", "run"}
TIMES = {"time", "timestamp", "stamp", "seconds", "date", "datetime", "clock"}
LEAP = 5.0  # times the usual step of its clock from which a log has a gap


def names_a_drive(name: str) -> bool:
    """Whether a column says which drive a row belongs to."""
    return bool(NAMES & {word.lower() for word in word_of(name)})


def tells_time(name: str) -> bool:
    """Whether a column says when a row was recorded."""
    return bool(TIMES & {word.lower() for word in word_of(name)})


def stretches(table: Table) -> NDArray[np.int64]:
    """Codes [N] of the stretches whose rows follow one another without a gap, in the order of the log.

    A stretch ends with its file, its share and its drive, where rows are missing, and where the clock leaps or turns
    back.
    """
    parted = np.diff(table.shares) != 0
    if len(table.file_of):
        parted |= np.diff(table.file_of) != 0
    if len(table.row_of):
        parted |= np.diff(table.row_of) != 1
    for name, column in table.columns.items():
        if names_a_drive(name) and column.kind in (Kind.NUMBER, Kind.CATEGORY):
            parted |= column.values[1:] != column.values[:-1]
        elif column.kind == Kind.DATE or (tells_time(name) and column.kind == Kind.NUMBER):
            parted |= leaps(column.values)
    return np.concatenate([[0], parted.cumsum()]) if len(table) else np.zeros(0, np.int64)


def leaps(times: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Steps [N - 1] between moments [N], numbers or dates, that are far longer than usual, or lead back."""
    steps = np.diff(times).astype(np.float64)
    onward = steps[steps > 0]
    usual = float(np.median(onward)) if len(onward) else 0.0
    return np.asarray((steps < 0) | (steps > LEAP * usual))


def behind(stretch: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """For each row [N] itself and those before it in its stretch, [N, count], the oldest first; where a stretch has no
    more, its first row stands for them.
    """
    place = np.arange(len(stretch))
    begins = place[np.searchsorted(stretch, stretch)] if len(stretch) else place
    return np.asarray(np.maximum(place[:, None] - np.arange(count - 1, -1, -1), begins[:, None]))
