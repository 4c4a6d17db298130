"""Always the mean of the training share: the best answer to a squared error that looks at nothing."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class Mean(Floor):
    """What a net that learned nothing would say."""

    trivial: ClassVar[bool] = True

    def fit(self, train: Portion) -> State:
        truth = train.encoded[self.target]
        assert isinstance(truth, Dense)
        return {"mean": truth.values.mean(dtype=np.float64, keepdims=True)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        return Prediction({self.target: torch.full((len(asked),), float(state["mean"][0]))})
