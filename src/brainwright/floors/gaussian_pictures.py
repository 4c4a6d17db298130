"""Pictures drawn from a Gaussian fitted to the training pixels: right in mean and correlations, in nothing else."""

from math import prod

import numpy as np
import torch

from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

DIRECTIONS = 64  # principal components kept
SEEN, NUMBERS = 5000, 2**26  # training pictures looked at, and numbers in them, at most
SEED = 0  # of the draws, so that the floor answers alike each time


class GaussianPictures(Floor):
    """Principal components of the pixels (Turk and Pentland 1991), each drawn with its own variance."""

    def fit(self, train: Portion) -> State:
        pictures = train.encoded[self.target]
        assert isinstance(pictures, Dense | Stored)
        most = max(2, min(SEEN, NUMBERS // prod(pictures.shape)))
        rows = np.arange(0, len(pictures), max(1, len(pictures) // most))[:most]
        flat = pictures.take(rows).values.reshape(len(rows), -1).astype(np.float32)
        mean = flat.mean(0)
        _, sizes, directions = np.linalg.svd(flat - mean, full_matrices=False)
        basis = directions[:DIRECTIONS] * (sizes[:DIRECTIONS, None] / max(1, len(rows) - 1) ** 0.5)
        return {"mean": mean, "basis": basis, "shape": np.array(pictures.shape)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        drawn = np.random.default_rng(SEED).standard_normal((len(asked), len(state["basis"]))).astype(np.float32)
        pixels = (state["mean"] + drawn @ state["basis"]).clip(0, 255)
        return Prediction({self.target: torch.from_numpy(pixels.reshape(-1, *state["shape"].tolist()))})
