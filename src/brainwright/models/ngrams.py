"""N-grams: how likely each token is after the few before it, by modified Kneser-Ney smoothing; plain arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
State = Mapping[str, NDArray[Any]]
NONE = -1  # no token: before the first
BITS = 62  # of a key: as many tokens as fit into it make the longest gram
USUAL = (0.5, 1.0, 1.5)  # discounts where too few counts tell them
AT_ONCE = 2**22  # probabilities in memory at a time


def longest_order(wanted: int, size: int) -> int:
    """Tokens in a gram, at most as many as one number can hold."""
    return max(1, min(wanted, int(BITS / np.log2(size))))


def fit(tokens: Ids, size: int, order: int) -> State:
    """What a long text teaches: tokens [T], each below `size`; interpolated modified Kneser-Ney (Chen, Goodman 1998).

    Of each order k from 1 on the grams seen, as keys in rising order, the share of each after its context, the contexts
    seen, and the share that each context leaves to the order below. Below the highest order a gram counts as often as
    different tokens stand before it.
    """
    order = longest_order(order, size)
    state: dict[str, NDArray[Any]] = {"size": np.array([size]), "order": np.array([order])}
    keys = np.zeros(len(tokens) - order + 1, np.int64)
    for place in range(order):
        keys = keys * size + tokens[place : len(tokens) - order + 1 + place]
    grams, counts = np.unique(keys, return_counts=True)
    for length in range(order, 0, -1):
        contexts, first, owner = np.unique(grams // size, return_index=True, return_inverse=True)
        total = np.bincount(owner, counts)
        cuts = discounts(counts)[np.minimum(counts, 3) - 1]
        state[f"grams{length}"], state[f"contexts{length}"] = grams, contexts
        state[f"first{length}"] = np.append(first, len(grams))
        state[f"shares{length}"] = ((counts - cuts) / total[owner]).astype(np.float32)
        state[f"spare{length}"] = (np.bincount(owner, cuts) / total).astype(np.float32)
        grams, counts = np.unique(grams % size ** (length - 1), return_counts=True)
    return state


def discounts(counts: Ids) -> NDArray[np.float64]:
    """What is taken from a gram seen once, twice, and more often [3] (Chen and Goodman 1998, formula 26)."""
    once, twice, thrice, four = (int((counts == times).sum()) for times in (1, 2, 3, 4))
    if not (once and twice and thrice):
        return np.array(USUAL)
    part = once / (once + 2 * twice)
    found = np.array([1 - 2 * part * twice / once, 2 - 3 * part * thrice / twice, 3 - 4 * part * four / thrice])
    return np.where((found > 0) & (found < np.arange(1, 4)), found, USUAL)


def following(state: State, contexts: Ids) -> NDArray[np.float32]:
    """Probability of every token after each context [N, C], the latest last, NONE where there is none: [N, size]."""
    size, order = int(state["size"][0]), int(state["order"][0])
    found = np.full((len(contexts), size), state["spare1"][0] / size, np.float32)
    found[:, state["grams1"]] += state["shares1"]
    keys, missing = np.zeros(len(contexts), np.int64), np.zeros(len(contexts), bool)
    for length in range(2, min(order, contexts.shape[1] + 1) + 1):
        latest = contexts[:, -(length - 1)]
        keys, missing = keys + latest.clip(0) * size ** (length - 2), missing | (latest < 0)
        known = state[f"contexts{length}"]
        row = np.searchsorted(known, keys).clip(max=len(known) - 1)
        seen = np.flatnonzero((known[row] == keys) & ~missing)
        row = row[seen]
        found[seen] *= state[f"spare{length}"][row][:, None]
        first, last = state[f"first{length}"][row], state[f"first{length}"][row + 1]
        ends = (last - first).cumsum()
        grams = np.repeat(first - (ends - (last - first)), last - first) + np.arange(ends[-1] if len(ends) else 0)
        found[np.repeat(seen, last - first), state[f"grams{length}"][grams] % size] += state[f"shares{length}"][grams]
    return found


def judged(state: State, contexts: Ids, truth: Ids) -> tuple[Ids, NDArray[np.float64]]:
    """The likeliest token after each context [N, C], and the probability of the true one [N]."""
    size = max(1, AT_ONCE // int(state["size"][0]))
    best, given = [np.zeros(0, np.int64)], [np.zeros(0)]
    for start in range(0, len(contexts), size):
        found = following(state, contexts[start : start + size])
        some = truth[start : start + size]
        best.append(found.argmax(1))
        given.append(found[np.arange(len(found)), some].astype(np.float64))
    return np.concatenate(best), np.concatenate(given)
