"""The mean number of the most similar pictures of the training share."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.shrinking import principal, projected, vectors
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

DIRECTIONS = 64  # principal components that distances are taken in
NEIGHBOURS = 5
CHUNK = 1024  # pictures asked at once


class NearestNumbers(Floor):
    """Five neighbours by Euclidean distance on principal components of the picture at 32 pixels a side, weighted by
    1 / distance (Dudani 1976, for numbers).
    """

    most: ClassVar[int] = 20_000  # kept to compare with: they are saved with the run
    image: str
    """The input slot that holds pictures."""

    def fit(self, train: Portion) -> State:
        pictures, truth = train.encoded[self.image], train.encoded[self.target]
        assert isinstance(pictures, Dense | Stored)
        assert isinstance(truth, Dense)
        rows = np.sort(np.random.default_rng(0).permutation(len(pictures))[: self.most])
        kept = pictures.take(rows)
        mean, directions = principal(vectors(kept), DIRECTIONS)
        known = projected(kept, mean, directions)
        return {"mean": mean, "directions": directions, "known": known, "numbers": truth.values[rows]}

    def predict(self, state: State, asked: Portion) -> Prediction:
        pictures = asked.encoded[self.image]
        assert isinstance(pictures, Dense | Stored)
        parts = torch.from_numpy(projected(pictures, state["mean"], state["directions"]))
        known, numbers = torch.from_numpy(state["known"]), torch.from_numpy(state["numbers"])
        said = [near(piece, known, numbers) for piece in parts.split(CHUNK)]
        return Prediction({self.target: torch.cat(said)})


def near(asked: torch.Tensor, known: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """The weighted mean of the neighbours' numbers [A] of asked [A, D] among known [N, D]."""
    apart, places = torch.cdist(asked, known).topk(min(NEIGHBOURS, len(known)), largest=False)
    weights = 1 / (apart + 1e-3 * apart[:, -1:] + 1e-6)
    return (numbers[places] * weights).sum(1) / weights.sum(1)
