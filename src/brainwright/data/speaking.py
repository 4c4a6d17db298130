"""Speaking: which recordings with texts can be taught, and which cannot: each is named by file and row."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from brainwright.data.examples import Examples
from brainwright.data.field import Unreadable
from brainwright.data.fields.transcript import spelled
from brainwright.data.finding import named
from brainwright.data.sounds import head
from brainwright.data.table import Share, Table
from brainwright.errors import Fault

MOMENTS = 25  # a second, of which each can say one letter: every fourth frame of a hundredth
TOO_MANY = 0.1  # of all: then the texts belong to other recordings


def speakable(examples: Examples, table: Table) -> Examples:
    """The same without training and validation examples whose text is empty, or longer than its recording can say.

    Test examples stay, and count as errors. Letters that training does not show stay too, and are named.

    Raises:
        Fault: so many do not fit that texts and recordings cannot belong together.
    """
    given, sounds = examples.values["text"], examples.values["sound"]
    assert isinstance(given, np.ndarray)
    assert isinstance(sounds, np.ndarray)
    texts = [spelled(value) for value in given]
    empty = np.array([not text for text in texts])
    long = np.array([needed(text) for text in texts]) > np.array([most(value) for value in sounds])
    test = examples.shares == Share.TEST
    rows, notes = examples.rows, []
    if empty.sum() + long.sum() > max(1, TOO_MANY * len(texts)):
        what = f"{empty.sum():,} texts are empty, {long.sum():,} are longer than their recording can say"
        raise Fault(f"{what} ({named(table, rows[empty | long])})", "see whether texts and recordings belong together")
    for bad, why in ((empty, "say nothing"), (long, f"are longer than {MOMENTS} letters a second can say")):
        if (bad & ~test).any():
            notes.append(f"{(bad & ~test).sum():,} texts {why} and were left out: {named(table, rows[bad & ~test])}")
        if (bad & test).any():
            notes.append(
                f"{(bad & test).sum():,} test texts {why} and count as they are: {named(table, rows[bad & test])}"
            )
    kept = examples.take(np.flatnonzero(test | ~(empty | long)))
    return Examples(kept.values, kept.shares, kept.rows, (*notes, *strangers(examples, texts, table)), kept.digests)


def strangers(examples: Examples, texts: Sequence[str], table: Table) -> list[str]:
    """A note on letters that no training text has: none of them can be written."""
    train = examples.shares == Share.TRAIN
    known = set("".join(text for text, mine in zip(texts, train, strict=True) if mine)) | {" "}
    odd = np.array([not set(text) <= known for text in texts]) & ~train
    if not train.any() or not odd.any():
        return []
    letters = sorted(set("".join(text for text, bad in zip(texts, odd, strict=True) if bad)) - known)
    told = " ".join(letters[:20])
    where = named(table, examples.rows[odd])
    return [f"{odd.sum():,} texts have letters that no training text has ({told}): {where}; they count as errors"]


def needed(text: str) -> int:
    """The fewest moments that can say a text: one a letter, one between two that are the same."""
    return len(text) + sum(one == other for one, other in pairwise(text))


def most(sound: str | bytes) -> float:
    """The moments that a recording has, by its head; no bound where that cannot be read, as decoding will tell."""
    try:
        found = head(sound)
    except Unreadable:
        return np.inf
    return float(np.ceil(max(1, found.frames / found.rate * 100 - 1.5) / 4))
