"""The classes of the most similar pictures of the training share."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.shrinking import principal, projected, vectors
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen

DIRECTIONS = 64  # principal components that distances are taken in
NEIGHBOURS = 5
CHUNK = 1024  # pictures asked at once


class NearestNeighbour(Floor):
    """Five neighbours by Euclidean distance on principal components of the picture at 32 pixels a side; nearer ones
    count more (Cover, Hart 1967; Dudani 1976).
    """

    most: ClassVar[int] = 20_000  # kept to compare with: they are saved with the run
    image: str
    """The input slot that holds pictures."""
    classes: int
    """How many classes there are."""

    def fit(self, train: Portion) -> State:
        pictures, truth = train.encoded[self.image], train.encoded[self.target]
        assert isinstance(pictures, Dense | Stored)
        assert isinstance(truth, Dense)
        rows = np.sort(np.random.default_rng(0).permutation(len(pictures))[: self.most])
        kept = pictures.take(rows)
        mean, directions = principal(vectors(kept), DIRECTIONS)
        return {
            "mean": mean,
            "directions": directions,
            "known": projected(kept, mean, directions),
            "classes": truth.values[rows],
        }

    def predict(self, state: State, asked: Portion) -> Prediction:
        pictures = asked.encoded[self.image]
        assert isinstance(pictures, Dense | Stored)
        asked_parts = torch.from_numpy(projected(pictures, state["mean"], state["directions"]))
        known, classes = torch.from_numpy(state["known"]), torch.from_numpy(state["classes"])
        scores = np.empty((len(pictures), self.classes))
        for start in range(0, len(pictures), CHUNK):
            part = asked_parts[start : start + CHUNK]
            scores[start : start + CHUNK] = votes(part, known, classes, self.classes).numpy()
        return chosen(self.target, scores)


def votes(asked: torch.Tensor, known: torch.Tensor, classes: torch.Tensor, count: int) -> torch.Tensor:
    """Class shares [A, K] among the neighbours of asked [A, D], each weighted by 1 / distance.

    One vote is spread over all classes, so that none has probability 0.
    """
    squares = asked.square().sum(1)[:, None] + known.square().sum(1) - 2 * asked @ known.T
    near, places = squares.clamp(min=0).topk(min(NEIGHBOURS, len(known)), largest=False)
    weights = 1 / (near.sqrt() + 1e-3 * near[:, -1:].sqrt() + 1e-6)
    weights = weights / weights.sum(1, keepdim=True) * near.shape[1]
    shares = torch.zeros(len(asked), count).scatter_add_(1, classes[places], weights) + 1 / count
    return shares / shares.sum(1, keepdim=True)
