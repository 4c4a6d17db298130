"""Which examples make which batch where lengths vary: neighbours in length together, so that little is padding."""

import numpy as np
from numpy.typing import NDArray

from brainwright.data.batching import seed_of

POOL = 16  # batches whose examples are sorted together: most padding goes, and batches stay well mixed


class Bucketed:
    """Rows [size] of a step: each epoch is a new permutation, sorted by length within pools, in batches in any order.

    A pure function of (seed, step), as `Shuffled` is: the running epoch's order is only kept, never advanced.
    """

    def __init__(self, lengths: NDArray[np.int64], size: int, seed: int) -> None:
        self.lengths, self.size, self.seed = lengths, min(size, len(lengths)), seed
        self.epoch, self.batches = -1, np.zeros((0, self.size), np.int64)

    def __call__(self, step: int) -> NDArray[np.int64]:
        epoch, place = divmod(step, len(self.lengths) // self.size)
        if epoch != self.epoch:
            self.epoch, self.batches = epoch, self.mixed(np.random.default_rng(seed_of(self.seed, epoch)))
        rows: NDArray[np.int64] = self.batches[place]
        return rows

    def mixed(self, draw: np.random.Generator) -> NDArray[np.int64]:
        """One epoch's batches [steps, size]."""
        steps = len(self.lengths) // self.size
        order = draw.permutation(len(self.lengths))[: steps * self.size]
        pool = np.arange(len(order)) // (POOL * self.size)
        alike = order[np.lexsort((self.lengths[order], pool))]
        return alike.reshape(steps, self.size)[draw.permutation(steps)]
