"""Corruptions of texts: what hasty fingers, bad scans and cut-off copies make of them; letters of any script."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

Corruption: TypeAlias = Callable[[str, float, np.random.Generator], str]
"""(text, share of its words or letters, chance) -> text."""
SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
LOOKALIKES = {"o": "0", "l": "1", "i": "1", "e": "3", "a": "@", "s": "5", "b": "8", "g": "9", "m": "rn", "O": "0"}
SIGNS = re.compile(r"[^\w\s]")


def neighbours() -> dict[str, str]:
    """The keys beside each key of a row."""
    found = {}
    for row in KEYS:
        for place, key in enumerate(row):
            found[key] = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    return found


NEAR = neighbours()


def hit(count: int, share: float, draw: np.random.Generator) -> set[int]:
    """Which of `count` places are changed: their share, rounded by chance."""
    whole = share * count
    return set(draw.permutation(count)[: int(whole) + (draw.random() < whole % 1)].tolist())


def wrong_keys(text: str, share: float, draw: np.random.Generator) -> str:
    """Letters become the key beside them."""
    letters, chosen = list(text), hit(len(text), share, draw)
    for place in sorted(chosen):
        if near := NEAR.get(letters[place].lower()):
            letters[place] = near[int(draw.integers(len(near)))]
    return "".join(letters)


def swapped_letters(text: str, share: float, draw: np.random.Generator) -> str:
    """Two letters within a word change places."""
    letters = list(text)
    for place in sorted(hit(max(0, len(text) - 1), share, draw)):
        if letters[place].isalpha() and letters[place + 1].isalpha():
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def lost_letters(text: str, share: float, draw: np.random.Generator) -> str:
    """Letters that were not struck."""
    gone = hit(len(text), share, draw)
    return "".join(letter for place, letter in enumerate(text) if place not in gone or letter.isspace())


def bad_scan(text: str, share: float, draw: np.random.Generator) -> str:
    """Letters read as those that look alike."""
    chosen = hit(len(text), share, draw)
    return "".join(LOOKALIKES.get(one, one) if place in chosen else one for place, one in enumerate(text))


def lost_words(text: str, share: float, draw: np.random.Generator) -> str:
    """Words left out; one stays."""
    words = text.split()
    gone = hit(len(words), share, draw)
    return " ".join(word for place, word in enumerate(words) if place not in gone) or " ".join(words[:1])


def swapped_words(text: str, share: float, draw: np.random.Generator) -> str:
    """Neighbouring words change places."""
    words = text.split()
    for place in sorted(hit(max(0, len(words) - 1), share, draw)):
        words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


def shouted(text: str, share: float, draw: np.random.Generator) -> str:
    """Words in capitals."""
    words = text.split(" ")
    chosen = hit(len(words), share, draw)
    return " ".join(word.upper() if place in chosen else word for place, word in enumerate(words))


def no_signs(text: str, share: float, draw: np.random.Generator) -> str:
    """Punctuation that is missing."""
    signs = [found.start() for found in SIGNS.finditer(text)]
    gone = {signs[place] for place in hit(len(signs), min(1.0, 2.5 * share), draw)}
    return "".join(letter for place, letter in enumerate(text) if place not in gone) or text


def cut_off(text: str, share: float, draw: np.random.Generator) -> str:
    """The end is missing; one word stays."""
    words = text.split()
    return " ".join(words[: max(1, round(len(words) * (1 - share)))])


KINDS: Mapping[str, Corruption] = {
    one.__name__.replace("_", " "): one
    for one in (
        *(wrong_keys, swapped_letters, lost_letters, bad_scan),
        *(lost_words, swapped_words, shouted, no_signs, cut_off),
    )
}


def corrupted(texts: Sequence[str], kind: str, strength: int, draw: np.random.Generator) -> list[str]:
    """Every text, at a strength of 0 to 4; none becomes empty."""
    return [KINDS[kind](text, SHARES[strength], draw) or text for text in texts]
