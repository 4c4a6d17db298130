"""Finding: one thing that is wrong or strange about data, and how rows are named to the person who must mend them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.data.table import Table

NAMED = 5  # places named in a line


class Severity(StrEnum):
    """Whether training cannot go on, should be thought over, or need only be known."""

    STOP = "stop"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing found: how grave, one line that says what, where and how to mend it, and the rows it is about [M]."""

    severity: Severity
    text: str
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def named(table: Table, rows: NDArray[np.int64]) -> str:
    """Where the first of some rows came from."""
    places = ", ".join(table.where(int(row)) for row in rows[:NAMED])
    return f"{places}{f' and {len(rows) - NAMED:,} more' if len(rows) > NAMED else ''}"


def shortened(words: Iterable[Any]) -> str:
    """The first few of many words."""
    listed = [str(word) for word in words]
    return ", ".join(map(repr, listed[:NAMED])) + (f" and {len(listed) - NAMED:,} more" if len(listed) > NAMED else "")
