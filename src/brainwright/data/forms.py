"""Forms: what the heads of picture files say besides the picture: its format, size and turn, and whether that tells."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data.columns import missing
from brainwright.data.field import Unreadable
from brainwright.data.finding import Finding, Flaw, Severity, named
from brainwright.data.leaks import NEARLY, judged
from brainwright.data.pictures import Head, head
from brainwright.data.pieces import in_pieces
from brainwright.data.table import Kind, Table

SAMPLE = 2_000  # heads that are read at most, evenly spread
AT_ONCE = 64  # that a thread takes at a time
FEWEST = 40  # pictures, below which any form may go with a class by chance


def forms(table: Table, target: str) -> Iterator[Finding]:
    """What is strange about the files of each column of pictures."""
    for name in table.kinds(Kind.IMAGE):
        values = table[name].values
        if values.dtype != object:
            continue
        there = np.flatnonzero(~missing(table[name]))
        rows = there[:: max(1, -(-len(there) // SAMPLE))]
        heads = [one for piece in in_pieces(heads_of, values[rows], AT_ONCE) for one in piece]
        known = np.array([one is not None for one in heads], bool)
        told = [one for one in heads if one is not None]
        yield from turned(table, rows[known], told)
        if target in table.columns and table[target].kind == Kind.CATEGORY:
            yield from shortcut(table, target, rows[known], told)


def heads_of(values: NDArray[Any]) -> list[Head | None]:
    """The head of each picture file; none where it cannot be read, as decoding will tell."""
    return [tried(value) for value in values]


def tried(value: str | bytes) -> Head | None:
    """The head of one picture file, if it can be read."""
    try:
        return head(value)
    except Unreadable:
        return None


def turned(table: Table, rows: NDArray[np.int64], heads: list[Head]) -> Iterator[Finding]:
    """Pictures that are stored turned: they are set upright here, and seen turned by whoever does not."""
    found = rows[np.array([one.turned for one in heads], bool)]
    if len(found):
        text = f"{len(found):,} of {len(rows):,} pictures are stored turned ({named(table, found)})"
        yield Finding(Flaw.TURNED, Severity.NOTE, f"{text}; they are set upright as their EXIF says", found)


def shortcut(table: Table, target: str, rows: NDArray[np.int64], heads: list[Head]) -> Iterator[Finding]:
    """The form of the file goes with the class: a net may learn where pictures come from, not what they show."""
    cells = pd.factorize(np.array([one.form for one in heads], object))[0].astype(np.int64)
    codes = pd.factorize(table[target].values)[0][rows]
    cells, codes = cells[codes >= 0], codes[codes >= 0]
    if len(cells) < FEWEST or cells.max() < 1 or codes.max() < 1:
        return
    draw = np.random.default_rng(0).permutation(len(cells))  # every second row might leave a class out
    right, usual = judged(cells[draw], codes[draw])
    classes = [(codes[cells == form], int((cells == form).sum())) for form in range(int(cells.max()) + 1)]
    own = [group[0] for group, count in classes if count >= FEWEST / 4 and (group == group[0]).all()]
    whole = [code for code in own if (cells[codes == code] == cells[codes == code][0]).all()]
    if 1 - right < NEARLY * (1 - usual) or whole:
        some = table[target].values[rows[np.flatnonzero(codes == (whole or [codes[0]])[0])[0]]]
        text = f"format and size of the files tell the class, such as {some!r} ({named(table, rows[:1])})"
        advice = "a net may learn the source of pictures, not what they show: bring them all into one form"
        yield Finding(Flaw.SHORTCUT, Severity.WARN, f"{text}; {advice}")
