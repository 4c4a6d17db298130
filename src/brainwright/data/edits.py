"""Edits: how many insertions, deletions and exchanges turn one sequence into another (Levenshtein 1966)."""

from collections.abc import Hashable, Sequence
from itertools import pairwise

GAP = 2  # the id of what stands between two words


def edits(said: Sequence[Hashable], truth: Sequence[Hashable]) -> int:
    """The least number of single changes from `said` to `truth`."""
    row = list(range(len(truth) + 1))
    for place, one in enumerate(said, 1):
        before, row[0] = row[0], place
        for index, other in enumerate(truth, 1):
            step = min(before + (one != other), row[index] + 1, row[index - 1] + 1)
            before, row[index] = row[index], step
    return row[-1]


def runs(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Where each run of ids between gaps begins and ends."""
    cuts = [-1, *(place for place, one in enumerate(ids) if one == GAP), len(ids)]
    return [(left + 1, right) for left, right in pairwise(cuts) if right > left + 1]


def words(ids: Sequence[int]) -> list[tuple[int, ...]]:
    """The runs of ids between gaps."""
    return [tuple(ids[first:last]) for first, last in runs(ids)]
