"""Which examples make which batch: pure functions of (seed, epoch, step), and one gather per batch."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.examples import Portion
from brainwright.data.slots import Batch, Slot

MIX = 0x9E3779B97F4A7C15  # the golden ratio in 64 bits: spreads neighbouring seeds apart (Steele 2014, SplitMix)


def seed_of(*numbers: int) -> int:
    """One 63-bit seed from several numbers, so that (seed, step) pairs do not collide."""
    state = 0
    for number in numbers:
        state = (state ^ (number & (2**64 - 1))) * MIX % 2**64
        state = (state ^ (state >> 31)) * 0xBF58476D1CE4E5B9 % 2**64
    return state >> 1


def generator_of(*numbers: int) -> torch.Generator:
    """A generator on the CPU, seeded by several numbers."""
    return torch.Generator().manual_seed(seed_of(*numbers))


class Shuffled:
    """Rows [size] of a step: each epoch is a new permutation of `length` rows, and no step crosses its end.

    A pure function of (seed, step): the running epoch's permutation is only kept, never advanced.
    """

    def __init__(self, length: int, size: int, seed: int) -> None:
        self.length, self.size, self.seed = length, min(size, length), seed
        self.epoch, self.order = -1, np.zeros(0, np.int64)

    def __call__(self, step: int) -> NDArray[np.int64]:
        epoch, place = divmod(step, self.length // self.size)
        if epoch != self.epoch:
            self.epoch, self.order = epoch, np.random.default_rng(seed_of(self.seed, epoch)).permutation(self.length)
        return self.order[place * self.size : (place + 1) * self.size]


def batch_of(
    slots: Sequence[Slot[Any]],
    portion: Portion,
    rows: NDArray[Any],
    generator: torch.Generator,
    share: slice = slice(None),
) -> Batch:
    """Gather and collate some examples, or only a share of them; drawn slots take from the generator.

    What is drawn for an example does not depend on the share, so that several processes draw together what one would.
    """
    values = {}
    mine = rows[share]
    for slot in slots:
        if slot.field.drawn:
            values[slot.name] = portion.fields[slot].draw(len(rows), generator)[share]
        elif slot.name in portion.encoded:
            values[slot.name] = portion.fields[slot].collate(portion.encoded[slot.name].take(mine))
    return Batch(values, torch.from_numpy(mine))


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most so many of `count` rows, evenly from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(np.int64))


def in_order(slots: Sequence[Slot[Any]], portion: Portion, size: int, seed: int = 0) -> Iterator[Batch]:
    """All examples once, in order, in batches of at most `size`."""
    for index, start in enumerate(range(0, len(portion), size)):
        rows = np.arange(start, min(start + size, len(portion)))
        yield batch_of(slots, portion, rows, generator_of(seed, index))
