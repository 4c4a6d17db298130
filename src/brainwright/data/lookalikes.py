"""Lookalikes: pictures and texts that are nearly the same, found without comparing each with each.

Pictures: random cells over small grey pictures (locality-sensitive hashing, Datar et al. 2004) give pairs, which are
then compared pixel by pixel. Texts: least hashes of their words (MinHash, Broder 1997) give pairs, compared by words.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from brainwright.data.encoded import Dense, Stored
from brainwright.data.shrinking import chunks, principal, strided
from brainwright.data.table import Kind, Table

SIDE = 16  # of the small grey pictures
FAINT = 2.0  # grey levels of deviation below which a picture is of one tone and looks like any other
TABLES, WIDTH, DIRECTIONS = 8, 0.3, 12  # times cells are drawn anew, their size, and of how many directions
CROWD, NEXT = 16, 4  # in cells of more pictures than this only so many neighbours along a line are compared
SAME = 0.9995  # correlation from which pixels are the same but for storing
NEAR, NEAR_RATIO = 0.995, 0.4  # correlation, and distance over that to the next like picture: measured on MNIST,
ALIKE, ALIKE_RATIO = (
    0.98,
    0.2,
)  # CIFAR-10, X-rays and faces, where two pictures of one person reach .992 and .23
OTHERS = 5_000  # pictures among which the next like one is sought
RIVALS, RIVAL = (
    0.97,
    3,
)  # correlation of pairs that are compared, and which next like one counts: the first two may be copies
FEWEST_WORDS, OVERLAP = 10, 0.8  # of texts that may differ by some words, and the part of all their words they share
HASHES, BAND = 12, 2  # least hashes, and how many must agree
Pairs = NDArray[np.int64]


def marked(table: Table, names: Collection[str]) -> Table:
    """The table, its columns of texts and of pictures in memory, of those named, with codes of what is alike."""
    found = dict(table.columns)
    for name in names:
        column = table.columns.get(name)
        if column is not None and column.kind == Kind.TEXT:
            found[name] = replace(column, alike=joined(alike_texts(column.values), len(column)))
        elif column is not None and column.kind == Kind.IMAGE and column.values.dtype == np.uint8:
            planes = column.values[..., None] if column.values.ndim == 3 else column.values
            pairs = alike_pictures(small_grey(Dense(planes.transpose(0, 3, 1, 2))))
            found[name] = replace(column, alike=joined(pairs, len(column)))
    return replace(table, columns=found)


def small_grey(pictures: Dense | Stored) -> NDArray[np.float32]:
    """uint8 [N, C, H, W] -> float32 [N, 256]: 16 x 16 means over channels and areas, 0 to 255."""
    found = np.empty((len(pictures), SIDE * SIDE), np.float32)
    for some in chunks(pictures):
        grey = torch.from_numpy(np.ascontiguousarray(pictures.take(some).values)).float().mean(1, keepdim=True)
        found[some] = F.interpolate(grey, (SIDE, SIDE), mode="area").reshape(len(some), -1).numpy()
    return found


def blank(small: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which small pictures [N, 256] are of one tone [N]."""
    return np.asarray(small.std(1) < FAINT)


