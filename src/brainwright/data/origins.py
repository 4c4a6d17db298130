"""Origins: where each token of a text begins and ends in the letters that the user wrote."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Places: TypeAlias = NDArray[np.int64]
Change: TypeAlias = Callable[[str], str]
BLANKS = re.compile(r"(\s)")  # letters on both sides of one never join


def placed(texts: Sequence[str], change: Change, found: Sequence[Sequence[tuple[int, int]]]) -> tuple[Places, Places]:
    """Begin and end [total, 2] of all tokens of all texts, end to end, and how many each text has [N].

    `found` are the places in the changed texts; `change` works on stretches without blanks as it does on whole texts.
    """
    pieces = []
    for text, pairs in zip(texts, found, strict=True):
        places = np.asarray(pairs, np.int64).reshape(-1, 2)
        if len(places) and change(text) != text:
            places = origins(text, change)[places]
        pieces.append(places)
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    return np.concatenate([np.zeros((0, 2), np.int64), *pieces]), lengths


def origins(text: str, change: Change) -> Places:
    """For each letter of the changed text, and its end, the letter of the text that it comes from [T + 1].

    Two letters that become one (a letter and its accent) are parted nowhere.
    """
    whole, start = [], 0
    for chunk in filter(None, BLANKS.split(text)):
        made = change(chunk)
        if len(made) == len(chunk):
            own = np.arange(len(chunk))
        else:
            ends = [len(change(chunk[:count])) for count in range(len(chunk) + 1)]
            own = np.searchsorted(ends, np.arange(len(made)), "right") - 1
        whole.append(own + start)
        start += len(chunk)
    return np.concatenate([*whole, [start]]).astype(np.int64)


def composed(text: str) -> str:
    """Unicode's composed form."""
    return unicodedata.normalize("NFC", text)


def lowered(text: str) -> str:
    """The same in small letters."""
    return composed(text).lower()
