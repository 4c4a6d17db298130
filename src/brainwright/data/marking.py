"""Marking: pictures with boxes drawn in them, as any reader found them, become one table; every odd box is named."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainwright.data.field import Unreadable
from brainwright.data.outlines import Outlines
from brainwright.data.pictures import sides
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

Labels = tuple[tuple[int, str], ...]  # number and name of each label of a mask
NAMED = 3  # odd boxes that are named in one line; the rest is counted


@dataclass(frozen=True)
class Thing:
    """One marked thing: its class, its corners in pixels of the picture, and where that was written."""

    word: str
    corners: tuple[float, float, float, float]
    where: str

    def cell(self) -> tuple[str, float, float, float, float]:
        """As a table holds it."""
        return (self.word, *self.corners)


@dataclass(frozen=True)
class Marked:
    """A picture and its things; `where` says which file, and which row of it, speaks of the picture."""

    picture: Path
    share: Share
    things: Sequence[Thing]
    where: str
    regions: Outlines | None = None
    """Where each thing lies, place by place, if that is told."""


def marked_table(path: Path, pictures: Sequence[Marked], notes: Sequence[str], labels: Labels = ()) -> Table:
    """Columns image and boxes, and mask where every picture's regions are told; `labels` are what their numbers mean.
    Boxes that reach beyond their picture are cut at its edge; those without area, or
    wholly outside, are left out; both are said. Nothing is written.

    Raises:
        Fault: no picture; a picture that is not there; a corner that is no number.
    """
    if not pictures:
        raise Fault(f"{path} names no pictures", "bring pictures with their boxes")
    odd: dict[str, list[str]] = {}
    cells = np.empty(len(pictures), object)
    for row, one in enumerate(pictures):
        if not one.picture.is_file():
            raise Fault(
                f"{one.where} names the picture {one.picture}, which is not there", "bring it, or drop its mark"
            )
        cells[row] = tuple(thing.cell() for thing in mended(one, odd))
    home = path.absolute() if path.is_dir() else path.absolute().parent
    names = np.array([str(one.picture) for one in pictures], object)
    reason = f"boxes: {sum(map(len, cells)):,} things in {len(pictures):,} pictures"
    columns = {
        "image": Column(names, Kind.IMAGE, "pictures: files that the marks name"),
        "boxes": Column(cells, Kind.BOXES, reason),
    }
    if all(one.regions is not None for one in pictures):
        masks = np.empty(len(pictures), object)
        masks[:] = [(one.regions, labels) for one in pictures]
        columns["mask"] = Column(masks, Kind.MASK, "masks: the regions of these things (--task segmentation)")
    return Table(
        columns,
        np.array([one.share for one in pictures], np.uint8),
        str(path),
        [os.path.relpath(name, home) for name in names],
        np.arange(len(pictures), dtype=np.int32),
        np.zeros(len(pictures), np.int64),
        [*notes, *told(odd)],
    )


def mended(one: Marked, odd: dict[str, list[str]]) -> Iterator[Thing]:
    """The things of a picture, cut at its edge; `odd` learns what was cut and what was left out."""
    try:
        height, width = sides(str(one.picture))
    except Unreadable:  # the check names every damaged picture together
        height, width = 10**9, 10**9
    for thing in one.things:
        left, top, right, bottom = thing.corners
        if not all(map(np.isfinite, thing.corners)):
            raise Fault(f"{thing.where}: a corner of a box is no number", "mend it or delete the box")
        if right <= left or bottom <= top:
            odd.setdefault("have no area and were left out", []).append(thing.where)
        elif left >= width or top >= height or right <= 0 or bottom <= 0:
            odd.setdefault("lie outside their picture and were left out", []).append(thing.where)
        elif left < 0 or top < 0 or right > width or bottom > height:
            if min(left, top, width - right, height - bottom) < -1:  # by a pixel: counted from 1, or rounded
                odd.setdefault("reach beyond their picture and were cut at its edge", []).append(thing.where)
            inner = (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
            yield Thing(thing.word, inner, thing.where)
        else:
            yield thing


def told(odd: Mapping[str, Sequence[str]]) -> list[str]:
    """One line for each oddity."""
    return [
        f"{len(places):,} boxes {what}: {'; '.join(places[:NAMED])}{' ...' * (len(places) > NAMED)}"
        for what, places in odd.items()
    ]


def shares_of(words: Sequence[str], known: Mapping[str, Share]) -> Share:
    """The first share that any of these words means."""
    return next((known[word] for word in words if word in known), Share.OPEN)
