"""Passages: answers as pieces of them, and how alike two answers are by the official rules of SQuAD."""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Pieces: TypeAlias = tuple[tuple[int, int], ...]
ARTICLES = re.compile(r"\b(a|an|the)\b")
SIGNS = str.maketrans("", "", string.punctuation)


def pieces(value: Any) -> Pieces:
    """Begin and end of each true answer in letters, from a cell of a table or from what a `Span` decodes to."""
    if isinstance(value, Mapping):
        begin, end = value["start"], value["end"]
        return ((begin, end),) if end > begin else ()
    return tuple((int(begin), int(end)) for begin, end in value or ())


def normal(text: str) -> str:
    """Small letters, no ASCII punctuation, no articles, single blanks (evaluate-v2.0.py of SQuAD, Rajpurkar et al.)."""
    return " ".join(ARTICLES.sub(" ", text.lower().translate(SIGNS)).split())


def golds(texts: Sequence[str]) -> list[str]:
    """The true answers that count: those of which something is left; none at all is the empty text."""
    return [one for one in texts if normal(one)] or [""]


def exact(said: str, truths: Sequence[str]) -> float:
    """1 where an answer is a true one."""
    return float(any(normal(said) == normal(one) for one in golds(truths)))


def overlap(said: str, truths: Sequence[str]) -> float:
    """F1 of the words of an answer and the true one nearest to it."""
    return max(shared(normal(said).split(), normal(one).split()) for one in golds(truths))


def shared(said: Sequence[str], true: Sequence[str]) -> float:
    """F1 of two bags of words; of an empty one 1 where both are."""
    if not said or not true:
        return float(said == true)
    same = (Counter(said) & Counter(true)).total()
    return 2 * same / (len(said) + len(true))
