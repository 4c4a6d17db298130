"""The last value, repeated."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Windows
from brainwright.data.examples import Portion
from brainwright.data.fields.series import Series
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class Naive(Floor):
    """The best forecast of a random walk, and hard to beat on prices."""

    trivial: ClassVar[bool] = True
    past: str
    """The input slot with the history; its first variables are those of the target."""

    def fit(self, train: Portion) -> State:
        future = train.fields.fitted[self.target]
        assert isinstance(future, Series)
        return {"horizon": np.array([future.length])}

    def predict(self, state: State, asked: Portion) -> Prediction:
        past, future = asked.encoded[self.past], asked.fields.fitted[self.target]
        assert isinstance(past, Windows)
        assert isinstance(future, Series)
        last = past.series[past.starts + past.offset + past.length - 1, : len(future.names)]
        repeated = np.repeat(future.standardised(last)[:, None], int(state["horizon"][0]), 1)
        return Prediction({self.target: torch.from_numpy(repeated)})
