"""Always the mean training picture."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.shrinking import chunks
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class MeanPicture(Floor):
    """What a net that knows only the average would paint."""

    trivial: ClassVar[bool] = True

    def fit(self, train: Portion) -> State:
        pictures = train.encoded[self.target]
        assert isinstance(pictures, Dense | Stored)
        total = np.zeros(pictures.shape)
        for some in chunks(pictures):
            total += pictures.take(some).values.sum(0, dtype=np.float64)
        return {"mean": (total / len(pictures)).astype(np.float32)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        mean = torch.from_numpy(np.ascontiguousarray(state["mean"]))
        return Prediction({self.target: mean.expand(len(asked), *mean.shape)})
