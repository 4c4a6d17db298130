"""Lanes as columns at rows of a picture: laid side by side for a batch, read at other rows, put in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ABSENT = -2.0  # the column where a lane is not: as TuSimple writes it
CLOSE = 1e-3  # pixels, or part of a step between rows, by which a row may miss another and still be it
FOOT = 0.25  # part of a lane, its lowest, that says where it goes on below
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Laid:
    """Lanes of a batch in pixels, filled up with rows and lanes that are absent."""

    rows: Tensor
    """[B, R]; beyond a picture's own rows, ABSENT."""
    columns: Tensor
    """[B, L, R]; ABSENT where a lane is not."""
    counts: Tensor
    """[B] int64: lanes of each picture."""

    @classmethod
    def of(cls, lanes: Sequence[Tensor]) -> "Laid":
        """From one tensor a picture [1 + lanes, rows]: the heights of its rows, and below each lane's columns."""
        most = max(1, *(one.shape[0] - 1 for one in lanes)), max(1, *(one.shape[1] for one in lanes))
        whole = lanes[0].new_full((len(lanes), 1 + most[0], most[1]), ABSENT)
        for place, one in enumerate(lanes):
            whole[place, : one.shape[0], : one.shape[1]] = one
        counts = torch.tensor([one.shape[0] - 1 for one in lanes], device=whole.device)
        return cls(whole[:, 0], whole[:, 1:], counts)

    def at(self, wanted: Tensor) -> Tensor:
        """Each lane's column at other rows [B, A]: [B, L, A]."""
        return crossed(self.columns, self.rows[:, None].expand_as(self.columns), wanted)


def crossed(columns: Tensor, rows: Tensor, wanted: Tensor) -> Tensor:
    """Where lanes, whose points are columns and rows [B, L, R], cross the rows `wanted` [B, A]: [B, L, A].

    Straight between neighbouring points; ABSENT where a lane has none on either side. Of several crossings the first.
    """
    there = columns >= 0
    low, high = (torch.cat([one, rows], -1)[:, :, None] for one in (rows[..., :-1], rows[..., 1:]))  # [B, L, 1, 2R - 1]
    left, right = (torch.cat([one, columns], -1)[:, :, None] for one in (columns[..., :-1], columns[..., 1:]))
    both = torch.cat([there[..., :-1] & there[..., 1:], there], -1)[:, :, None]
    span = high - low
    part = (wanted[:, None, :, None] - low) / torch.where(span == 0, torch.ones_like(span), span)
    within = both & (part >= -CLOSE) & (part <= 1 + CLOSE) & ((span != 0) | (part.abs() <= CLOSE))
    first = within.to(torch.uint8).argmax(-1, keepdim=True)
    found = (left + part.clamp(0, 1) * (right - left)).gather(-1, first)[..., 0]
    return torch.where(within.any(-1), found, torch.full_like(found, ABSENT))


def ordered(rows: Numbers, columns: Numbers) -> Numbers:
    """Lanes [L, R] from left to right, by where each would meet the lowest row if it went on as it ends."""
    feet = [foot(rows, one) for one in columns]
    sorted_lanes: Numbers = columns[np.argsort(feet, kind="stable")] if feet else columns
    return sorted_lanes


def foot(rows: Numbers, columns: Numbers) -> float:
    """The column in which one lane [R], prolonged by the line through its lowest points, meets the lowest row."""
    there = np.flatnonzero(columns >= 0)
    if not len(there):
        return float("inf")
    low = there[-max(2, round(FOOT * len(there))) :]
    down, across = rows[low] - rows[low].mean(), columns[low] - columns[low].mean()
    slope = float((down * across).sum() / max(1e-9, float(np.square(down).sum())))
    return float(columns[low].mean()) + slope * float(rows[-1] - rows[low].mean())
