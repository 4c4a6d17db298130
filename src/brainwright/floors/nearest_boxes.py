"""The things of the most similar training picture, where they lay there."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense, Ragged, Stored
from brainwright.data.examples import Portion
from brainwright.data.shrinking import principal, projected, vectors
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

DIRECTIONS = 64  # principal components that distances are taken in


class NearestBoxes(Floor):
    """One neighbour by Euclidean distance on principal components; its boxes keep their place as parts of a side."""

    most: ClassVar[int] = 20_000  # pictures kept to compare with
    image: str
    """The input slot that holds pictures."""
    extent: str
    """The slot that holds each picture's height and width."""

    def fit(self, train: Portion) -> State:
        pictures, things, sides = (train.encoded[name] for name in (self.image, self.target, self.extent))
        assert isinstance(pictures, Dense | Stored) and isinstance(things, Ragged) and isinstance(sides, Dense)
        rows = np.sort(np.random.default_rng(0).permutation(len(pictures))[: self.most])
        pictures, things, sides = pictures.take(rows), things.take(rows), sides.take(rows)
        mean, directions = principal(vectors(pictures), DIRECTIONS)
        size = np.repeat(np.tile(sides.values[:, ::-1], 2), things.lengths, 0)
        shares = np.concatenate([things.values[:, :1], things.values[:, 1:5] / size], 1)
        known = projected(pictures, mean, directions)
        return {
            "mean": mean, "directions": directions, "known": known, "things": shares, "offsets": things.offsets
        }  # fmt: skip

    def predict(self, state: State, asked: Portion) -> Prediction:
        pictures, sides = asked.encoded[self.image], asked.encoded[self.extent]
        assert isinstance(pictures, Dense | Stored) and isinstance(sides, Dense)
        parts = torch.from_numpy(projected(pictures, state["mean"], state["directions"]))
        nearest = torch.cdist(parts, torch.from_numpy(np.ascontiguousarray(state["known"]))).argmin(1).numpy()
        found = Ragged(state["things"], state["offsets"]).take(nearest)
        size = np.repeat(np.tile(sides.values[:, ::-1], 2), found.lengths, 0)
        laid = np.concatenate([found.values[:, :1], found.values[:, 1:] * size, np.ones((len(size), 1))], 1)
        pieces = np.split(laid.astype(np.float32), found.offsets[1:-1])
        return Prediction({self.target: [torch.from_numpy(piece) for piece in pieces]})
