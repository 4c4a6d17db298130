"""Detections against truth: matched as the COCO evaluation does, kept as rows of numbers, and precision."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.boxes import overlaps

MOST = 100  # detections of a picture that are judged, and classes of things in it
LEVELS = np.linspace(0.5, 0.95, 10)  # overlaps from which a detection counts as right
RECALLS = np.linspace(0.0, 1.0, 101)  # at which precision is averaged
WIDTH = 5 * MOST  # numbers in a row: class, sureness and rightness of each detection; class and count of each truth
ABSENT = -1.0
Numbers = NDArray[np.float64]


def matched(said: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
    """What was said of each picture [n, 6] (class, corners, sureness) against its truth [m, 5]: [B, WIDTH] float64.

    Within a class the surest detection chooses first, and takes the free thing it overlaps most; once for each of the
    ten levels, kept as bits of one number.
    """
    return torch.stack([row(one.double().cpu(), other.double().cpu()) for one, other in zip(said, truth, strict=True)])


def row(said: Tensor, truth: Tensor) -> Tensor:
    """The numbers of one picture [WIDTH]."""
    kept = torch.full((WIDTH,), ABSENT, dtype=torch.float64)
    said = said[torch.argsort(said[:, 5], descending=True, stable=True)][:MOST]
    classes, sure = said[:, 0].numpy(), said[:, 5]
    shared = overlaps(said[:, 1:5], truth[:, 1:5]).numpy()
    shared = np.where(classes[:, None] == truth[:, 0].numpy(), shared, ABSENT)
    kept[: len(said)], kept[MOST : MOST + len(said)] = said[:, 0], sure
    kept[2 * MOST : 2 * MOST + len(said)] = torch.from_numpy(right(shared))
    known, counts = truth[:, 0].unique(return_counts=True)
    kept[3 * MOST : 3 * MOST + len(known[:MOST])] = known[:MOST]
    kept[4 * MOST : 4 * MOST + len(known[:MOST])] = counts[:MOST].double()
    return kept


def right(shared: Numbers) -> Numbers:
    """Overlaps [n, m], the surest first, -1 between classes -> the levels at which each is right, as bits."""
    bits = np.zeros(len(shared))
    if not shared.size:
        return bits
    levels = np.arange(len(LEVELS))
    free = np.ones((len(LEVELS), shared.shape[1]), bool)
    for index, mine in enumerate(shared):
        open_to = np.where(free, mine, ABSENT)  # [levels, m]
        best = open_to.argmax(1)
        hit = open_to[levels, best] >= np.minimum(LEVELS, 1 - 1e-10)
        free[levels[hit], best[hit]] = False
        bits[index] = (hit * 2**levels).sum()
    return bits


@dataclass(frozen=True)
class Ranked:
    """All detections of one class, the surest first, over many pictures."""

    index: int
    owner: NDArray[np.int64]  # [D] the picture of each
    bits: NDArray[np.int64]  # [D]
    things: Numbers  # [N] true things of the class in each picture

    def precision(self, level: int, weights: Numbers) -> Numbers:
        """Average precision [R] at one level, each picture counted `weights` [R, N] times; NaN without a true thing."""
        drawn = weights[:, self.owner]
        hits = drawn * ((self.bits >> level) & 1)
        found, asked = hits.cumsum(1), drawn.cumsum(1)
        wanted = weights @ self.things
        best = np.maximum.accumulate((found / (asked + np.spacing(1)))[:, ::-1], 1)[:, ::-1]
        reached = np.searchsorted(RECALLS, found / np.maximum(wanted, 1e-9)[:, None], "right")
        passed = np.diff(reached, axis=1, prepend=0)
        mean: Numbers = np.where(wanted > 0, (best * passed).sum(1) / len(RECALLS), np.nan)
        return mean


def ranked(rows: Numbers) -> Iterator[Ranked]:
    """The detections of each class that is said or true in rows [N, WIDTH], by class."""
    classes, sure, bits, true, counts = rows.reshape(len(rows), 5, MOST).transpose(1, 0, 2)
    for index in np.unique(true[true >= 0]):
        owner, place = np.nonzero(classes == index)
        order = np.argsort(-sure[owner, place], kind="mergesort")
        owner, place = owner[order], place[order]
        things = (np.where(true == index, counts, 0)).sum(1)
        yield Ranked(int(index), owner, bits[owner, place].astype(np.int64), things)


def precisions(rows: Numbers, weights: Numbers, levels: Sequence[int]) -> Numbers:
    """Mean average precision [R] over levels and over the classes that occur, for each weighting [R, N]."""
    each = [np.mean([one.precision(level, weights) for level in levels], 0) for one in ranked(rows)]
    if not each:
        return np.full(len(weights), np.nan)
    known = ~np.isnan(each)
    mean: Numbers = np.where(known, each, 0).sum(0) / np.where(known.any(0), known.sum(0), np.nan)
    return mean


def by_class(rows: Numbers) -> dict[int, tuple[int, float, float]]:
    """Of each class that occurs: its true things, average precision at .5, and averaged over all levels."""
    once = np.ones((1, len(rows)))
    found = {}
    for one in ranked(rows):
        each = [float(one.precision(level, once)[0]) for level in range(len(LEVELS))]
        found[one.index] = int(one.things.sum()), each[0], float(np.mean(each))
    return found
