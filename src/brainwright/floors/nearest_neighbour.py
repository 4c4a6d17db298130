"""The classes of the most similar pictures of the training share."""

import numpy as np
import torch

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.shrinking import principal, shrunk
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen

DIRECTIONS = 64  # principal components that distances are taken in
KEPT = 20_000  # pictures kept to compare with, at most: they are saved with the run
NEIGHBOURS = 5
CHUNK = 1024  # pictures asked at once


class NearestNeighbour(Floor):
    """Five neighbours by Euclidean distance on principal components of the picture at 32 pixels a side; nearer ones
    count more (Cover, Hart 1967; Dudani 1976).
    """

    image: str
    """The input slot that holds pictures."""
    classes: int
    """How many classes there are."""

    def fit(self, train: Portion) -> State:
        pictures, truth = train.encoded[self.image], train.encoded[self.target]
        assert isinstance(pictures, Dense)
        assert isinstance(truth, Dense)
        rows = np.random.default_rng(0).permutation(len(pictures))[:KEPT]
        vectors = shrunk(pictures.values[np.sort(rows)]).reshape(len(rows), -1)
        mean, directions = principal(vectors, DIRECTIONS)
        return {
            "mean": mean,
            "directions": directions,
            "known": (vectors - mean) @ directions,
            "classes": truth.values[np.sort(rows)],
        }

    def predict(self, state: State, asked: Portion) -> Prediction:
        pictures = asked.encoded[self.image]
        assert isinstance(pictures, Dense)
        known, classes = torch.from_numpy(state["known"]), torch.from_numpy(state["classes"])
        scores = np.empty((len(pictures), self.classes))
        for start in range(0, len(pictures), CHUNK):
            part = shrunk(pictures.values[start : start + CHUNK])
            vectors = torch.from_numpy((part.reshape(len(part), -1) - state["mean"]) @ state["directions"])
            scores[start : start + CHUNK] = votes(vectors, known, classes, self.classes).numpy()
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
