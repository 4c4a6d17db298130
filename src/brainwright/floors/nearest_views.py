"""What was done at the most similar views of the training share: their mean numbers, and their votes for a class."""

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.shrinking import principal, projected, vectors
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

DIRECTIONS = 64  # principal components that distances are taken in
NEIGHBOURS = 5
CHUNK = 1024  # pictures asked at once


class NearestViews(Floor):
    """Five neighbours by Euclidean distance on principal components of the picture at 32 pixels a side, weighted by
    1 / distance (Dudani 1976); numbers and classes alike.
    """

    most: ClassVar[int] = 20_000  # kept to compare with: they are saved with the run
    image: str
    """The input slot that holds pictures."""
    numbers: tuple[str, ...] = ()
    """Target slots of numbers."""
    decision: str = ""
    """The target slot of a class, where there is one."""
    classes: int = 0
    """How many classes it has."""

    def fit(self, train: Portion) -> State:
        pictures = train.encoded[self.image]
        assert isinstance(pictures, Dense | Stored)
        rows = np.sort(np.random.default_rng(0).permutation(len(pictures))[: self.most])
        kept = pictures.take(rows)
        mean, directions = principal(vectors(kept), DIRECTIONS)
        known = projected(kept, mean, directions)
        done = {name: train.encoded[name].take(rows).values for name in (*self.numbers, self.decision) if name}
        return {"mean": mean, "directions": directions, "known": known, **done}

    def predict(self, state: State, asked: Portion) -> Prediction:
        pictures = asked.encoded[self.image]
        assert isinstance(pictures, Dense | Stored)
        parts = torch.from_numpy(projected(pictures, state["mean"], state["directions"]))
        found = [near(piece, torch.from_numpy(state["known"])) for piece in parts.split(CHUNK)]
        weights, places = (torch.cat(pieces) for pieces in zip(*found, strict=True))
        said = {name: (torch.from_numpy(state[name])[places] * weights).sum(1).float() for name in self.numbers}
        if not self.decision:
            return Prediction(said)
        votes = torch.zeros(len(places), self.classes, dtype=weights.dtype)
        votes.scatter_add_(1, torch.from_numpy(state[self.decision])[places], weights)
        scores = (votes * NEIGHBOURS + 1 / self.classes) / (NEIGHBOURS + 1)  # one vote for all: none is impossible
        return Prediction({self.decision: scores.argmax(1), **said}, scores.float())


def near(asked: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Weights that sum to 1, and places among known [N, D], of the neighbours of asked [A, D]: [A, neighbours] each."""
    apart, places = torch.cdist(asked, known).topk(min(NEIGHBOURS, len(known)), largest=False)
    weights = 1 / (apart + 1e-3 * apart[:, -1:] + 1e-6)
    return weights / weights.sum(1, keepdim=True), places