def alike_pictures(small: NDArray[np.float32]) -> Pairs:
    """Pairs [P, 2] of small pictures [N, 256] that show the same but for storing, light, contrast or a little noise."""
    place = np.flatnonzero(~blank(small))
    if len(place) < 2:
        return np.zeros((0, 2), np.int64)
    centred = small[place] - small[place].mean(1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    pairs = np.concatenate([np.zeros((0, 2), np.int64), *met(unit)])
    pairs = distinct(pairs, len(unit))
    close = correlated(unit, pairs)
    return np.asarray(place[pairs[verified(unit, pairs, close)]])


def met(unit: NDArray[np.float32]) -> Iterator[Pairs]:
    """Pairs that fall into one cell of space, for cells drawn anew a few times."""
    draw = np.random.default_rng(0)
    mean, directions = principal(unit[strided(len(unit), OTHERS)], DIRECTIONS)
    coordinates = (unit - mean) @ directions
    size = coordinates.shape[1]
    for _ in range(TABLES):
        turn = np.linalg.qr(draw.normal(size=(size, size)))[0].astype(np.float32)
        turned = coordinates @ turn
        cells = np.floor(turned / WIDTH + draw.random(size)).astype(np.int64)
        key = cells @ draw.integers(1, 2**62, size)  # wraps: two cells share a key once in 2**64
        order = np.lexsort((turned[:, 0], key))
        for pairs in neighbours(order, key[order]):
            apart = np.square(coordinates[pairs[:, 0]] - coordinates[pairs[:, 1]]).sum(1)
            yield pairs[apart < 2 - 2 * RIVALS]


def neighbours(order: NDArray[np.int64], key: NDArray[np.int64]) -> Iterator[Pairs]:
    """Pairs of equal key, each with the next ones in order: all of a cell, or a few where it is crowded."""
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    sizes = np.diff(np.r_[starts, len(key)])
    reach = np.repeat(np.where(sizes > CROWD, NEXT, sizes), sizes)
    for step in range(1, int(reach.max())):
        here = np.flatnonzero((key[step:] == key[:-step]) & (reach[:-step] > step))
        if not len(here):
            return
        yield np.stack([order[here], order[here + step]], 1)


def correlated(unit: NDArray[np.float32], pairs: Pairs) -> NDArray[np.float32]:
    """The correlation of each pair's pixels [P]."""
    pieces = [
        np.einsum("pd,pd->p", unit[one[:, 0]], unit[one[:, 1]])
        for one in np.array_split(pairs, 1 + len(pairs) // 50_000)
    ]
    return np.concatenate(pieces)


def verified(unit: NDArray[np.float32], pairs: Pairs, close: NDArray[np.float32]) -> NDArray[np.int64]:
    """The pairs that are far closer than either is to the next like picture: digits of one shape are close to many."""
    found = np.flatnonzero(close > ALIKE)
    rows, back = np.unique(pairs[found], return_inverse=True)
    rival = np.maximum(third(pairs, close, len(unit))[rows], sampled(unit, rows))
    distance = np.sqrt(np.maximum(2 - 2 * close[found], 0))
    next_like = np.sqrt(np.maximum(2 - 2 * rival[back.reshape(-1, 2)].max(1), 1e-9))
    ratio = distance / next_like
    good = (close[found] > SAME) | ((close[found] > NEAR) & (ratio < NEAR_RATIO)) | (ratio < ALIKE_RATIO)
    return np.asarray(found[good])


def third(pairs: Pairs, close: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The third highest correlation that each of `count` pictures has in pairs [N], -1 where it has fewer."""
    ends, both = pairs.T.reshape(-1), np.tile(close, 2)
    order = np.lexsort((-both, ends))
    ends, both = ends[order], both[order]
    place = np.arange(len(ends)) - np.searchsorted(ends, ends)
    found = np.full(count, -1.0, np.float32)
    found[ends[place == RIVAL - 1]] = both[place == RIVAL - 1]
    return found


def sampled(unit: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The same for some pictures [M], among a few thousand evenly spread."""
    others = strided(len(unit), OTHERS)
    found = np.full(len(rows), -1.0, np.float32)
    for some in np.array_split(np.arange(len(rows)), 1 + len(rows) // 1_000):
        near = unit[rows[some]] @ unit[others].T
        near[rows[some][:, None] == others] = -1
        if near.shape[1] > RIVAL:
            found[some] = np.partition(near, -RIVAL, 1)[:, -RIVAL]
    return found


def alike_texts(texts: NDArray[np.object_]) -> Pairs:
    """Pairs [P, 2] of texts that differ in letters' size, marks and blanks only, or in few of many words."""
    words = pd.Series(texts, dtype=object).fillna("").astype(str).str.casefold().str.findall(r"\w+")
    lengths = words.map(len).to_numpy()
    same = chained(np.asarray(pd.factorize(words.map(" ".join))[0], np.int64), lengths > 2)
    long = np.flatnonzero(lengths >= FEWEST_WORDS)
    if len(long) < 2:
        return same
    distinct_words = words.iloc[long].map(dict.fromkeys).map(list)  # in the texts' order: a set's is drawn by Python
    counts = distinct_words.map(len).to_numpy()
    codes = pd.factorize(distinct_words.explode())[0].astype(np.uint64)
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    every = np.ones(len(long), bool)
    pairs = [chained(keys, every) for keys in banded(codes, starts)]
    found = distinct(np.concatenate(pairs), len(long))
    held = distinct_words.map(set).to_numpy()
    kept = [len(held[a] & held[b]) >= OVERLAP * len(held[a] | held[b]) for a, b in found]
    return distinct(np.concatenate([same, long[found[np.array(kept, bool)]]]), len(texts))


def banded(codes: NDArray[np.uint64], starts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Keys that two texts share the likelier the more of their words are the same [M], a few times."""
    draw = np.random.default_rng(0)
    for _ in range(HASHES // BAND):
        key = np.zeros(len(starts), np.uint64)
        for _ in range(BAND):
            mixed = (codes + np.uint64(1)) * np.uint64(draw.integers(2**63) | 1)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(draw.integers(2**63) | 1)
            key = key * np.uint64(0x9E3779B97F4A7C15) + np.minimum.reduceat(mixed, starts)
        yield np.asarray(pd.factorize(key)[0], np.int64)


def chained(keys: NDArray[np.int64], counted: NDArray[np.bool_]) -> Pairs:
    """Neighbours [P, 2] among things of equal key, of those that count: together they join all of a key."""
    place = np.flatnonzero(counted)
    order = place[np.argsort(keys[place], kind="stable")]
    same = keys[order][1:] == keys[order][:-1]
    return np.stack([order[:-1][same], order[1:][same]], 1)


def distinct(pairs: Pairs, count: int) -> Pairs:
    """Each pair of `count` things once [P, 2], the lower first, in order."""
    keys = np.unique(pairs.min(1) * count + pairs.max(1))
    return np.stack(np.divmod(keys, count), 1)


def joined(pairs: Pairs, count: int) -> NDArray[np.int64]:
    """A code for each of `count` things [N]: those that pairs join, directly or by others, have the same."""
    label = np.arange(count)
    while True:
        before = label.copy()
        np.minimum.at(label, pairs[:, 0], label[pairs[:, 1]])
        np.minimum.at(label, pairs[:, 1], label[pairs[:, 0]])
        label = label[label]
        if (label == before).all():
            return label
