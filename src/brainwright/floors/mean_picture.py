"""Always the mean training picture."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class MeanPicture(Floor):
    """What a net that knows only the average would paint."""

    trivial: ClassVar[bool] = True

    def fit(self, train: Portion) -> State:
        pictures = train.encoded[self.target]
        assert isinstance(pictures, Dense)
        return {"mean": pictures.values.mean(0, dtype=np.float64).astype(np.float32)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        mean = torch.from_numpy(np.ascontiguousarray(state["mean"]))
        return Prediction({self.target: mean.expand(len(asked), *mean.shape)})
