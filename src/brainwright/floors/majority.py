"""Always the most frequent class, with the training shares as probabilities."""

from typing import ClassVar

import numpy as np

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen


class Majority(Floor):
    """What a net that learned nothing would say."""

    trivial: ClassVar[bool] = True
    classes: int
    """How many classes there are."""

    def fit(self, train: Portion) -> State:
        truth = train.encoded[self.target]
        assert isinstance(truth, Dense)
        return {"shares": np.bincount(truth.values, minlength=self.classes) / len(truth)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        return chosen(self.target, np.repeat(state["shares"][None], len(asked), 0))
