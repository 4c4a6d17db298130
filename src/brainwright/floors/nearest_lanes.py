"""The lanes of the most similar training picture, where they lay there."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.curves import ABSENT, Laid
from brainwright.data.encoded import Dense, Ragged, Stored
from brainwright.data.examples import Portion
from brainwright.data.shrinking import principal, projected, vectors
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

DIRECTIONS = 64  # principal components that distances are taken in


class NearestLanes(Floor):
    """One neighbour by Euclidean distance on principal components; its lanes keep their place as parts of a side."""

    most: ClassVar[int] = 20_000  # pictures kept to compare with
    image: str
    """The input slot that holds pictures."""
    extent: str
    """The slot that holds each picture's height and width."""

    def fit(self, train: Portion) -> State:
        pictures, lanes, sides = (train.encoded[name] for name in (self.image, self.target, self.extent))
        assert isinstance(pictures, Dense | Stored) and isinstance(lanes, Ragged) and isinstance(sides, Dense)
        rows = np.sort(np.random.default_rng(0).permutation(len(pictures))[: self.most])
        pictures, lanes, size = pictures.take(rows), lanes.take(rows), sides.values[rows].astype(np.float32)
        mean, directions = principal(vectors(pictures), DIRECTIONS)
        laid = Laid.of(train.fields.fitted[self.target].collate(lanes))
        whole = torch.cat([laid.rows[:, None], laid.columns], 1)  # [N, 1 + L, R]
        scale = np.concatenate([size[:, :1], np.repeat(size[:, 1:], whole.shape[1] - 1, 1)], 1)[..., None]
        parts = np.where(whole.numpy() >= 0, whole.numpy() / scale, ABSENT).astype(np.float32)
        known = projected(pictures, mean, directions)
        return {
            "mean": mean, "directions": directions, "known": known, "lanes": parts, "counts": laid.counts.numpy()
        }  # fmt: skip

    def predict(self, state: State, asked: Portion) -> Prediction:
        pictures, sides = asked.encoded[self.image], asked.encoded[self.extent]
        assert isinstance(pictures, Dense | Stored) and isinstance(sides, Dense)
        parts = torch.from_numpy(projected(pictures, state["mean"], state["directions"]))
        nearest = torch.cdist(parts, torch.from_numpy(np.ascontiguousarray(state["known"]))).argmin(1).numpy()
        found = []
        for place, (height, width) in zip(nearest, sides.values.tolist(), strict=True):
            mine = state["lanes"][place, : 1 + state["counts"][place]]
            mine = mine[:, mine[0] >= 0]
            scale = np.array([height, *[width] * (len(mine) - 1)], np.float32)[:, None]
            found.append(torch.from_numpy(np.where(mine >= 0, mine * scale, ABSENT).astype(np.float32)))
        return Prediction({self.target: found})
