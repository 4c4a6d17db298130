"""Searching: the text that a CTC net's moments say, letter by letter or by a beam that also knows how people write."""

from dataclasses import dataclass
from itertools import pairwise
from math import exp, log1p
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from brainwright.data.edits import GAP
from brainwright.models.spelling import END, Spelling

Logs: TypeAlias = NDArray[np.float64]
Text: TypeAlias = tuple[int, ...]
NEVER = -np.inf
BLANK = 0


@dataclass(frozen=True)
class Search:
    """How a beam searches: how much the n-gram counts, what each letter is worth, and how wide and how far it looks."""

    weight: float = 0.0
    bonus: float = 0.0
    width: int = 16
    """Texts kept at each moment."""
    unlikely: float = 6.0
    """A letter so many nats below a moment's best one is not looked at,"""
    most: int = 12
    """nor one that so many others are likelier than."""

    @property
    def tuned(self) -> bool:
        """Whether the n-gram counts at all."""
        return self.weight > 0


def greedy(logs: Logs) -> Text:
    """The likeliest id of each moment [T, V], repetitions joined and silence left out (Graves et al. 2006)."""
    best = logs.argmax(1)
    changed = np.r_[True, best[1:] != best[:-1]]
    return tuple(best[changed & (best != BLANK)].tolist())


def trimmed(text: Text) -> Text:
    """Without gaps at either end."""
    said = [place for place, one in enumerate(text) if one != GAP]
    return text[said[0] : said[-1] + 1] if said else ()


def beam(logs: Logs, spelling: Spelling, how: Search) -> Text:
    """The text with the highest sum of its log-probability over all its ways through the moments [T, V], `weight`
    times that of the n-gram, and `bonus` for each letter (prefix search, Graves et al. 2006; Hannun et al. 2014).
    """
    # of each text: ways that end in silence, ways that end in its last letter, and what the n-gram adds to both
    kept: dict[Text, tuple[float, float, float]] = {(): (0.0, NEVER, 0.0)}
    for moment in logs:
        found: dict[Text, list[float]] = {}
        best = np.argsort(-moment, kind="stable")[: how.most]
        looked = best[moment[best] >= moment[best[0]] - how.unlikely]
        letters = [(int(one), float(moment[one])) for one in looked if one != BLANK]
        silent = float(moment[BLANK])
        for text, (still, loud, added) in kept.items():
            whole = added_up(still, loud)
            own = found.setdefault(text, [NEVER, NEVER, added])
            own[0] = added_up(own[0], whole + silent)
            if text:
                own[1] = added_up(own[1], loud + float(moment[text[-1]]))
            follows = spelling.follows(text) if how.weight and letters else np.zeros(0)
            for letter, log in letters:
                way = still if text and letter == text[-1] else whole
                if way == NEVER:
                    continue
                longer = (*text, letter)
                known = found.get(longer)
                if known is None:
                    worth = how.weight * float(follows[letter]) if how.weight else 0.0
                    known = found[longer] = [NEVER, NEVER, added + worth + how.bonus]
                known[1] = added_up(known[1], way + log)
        order = sorted(found.items(), key=lambda item: -added_up(item[1][0], item[1][1]) - item[1][2])
        kept = {text: (values[0], values[1], values[2]) for text, values in order[: how.width]}

    def worth_of(text: Text) -> float:
        still, loud, added = kept[text]
        end = how.weight * float(spelling.follows(text)[END]) if how.weight else 0.0
        return added_up(still, loud) + added + end

    return max(kept, key=worth_of)


def added_up(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers given by their logarithms; for single ones far quicker than numpy's."""
    high, low = (one, other) if one > other else (other, one)
    return high if low == NEVER else high + log1p(exp(low - high))


def spoken(logs: Logs, text: Text) -> list[tuple[int, int]]:
    """The first moment of each letter of a text and the one after its last, on the likeliest way through the moments
    [T, V] that says it (Viterbi); [] where the text needs more moments than there are.
    """
    states = np.zeros(2 * len(text) + 1, np.int64)
    states[1::2] = text
    if not len(text) or len(logs) < needed(text):
        return []
    leaps = np.r_[False, False, (states[2:] != BLANK) & (states[2:] != states[:-2])]
    score = np.full(len(states), NEVER)
    score[:2] = logs[0, states[:2]]
    came = np.zeros((len(logs), len(states)), np.int64)
    for moment in range(1, len(logs)):
        ways = np.stack([score, np.r_[NEVER, score[:-1]], np.where(leaps, np.r_[NEVER, NEVER, score[:-2]], NEVER)])
        came[moment] = ways.argmax(0)
        score = ways.max(0) + logs[moment, states]
    place = len(states) - 1 if score[-1] >= score[-2] else len(states) - 2
    path = np.empty(len(logs), np.int64)
    for moment in range(len(logs) - 1, -1, -1):
        path[moment] = place
        place -= came[moment, place]
    held = [np.flatnonzero(path == 2 * index + 1) for index in range(len(text))]
    return [(int(moments[0]), int(moments[-1]) + 1) for moments in held]


def needed(text: Text) -> int:
    """The fewest moments that can say a text: one a letter, and one of silence between two that are the same."""
    return len(text) + sum(one == other for one, other in pairwise(text))
