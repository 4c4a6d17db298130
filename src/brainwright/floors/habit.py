"""Always what is done most: the mean of every number and the most frequent class; it looks at nothing."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class Habit(Floor):
    """What a net that learned nothing would do."""

    trivial: ClassVar[bool] = True
    numbers: tuple[str, ...] = ()
    """Target slots of numbers."""
    decision: str = ""
    """The target slot of a class, where there is one."""
    classes: int = 0
    """How many classes it has."""

    def fit(self, train: Portion) -> State:
        state = {}
        for name in (*self.numbers, self.decision):
            truth = train.encoded.get(name)
            if isinstance(truth, Dense) and name == self.decision:
                state[name] = np.bincount(truth.values, minlength=self.classes) / len(truth)
            elif isinstance(truth, Dense):
                state[name] = truth.values.mean(dtype=np.float64, keepdims=True)
        return state

    def predict(self, state: State, asked: Portion) -> Prediction:
        said = {name: torch.full((len(asked),), float(state[name][0])) for name in self.numbers}
        if not self.decision:
            return Prediction(said)
        scores = torch.from_numpy(state[self.decision]).float().expand(len(asked), -1)
        return Prediction({self.decision: scores.argmax(1), **said}, scores)
