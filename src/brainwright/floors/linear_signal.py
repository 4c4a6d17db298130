"""Logistic regression on a signal's mean course, spread and roughness: what it says to a straight line."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from brainwright.data.encoded import Dense, singles
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen

STRETCHES = 16  # of each signal, whatever its length, whose means are read
ROUNDS = 500


class LinearSignal(Floor):
    """Of each variable the mean of sixteen stretches, the deviation, and that of the differences between steps."""

    most: ClassVar[int] = 20_000
    signal: str
    """The input slot that holds signals."""
    classes: int
    """How many classes there are."""

    def fit(self, train: Portion) -> State:
        train = train.take(np.sort(np.random.default_rng(0).permutation(len(train))[: self.most]))
        told, truth = described(train, self.signal), train.encoded[self.target]
        assert isinstance(truth, Dense)
        mean, spread = told.mean(0), told.std(0) + 1e-9
        line = LogisticRegression(max_iter=ROUNDS).fit((told - mean) / spread, truth.values)
        weights, bias = np.zeros((self.classes, told.shape[1])), np.full(self.classes, -1e3)
        two = len(line.classes_) == 2  # one line between them: half for each
        weights[line.classes_] = np.r_[-line.coef_, line.coef_] / 2 if two else line.coef_
        bias[line.classes_] = np.r_[-line.intercept_, line.intercept_] / 2 if two else line.intercept_
        return {"mean": mean, "spread": spread, "weights": weights, "bias": bias}

    def predict(self, state: State, asked: Portion) -> Prediction:
        told = (described(asked, self.signal) - state["mean"]) / state["spread"]
        return chosen(self.target, softmax(told @ state["weights"].T + state["bias"], 1))


def described(portion: Portion, slot: str) -> NDArray[np.float64]:
    """What each signal is told by: [N, C * 18 + 1]."""
    found = []
    for steps in singles(portion.encoded[slot]):
        places = np.arange(STRETCHES) * len(steps) // STRETCHES
        lengths = np.maximum(1, np.diff(places, append=len(steps)))
        sums = np.add.reduceat(steps.astype(np.float64), places, 0)
        rough = np.diff(steps, axis=0).std(0) if len(steps) > 1 else np.zeros(steps.shape[1])
        found.append(np.concatenate([(sums / lengths[:, None]).ravel(), steps.std(0), rough, [np.log(len(steps))]]))
    return np.array(found)
