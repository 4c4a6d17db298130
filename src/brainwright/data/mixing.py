"""Mixing: batches of so many identities with so many examples each, so that every batch holds pairs of one identity."""

import numpy as np
from numpy.typing import NDArray

from brainwright.data.batching import seed_of


class Mixed:
    """Rows [size] of a step: identities drawn at random without repeat, `each` examples of each.

    A pure function of (seed, step). An identity with fewer examples gives some of them again.
    """

    def __init__(self, codes: NDArray[np.int64], size: int, each: int, seed: int) -> None:
        order = np.argsort(codes, kind="stable")
        _, starts = np.unique(codes[order], return_index=True)
        self.members = np.split(order, starts[1:])
        self.each, self.seed = max(1, min(each, size)), seed
        self.people = max(1, min(size // self.each, len(self.members)))

    def __call__(self, step: int) -> NDArray[np.int64]:
        draw = np.random.default_rng(seed_of(self.seed, step))
        rows = []
        for one in draw.permutation(len(self.members))[: self.people]:
            mine = draw.permutation(self.members[one])
            rows.append(np.resize(mine, self.each))
        return np.concatenate(rows)
