"""Pictures drawn from a Gaussian fitted to the training pixels: right in mean and correlations, in nothing else."""

import numpy as np
import torch

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

DIRECTIONS = 64  # principal components kept
SEEN = 5000  # training pictures looked at, at most
SEED = 0  # of the draws, so that the floor answers alike each time


class GaussianPictures(Floor):
    """Principal components of the pixels (Turk and Pentland 1991), each drawn with its own variance."""

    def fit(self, train: Portion) -> State:
        pictures = train.encoded[self.target]
        assert isinstance(pictures, Dense)
        rows = np.arange(0, len(pictures), max(1, len(pictures) // SEEN))[:SEEN]
        flat = pictures.take(rows).values.reshape(len(rows), -1).astype(np.float32)
        mean = flat.mean(0)
        _, sizes, directions = np.linalg.svd(flat - mean, full_matrices=False)
        basis = directions[:DIRECTIONS] * (sizes[:DIRECTIONS, None] / max(1, len(rows) - 1) ** 0.5)
        return {"mean": mean, "basis": basis, "shape": np.array(pictures.values.shape[1:])}

    def predict(self, state: State, asked: Portion) -> Prediction:
        drawn = np.random.default_rng(SEED).standard_normal((len(asked), len(state["basis"]))).astype(np.float32)
        pixels = (state["mean"] + drawn @ state["basis"]).clip(0, 255)
        return Prediction({self.target: torch.from_numpy(pixels.reshape(-1, *state["shape"].tolist()))})
