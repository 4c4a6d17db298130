"""Windowing: how long past and future are, and where windows may lie so that no share sees a later one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainwright.data.table import Share
from brainwright.data.timeline import Timeline
from brainwright.errors import Fault

CYCLES = 14  # cycles of the series that a past reaches back: two weeks of hours
LONGEST = 336  # steps of a past that was not asked for (quality.md, section 0)
PLAIN = 24  # the cycle assumed where dates suggest none
SHORT = 12  # a cycle shorter than this is forecast twice
HORIZON_SHARE, LOOKBACK_SHARE = (
    8,
    10,
)  # a horizon and a past that were not asked for fit so often into a series' training
SCATTERED = 0.2  # share of neighbouring rows that part ways where rows were shared out at random

Shares = NDArray[np.uint8]


@dataclass(frozen=True)
class Lengths:
    """Steps that are read and steps that are forecast."""

    past: int
    future: int

    @property
    def span(self) -> int:
        """Steps of a whole window."""
        return self.past + self.future


def lengths(line: Timeline, shares: Shares, past: int, future: int) -> Lengths:
    """What the user asked for; where that is 0, what the cycle and the amount of data suggest.

    One cycle ahead (two of a short one), fourteen cycles back and at most 336 steps; less where there are few rows.
    """
    counted = shares == Share.TRAIN if (shares == Share.TRAIN).any() else np.ones(len(line), bool)
    rows = int(np.median(np.bincount(line.series[counted])[np.unique(line.series[counted])]))
    cycle = next(iter(line.pace.seasons), PLAIN)
    room = min(rows // HORIZON_SHARE, *(int((shares == share).sum()) for share in np.unique(shares)))
    future = future or max(1, min(cycle if cycle >= SHORT else 2 * cycle, room))
    most = max(rows // LOOKBACK_SHARE, min(2 * cycle, rows // 3), 1)
    return Lengths(past or min(CYCLES * cycle, LONGEST, most), future)


def in_time(line: Timeline, shares: Shares) -> tuple[Shares, list[str]]:
    """The shares [T], cut anew by time and of the same sizes where rows were shared out at random.

    A net that is tested on a row between two that it was trained on forecasts nothing.
    """
    beside = np.diff(line.series) == 0
    parted = (np.diff(shares) != 0) & beside
    if parted.sum() <= SCATTERED * beside.sum():
        return shares, []
    order = np.argsort(line.times, kind="stable")
    fresh = np.empty_like(shares)
    fresh[order] = np.sort(shares)
    edges = np.flatnonzero(np.diff(fresh[order])) + 1
    for edge in edges:  # rows of one moment stay together
        same = line.times == line.times[order[edge]]
        fresh[same] = fresh[order[edge]]
    told = ", ".join(str(line.times[order[edge]]) for edge in edges)
    return fresh, [f"rows were shared out at random, which mixes past and future: cut anew by time, at {told}"]


def places(line: Timeline, shares: Shares, size: Lengths) -> tuple[NDArray[np.int64], Shares, list[str]]:
    """First rows [N] of all windows with stride 1, the share of each [N], and what was noticed.

    A window belongs to the share in which its whole future lies; its past may reach into earlier shares of its series
    (training comes before validation, validation before test), never into later ones.

    Raises:
        Fault: a share holds no window.
    """
    starts = np.arange(max(0, len(line) - size.span + 1))
    begins = starts + size.past
    own = shares[begins]
    breaks = np.flatnonzero((np.diff(shares) != 0) | (np.diff(line.series) != 0)) + 1
    ends = np.append(breaks, len(line))
    whole = ends[np.searchsorted(breaks, begins, "right")] >= starts + size.span
    good = whole & (line.series[starts] == line.series[begins])
    for share in np.unique(shares):
        later = np.append(0, np.cumsum(shares > share))
        good &= (own != share) | (later[begins] == later[starts])
    starts, own = starts[good], own[good]
    for share in np.unique(shares):
        if not (own == share).any():
            rows = f"{(shares == share).sum():,} {Share(share).name.lower()} rows"
            what = f"{rows} hold no window of {size.past} steps back and {size.future} ahead"
            raise Fault(what, "ask for a shorter --horizon or --lookback, or bring more rows")
    short = len(np.unique(line.series)) - len(np.unique(line.series[starts]))
    return starts, own, [f"{short:,} series are too short for a window and were left out"] if short else []


def latest(line: Timeline, size: Lengths) -> tuple[NDArray[np.int64], list[str]]:
    """First rows [N] of the windows that end where each series of an extended timeline does, and what was noticed.

    Raises:
        Fault: no series is long enough.
    """
    ends = np.flatnonzero(np.diff(line.series, append=-1)) + 1
    firsts = np.append(0, ends[:-1])
    enough = ends - firsts >= size.span
    if not enough.any():
        longest = int((ends - firsts).max()) - size.future
        raise Fault(f"the history has {longest} steps, but {size.past} are read", f"bring the last {size.past} or more")
    notes = (
        [f"{(~enough).sum():,} series have less than {size.past} steps and get no forecast"] if not enough.all() else []
    )
    return ends[enough] - size.span, notes
