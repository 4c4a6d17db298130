"""Finding: one thing that is wrong or strange about data, and how rows are named to the person who must mend them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.catalogue import nearest
from brainwright.data.table import Table
from brainwright.errors import Fault

NAMED = 5  # places named in a line


class Severity(StrEnum):
    """Whether training cannot go on, should be thought over, or need only be known."""

    STOP = "stop"
    WARN = "warn"
    NOTE = "note"


class Flaw(StrEnum):
    """The kinds of finding: the word that `--allow` takes."""

    ABSURD = "absurd"  # numbers out of all proportion, infinite ones too
    BLANK = "blank"  # pictures of one tone
    CODES = "codes"  # a number that stands for a missing value
    CONSTANT = "constant"  # a column that never changes
    CONTRADICTIONS = "contradictions"  # the same inputs, another answer
    COPIES = "copies"  # held-out rows that training also holds
    DATES = "dates"  # dates that nothing of today means
    EMPTY = "empty"  # texts without a word
    FEW = "few"  # too few rows
    FUTURE = "future"  # training rows later than what is held out
    GAPS = "gaps"  # times that are missing from a series
    IDENTIFIER = "identifier"  # a column that only names rows
    LABELS = "labels"  # a stretch of rows whose answers do not follow from their inputs as elsewhere
    LACKING = "lacking"  # a file without columns that the others have
    LEAK = "leak"  # an input that gives the answer away
    LETTERS = "letters"  # text read in the wrong encoding
    LOOKALIKES = "lookalikes"  # pictures or texts that are nearly the same
    MIXED = "mixed"  # a few cells of another kind than all others
    ORDER = "order"  # rows of a series out of order
    PERSONS = "persons"  # a person in training and held out
    RATES = "rates"  # recordings of several rates or channels
    RARE = "rare"  # classes with a single row to train on
    REPEATED = "repeated"  # a stretch of rows that stands twice
    SHIFTED = "shifted"  # a stretch of rows in other units
    SHORTCUT = "shortcut"  # the form of files tells their class
    SINGLE = "single"  # one class only, or an amount that never changes
    SPARSE = "sparse"  # a column that is mostly missing
    SPELLINGS = "spellings"  # one class written in several ways
    STUCK = "stuck"  # a meter that stands still
    TURNED = "turned"  # pictures that are stored turned
    TWICE = "twice"  # two rows of one moment
    UNANSWERED = "unanswered"  # rows without an answer
    UNEVEN = "uneven"  # classes of very different size
    UNREADABLE = "unreadable"  # files that cannot be decoded whole
    UNSEEN = "unseen"  # classes without a row to train on
    UNTESTED = "untested"  # classes without a row to be judged on


FATAL = (Flaw.FEW, Flaw.SINGLE)  # nothing could be learned, whoever allows it


@dataclass(frozen=True)
class Finding:
    """One thing found: its kind, how grave, one line that says what, where and how to mend it; the rows [M]."""

    flaw: Flaw
    severity: Severity
    text: str
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    useless: bool = False
    """Whether the rows cannot be learned from: where the finding is allowed they are left out."""


def flaws(words: str) -> tuple[Flaw, ...]:
    """The kinds of finding that a user allows, such as "leak,copies".

    Raises:
        Fault: a word that is none, with the nearest, or one that cannot be allowed.
    """
    asked = [word.strip() for word in words.split(",") if word.strip()]
    for word in asked:
        if word not in set(Flaw):
            raise Fault(f"{word!r} is no kind of finding", nearest(word, {flaw.value: flaw for flaw in Flaw}))
        if word in FATAL:
            raise Fault(f"{word!r} cannot be allowed", "nothing could be learned from such data")
    return tuple(Flaw(word) for word in asked)


def named(table: Table, rows: NDArray[np.int64]) -> str:
    """Where the first of some rows came from."""
    places = ", ".join(table.where(int(row)) for row in rows[:NAMED])
    return f"{places}{f' and {len(rows) - NAMED:,} more' if len(rows) > NAMED else ''}"


def shortened(words: Iterable[Any]) -> str:
    """The first few of many words."""
    listed = [str(word) for word in words]
    return ", ".join(map(repr, listed[:NAMED])) + (f" and {len(listed) - NAMED:,} more" if len(listed) > NAMED else "")
