"""Lanes against truth: as the TuSimple benchmark counts them, and as CULane's evaluation does."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from brainwright.data.curves import Laid

NEAR, MATCHED = 20.0, 0.85  # TuSimple: pixels across a lane, and part of the rows that must be right
NOWHERE = -100.0  # where TuSimple puts a lane that is not there: absent from both is right
FULL, SPARE = 4, 2  # lanes of a picture that count in full, and how many more than the truth may be said
HALF, SHARED = 15.0, 0.5  # CULane: half the width of a drawn lane in pixels, and the overlap that makes a match
BETWEEN = 16  # points drawn between two points of a lane: less than a pixel apart at usual rows
Numbers = NDArray[np.float64]


def by_rows(said: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
    """Accuracy, part of the said lanes that are wrong, part of the true lanes that are missed, of each picture:
    [B, 3] float64; each lane's list is a tensor [1 + lanes, rows] (TuSimple benchmark, evaluate/lane.py).

    A row is right if the columns differ by less than 20 pixels across the lane, or the lane is absent from both. A true
    lane is as accurate as the said lane that fits it best. Of more than four true lanes the worst is forgiven; two
    lanes too many are borne, and with more the picture counts as missed whole.
    """
    true = Laid.of([one.double().cpu() for one in truth])
    mine = Laid.of([one.double().cpu() for one in said])
    wide = torch.stack([true.counts, mine.counts], 1).double()
    hits = right(true, mine.at(true.rows))  # [B, G, P]
    there = torch.arange(hits.shape[1]) < true.counts[:, None]
    hits = hits.masked_fill(torch.arange(hits.shape[2]) >= mine.counts[:, None, None], 0.0)
    best = hits.amax(2)
    matched = ((best >= MATCHED) & there).sum(1).double()
    many = wide[:, 0] > FULL
    worst = torch.where(there, best, torch.inf).amin(1).where(many, torch.zeros(()).double())
    counted = wide[:, 0].clamp(1, FULL)
    accuracy = (best.where(there, torch.zeros(()).double()).sum(1) - worst) / counted
    wrong = (wide[:, 1] - matched) / wide[:, 1].clamp(min=1)
    missed = wide[:, 0] - matched
    missed = (missed - (many & (missed > 0)).double()) / counted
    found = torch.stack([accuracy, wrong, missed], 1)
    lost = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    return torch.where((wide[:, 1] > wide[:, 0] + SPARE)[:, None], lost, found)


def right(true: Laid, columns: Tensor) -> Tensor:
    """The part of a picture's rows at which said lanes [B, P, R] are right about each true one: [B, G, P]."""
    known = true.rows >= 0
    apart = (nowhere(true.columns)[:, :, None] - nowhere(columns)[:, None]).abs()  # [B, G, P, R]
    near = (apart < across(true)[..., None, None]) & known[:, None, None]
    return near.double().sum(-1) / known.double().sum(-1).clamp(min=1)[:, None, None]


def nowhere(columns: Tensor) -> Tensor:
    """Absent columns where TuSimple puts them."""
    return columns.where(columns >= 0, torch.full_like(columns, NOWHERE))


def across(true: Laid) -> Tensor:
    """How many pixels along a row are 20 pixels across each lane, by the line that fits its points best [B, G]."""
    there = (true.columns >= 0).double()
    count = there.sum(-1, keepdim=True).clamp(min=1)
    rows = true.rows[:, None].expand_as(there)
    down = (rows - (rows * there).sum(-1, keepdim=True) / count) * there
    slope = (down * true.columns).sum(-1) / down.square().sum(-1).clamp(min=1e-9)
    return NEAR / slope.atan().cos()


def by_area(said: Tensor, truth: Tensor, size: tuple[int, int]) -> tuple[int, int, int]:
    """Lanes found, wrongly said and missed in one picture of a size (height, width) in pixels; [1 + lanes, rows] each.

    Lanes are natural cubic splines drawn 30 pixels wide; those matched so that the overlaps are greatest are found
    where a pair overlaps by more than .5 (Pan et al. 2018, CULane).
    """
    bands = [[band(points(one, place), size) for place in range(1, len(one))] for one in (said, truth)]
    mine, true = bands
    overlaps = np.array([[shared(one, other) for other in mine] for one in true]).reshape(len(true), len(mine))
    pairs = linear_sum_assignment(overlaps, maximize=True)
    found = int((overlaps[pairs] > SHARED).sum())
    return found, len(mine) - found, len(true) - found


def points(lanes: Tensor, place: int) -> Numbers:
    """One lane's points [n, 2]: across, down."""
    whole = lanes.double().cpu().numpy()
    there = whole[place] >= 0
    kept: Numbers = np.stack([whole[place, there], whole[0, there]], 1)
    return kept


def band(curve: Numbers, size: tuple[int, int]) -> Numbers:
    """The first and the last column that a drawn lane covers in each row of a picture [height, 2]; first after last
    where it covers none. A lane of fewer than two points is not drawn.
    """
    edges = np.stack([np.full(size[0], np.inf), np.full(size[0], -np.inf)], 1)
    if len(curve) < 2:
        return edges
    drawn = smooth(curve)
    rows = np.floor(drawn[:, 1])[:, None] + np.arange(-HALF, HALF + 2)
    far = np.sqrt(np.maximum(0.0, HALF**2 - np.square(rows - drawn[:, 1:])))
    inside = (np.abs(rows - drawn[:, 1:]) <= HALF) & (rows >= 0) & (rows < size[0])
    index = rows[inside].astype(np.int64)
    np.minimum.at(edges[:, 0], index, np.ceil(drawn[:, :1] - far)[inside])
    np.maximum.at(edges[:, 1], index, np.floor(drawn[:, :1] + far)[inside])
    return np.stack([edges[:, 0].clip(min=0), edges[:, 1].clip(max=size[1] - 1)], 1)


def smooth(curve: Numbers) -> Numbers:
    """Points on the natural cubic spline through a lane's points, by its chords; straight between two."""
    along = np.concatenate([[0.0], np.hypot(*np.diff(curve, axis=0).T).cumsum()])
    steps = np.arange(BETWEEN) / BETWEEN
    wanted = np.append((along[:-1, None] + np.diff(along)[:, None] * steps).ravel(), along[-1])
    drawn: Numbers = CubicSpline(along, curve, bc_type="natural")(wanted)
    return drawn


def shared(one: Numbers, other: Numbers) -> float:
    """The overlap of two bands: the pixels of both over those of either."""
    both = np.minimum(one[:, 1], other[:, 1]) - np.maximum(one[:, 0], other[:, 0]) + 1
    inner = both[both > 0].sum()
    areas = sum(float(wide[wide > 0].sum()) for wide in (one[:, 1] - one[:, 0] + 1, other[:, 1] - other[:, 0] + 1))
    return float(inner / max(1.0, areas - inner))
