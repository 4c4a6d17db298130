"""Broken: pictures that cannot be decoded whole, each named; what cannot be seen in them, and what was seen before."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from brainwright.data import scans, sounds
from brainwright.data.columns import WORDS, missing
from brainwright.data.field import Unreadable
from brainwright.data.finding import Finding, Flaw, Severity, named
from brainwright.data.lookalikes import SIDE, alike_pictures, blank, joined
from brainwright.data.pictures import opened
from brainwright.data.pieces import in_pieces
from brainwright.data.sides import lookalikes
from brainwright.data.table import FILES, Kind, Table

FAULTS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.SOUND: sounds.fault,
    Kind.VOLUME: scans.fault,
    Kind.MASK: scans.fault,
}
AT_ONCE = 64  # pictures that a thread takes at a time
FEW = 0.01  # part of the pictures that may be damaged: they are named and left out, and learning hardly notices


def broken(table: Table, target: str) -> Iterator[Finding]:
    """Pictures that cannot be decoded whole, that are of one tone, or nearly the same on both sides: one pass."""
    yield from unheard(table)
    for name in table.kinds(Kind.IMAGE):
        values = table[name].values
        if values.dtype != object or name == target:
            continue
        rows = np.flatnonzero(~missing(table[name]))
        seen = [one for piece in in_pieces(seen_in, values[rows], AT_ONCE) for one in piece]
        bad = {int(row): said for row, (said, _) in zip(rows, seen, strict=True) if said}
        if bad:
            yield unreadable(table, bad)
        good = np.array([not said for said, _ in seen], bool)
        if good.any():
            small = np.stack([grey for said, grey in seen if not said]).astype(np.float32)
            yield from plain(table, rows[good], small)
            yield from lookalikes(with_alike(without_alike(table), name, rows[good], small))


def unheard(table: Table) -> Iterator[Finding]:
    """Sounds, scans and masks that cannot be decoded whole, each named."""
    for column in table.columns.values():
        if column.kind not in FAULTS or column.values.dtype != object:
            continue
        rows = np.flatnonzero(~missing(column))
        wrong = partial(faults_of, FAULTS[column.kind])
        faults = [said for piece in in_pieces(wrong, column.values[rows], AT_ONCE) for said in piece]
        bad = {int(row): said for row, said in zip(rows, faults, strict=True) if said}
        if bad:
            yield unreadable(table, bad)


def faults_of(fault: Callable[[Any], str], files: NDArray[np.object_]) -> list[str]:
    """Why each file cannot be decoded whole, or ""."""
    return [fault(file) for file in files]


def without_alike(table: Table) -> Table:
    """The table without codes of what is alike."""
    return replace(table, columns={name: replace(one, alike=one.alike[:0]) for name, one in table.columns.items()})


def with_alike(table: Table, name: str, rows: NDArray[np.int64], small: NDArray[np.float32]) -> Table:
    """The table, a column of pictures with codes of what is alike, from small grey pictures [M, 256] of rows [M]."""
    alike = np.arange(len(table))
    alike[rows] = rows[joined(alike_pictures(small), len(rows))]
    return replace(table, columns={**table.columns, name: replace(table[name], alike=alike)})


def plain(table: Table, rows: NDArray[np.int64], small: NDArray[np.float32]) -> Iterator[Finding]:
    """Pictures of one tone, from the small grey pictures [M, 256] of rows [M]."""
    found = rows[blank(small)]
    if len(found):
        text = f"{len(found):,} pictures are of one tone ({named(table, found)})"
        yield Finding(Flaw.BLANK, Severity.WARN, f"{text}; nothing can be seen in them: replace them", found)


def unreadable(table: Table, faults: Mapping[int, str]) -> Finding:
    """Every file that cannot be decoded: row -> why."""
    told = ", ".join(f"{table.where(row)} ({said})" for row, said in faults.items())
    what = next((WORDS[kind] for kind in FILES if table.kinds(kind)), "files")
    text = f"{len(faults):,} {what} cannot be read: {told}"
    few = len(faults) <= FEW * len(table)
    text = f"{text}; they are left out" if few else f"{text}; mend or delete them"
    rows = np.fromiter(faults, np.int64, len(faults))
    return Finding(Flaw.UNREADABLE, Severity.WARN if few else Severity.STOP, text, rows, useless=True)


def seen_in(pictures: NDArray[np.object_]) -> list[tuple[str, NDArray[np.uint8]]]:
    """Why each picture cannot be decoded whole, or "", and the picture small and grey [256]."""
    return [seen(picture) for picture in pictures]


def seen(picture: str | bytes) -> tuple[str, NDArray[np.uint8]]:
    """Why a picture cannot be decoded whole, or "", and the picture small and grey [256]."""
    try:
        found = opened(picture, 2 * SIDE)
    except Unreadable as fault:
        return fault.reason, np.zeros(SIDE * SIDE, np.uint8)
    small = found.convert("L").resize((SIDE, SIDE), Pillow.Resampling.BOX)
    return "", np.asarray(small, np.uint8).reshape(-1)
