"""Tracing: pictures with lanes along them, as any reader found them, become one table; every odd lane is named."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from brainwright.data import tables
from brainwright.data.curves import ABSENT
from brainwright.data.field import Unreadable
from brainwright.data.pictures import sides
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

NAMED = 3  # odd lanes that are named in one line; the rest is counted
FEWEST = 2  # points that make a lane
ROUNDED = 1.0  # pixel beyond the frame that is no more than rounding
Cell = tuple[tuple[int, int], tuple[float, ...], tuple[tuple[float, ...], ...]]  # size, rows, lanes
UNKNOWN = 10**9  # sides of a picture that cannot be read: the check names all such together


@dataclass(frozen=True)
class Traced:
    """A picture and its lanes: columns at rows, in pixels; `where` says which file, and which row of it, holds them."""

    picture: Path
    share: Share
    rows: Sequence[float]
    lanes: Sequence[Sequence[float]]
    """Each lane's column at every row, below 0 where there is none."""
    where: str


def traced_table(path: Path, pictures: Sequence[Traced], notes: Sequence[str]) -> Table:
    """Columns image and lanes. What of a lane lies off its picture is left out, and so are lanes of which fewer than
    two points are left; both are said. Nothing is written.

    Raises:
        Fault: no picture; a picture that is not there, or stands twice; rows that do not fit it or a lane.
    """
    if not pictures:
        raise Fault(f"{path} names no pictures", "bring pictures with their lanes")
    if not any(one.share == Share.TRAIN for one in pictures):
        pictures = [replace(one, share=Share.OPEN) for one in pictures]
    seen: dict[Path, str] = {}
    odd: dict[str, list[str]] = {}
    cells = np.empty(len(pictures), object)
    for row, one in enumerate(pictures):
        if not one.picture.is_file():
            what = f"{one.where} names the picture {one.picture}, which is not there"
            raise Fault(what, "bring it, or drop its lanes")
        if one.picture in seen:
            raise Fault(f"{one.where} names {one.picture.name}, as {seen[one.picture]} does", "keep one of both")
        seen[one.picture] = one.where
        cells[row] = cell(one, odd)
    home = path.absolute() if path.is_dir() else path.absolute().parent
    names = np.array([str(one.picture) for one in pictures], object)
    reason = f"lanes: {sum(len(lanes) for _, _, lanes in cells):,} in {len(pictures):,} pictures"
    columns = {
        "image": Column(names, Kind.IMAGE, "pictures: files that the lanes name"),
        "lanes": Column(cells, Kind.LANES, reason),
    }
    shares = np.array([one.share for one in pictures], np.uint8)
    files = [os.path.relpath(name, home) for name in names]
    said = [*notes, *unlike(pictures), *told(odd)]
    return Table(columns, shares, str(path), files, np.arange(len(files), dtype=np.int32), 0 * shares.astype(int), said)


def cell(one: Traced, odd: dict[str, list[str]]) -> Cell:
    """A picture's lanes as a table holds them; `odd` learns what was left out.

    Raises:
        Fault: rows that do not rise or lie below the picture; a lane whose columns are not as many as the rows.
    """
    try:
        height, width = sides(str(one.picture))
    except Unreadable:
        height, width = UNKNOWN, UNKNOWN
    rows = np.asarray(one.rows, np.float64)
    if not np.isfinite(rows).all() or (np.diff(rows) <= 0).any():
        raise Fault(f"{one.where}: the heights of its rows do not rise", "write each row once, from above to below")
    if len(rows) and (rows[0] < 0 or rows[-1] > height):
        what = f"{one.where}: rows from {rows[0]:g} to {rows[-1]:g} do not match its picture, which is {height} high"
        raise Fault(what, "give the picture that the lanes were drawn on, or its own rows")
    kept = tuple(tuple(lane.tolist()) for lane in inside(one, len(rows), width, odd))
    return (height, width), tuple(rows.tolist()), kept


def inside(one: Traced, rows: int, width: int, odd: dict[str, list[str]]) -> Iterator[np.ndarray]:
    """What of each lane lies in a picture so many pixels wide."""
    for place, lane in enumerate(one.lanes, 1):
        where = f"{one.where}, lane {place}"
        columns = np.asarray(lane, np.float64)
        if len(columns) != rows:
            raise Fault(f"{where} has {len(columns)} columns for {rows} rows", "write one for each row, -2 for none")
        if not np.isfinite(columns).all():
            raise Fault(f"{where}: a column is no number", "mend it, or write -2 where there is no lane")
        beyond = (columns >= width) | ((columns < 0) & (columns != ABSENT))
        if ((columns >= width + ROUNDED) | ((columns < -ROUNDED) & (columns != ABSENT))).any():
            odd.setdefault("reach beyond their picture, where they were cut", []).append(where)
        columns = np.where(beyond, ABSENT, columns)
        if (columns >= 0).sum() >= FEWEST:
            yield columns
        else:
            odd.setdefault(f"have fewer than {FEWEST} points in their picture and were left out", []).append(where)


def unlike(pictures: Sequence[Traced]) -> Iterator[str]:
    """What to say where pictures are not all marked at the same rows."""
    rows = [tuple(one.rows) for one in pictures]
    ((usual, _),) = Counter(rows).most_common(1)
    other = [one.where for one, mine in zip(pictures, rows, strict=True) if mine != usual]
    if other:
        yield f"{len(other):,} pictures are marked at other rows than most, each is judged at its own: {few(other)}"


def told(odd: Mapping[str, Sequence[str]]) -> list[str]:
    """One line for each oddity."""
    return [f"{len(places):,} lanes {what}: {few(places)}" for what, places in odd.items()]


def few(places: Sequence[str]) -> str:
    """The first of them."""
    return f"{'; '.join(places[:NAMED])}{' ...' * (len(places) > NAMED)}"


def share_along(file: Path, home: Path) -> Share:
    """The share that a file's name tells, or the nearest folder above it up to `home` and its own name."""
    names = [file.stem, *(one.name for one in file.parents if one == home or home in one.parents)]
    return next((share for share in map(tables.share_of, names) if share != Share.OPEN), Share.OPEN)
