"""Outlines: regions of a picture as COCO writes them, polygons or run lengths, and the labels that they paint.

Polygons are filled as pycocotools fills them: traced on a grid five times as fine, then read at the middles of pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.errors import Fault

FINE = 5  # as many places a pixel, along which polygons are traced (pycocotools, maskApi.c)
LEAST = 6  # numbers of a polygon: three corners
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Region:
    """One region with its label: polygons (x, y, x, y, ...), or lengths of runs down the columns, unmarked first."""

    code: int
    polygons: tuple[tuple[float, ...], ...] = ()
    runs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outlines:
    """All regions of one picture of this height and width."""

    height: int
    width: int
    regions: tuple[Region, ...]

    def numbers(self) -> NDArray[np.int64]:
        """A label for every place [1, H, W], 0 where no region lies; smaller regions lie over larger ones."""
        painted = [(one.code, self.bits(one)) for one in self.regions]
        found = np.zeros((1, self.height, self.width), np.int64)
        for code, bits in sorted(painted, key=lambda one: -int(one[1].sum())):
            found[0][bits] = code
        return found

    def bits(self, region: Region) -> Bits:
        """Where one region lies [H, W]."""
        if region.runs:
            marked = np.repeat(np.arange(len(region.runs)) % 2 == 1, region.runs)
            return marked.reshape(self.width, self.height).T
        every = [filled(polygon, self.height, self.width) for polygon in region.polygons]
        return np.asarray(np.logical_or.reduce(every), bool)


def region(one: Mapping[str, Any], code: int, size: tuple[int, int], where: str) -> Region | None:
    """An annotation's region in a picture of height and width; None where it has none.

    Raises:
        Fault: naming the annotation whose polygon or runs are no such.
    """
    told = one.get("segmentation")
    if not told:
        return None
    if isinstance(told, Mapping):
        counts = told.get("counts")
        runs = unpacked(counts, where) if isinstance(counts, str) else tuple(counts or ())
        if list(told.get("size", [])) != list(size) or sum(runs) != size[0] * size[1] or min(runs) < 0:
            raise Fault(f"{where}: its mask is not of its picture's size, {size[0]} high, {size[1]} wide", "mend it")
        return Region(code, runs=runs)
    polygons = tuple(tuple(map(float, points)) for points in told) if isinstance(told, Sequence) else ()
    bad = any(len(points) < LEAST or len(points) % 2 or not np.isfinite(points).all() for points in polygons)
    if bad or not polygons:
        raise Fault(f"{where}: a polygon needs three corners or more, each x and y", "mend or delete it")
    return Region(code, polygons=polygons)


def unpacked(counts: str, where: str) -> tuple[int, ...]:
    """Run lengths from COCO's packed text: five bits a sign, each length less that of the run before the last.

    Raises:
        Fault: the text ends early, or holds other signs.
    """
    runs: list[int] = []
    number = shift = 0
    for sign in counts:
        bits = ord(sign) - 48
        if not 0 <= bits < 64:
            raise Fault(f"{where}: its packed mask holds {sign!r}", "mend it, or write polygons")
        number |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        number -= (1 << shift) if bits & 16 else 0
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    if shift:
        raise Fault(f"{where}: its packed mask ends early", "mend it, or write polygons")
    return tuple(runs)


def filled(points: Sequence[float], height: int, width: int) -> Bits:
    """The inside of a polygon [H, W], as pycocotools fills it."""
    corners = (FINE * np.asarray(points).reshape(-1, 2) + 0.5).astype(np.int64)
    across, down = traced(corners)
    turn = np.flatnonzero(np.diff(across)) + 1  # where the outline goes on to the next column of the fine grid
    column = (np.minimum(across[turn], across[turn - 1]) + 0.5) / FINE - 0.5
    row = (np.minimum(down[turn], down[turn - 1]) + 0.5) / FINE - 0.5
    there = (column == np.floor(column)) & (column >= 0) & (column <= width - 1)
    row = np.ceil(row[there].clip(0, height)).astype(np.int64)
    edges = column[there].astype(np.int64) * height + row
    inside = np.bincount(edges, minlength=height * width + 1)[: height * width].cumsum() % 2 == 1
    return np.asarray(inside, bool).reshape(width, height).T


def traced(corners: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every place [M] across and down that the closed outline of corners [N, 2] passes, edge by edge."""
    found = []
    for start, end in zip(corners, np.roll(corners, -1, 0), strict=True):
        long = int(abs(end[0] - start[0]) < abs(end[1] - start[1]))  # the axis along which there is a place each step
        flip = start[long] > end[long]
        low, high = (end, start) if flip else (start, end)
        steps = np.arange(high[long] - low[long] + 1)
        slope = (high[1 - long] - low[1 - long]) / max(1, high[long] - low[long])
        both = np.empty((len(steps), 2), np.int64)
        both[:, long] = low[long] + steps
        both[:, 1 - long] = (low[1 - long] + slope * steps + 0.5).astype(np.int64)
        found.append(both[::-1] if flip else both)
    across, down = np.concatenate(found).T
    return across, down
