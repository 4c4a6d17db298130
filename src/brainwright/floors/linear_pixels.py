"""Logistic regression on pixels: what a straight cut through brightness and colour can do."""

import time
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from brainwright.data.encoded import Dense, Stored
from brainwright.data.examples import Portion
from brainwright.data.shrinking import principal, projected, strided, vectors
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen

DIRECTIONS = 256  # principal components kept: they bound the time, and cost no accuracy on MNIST (92.4 %) or digits
PULL = 1e-3  # weight of the squared weights, on components scaled alike
ROUNDS = 150  # steps of the search, at most
SECONDS = 12.0  # that the search may take


class LinearPixels(Floor):
    """Multinomial, by L-BFGS on principal components of the picture at 32 pixels a side; kept as one matrix."""

    most: ClassVar[int] = 100_000
    image: str
    """The input slot that holds pictures."""
    classes: int
    """How many classes there are."""

    def fit(self, train: Portion) -> State:
        pictures, truth = train.encoded[self.image], train.encoded[self.target]
        assert isinstance(pictures, Dense | Stored)
        assert isinstance(truth, Dense)
        rows = strided(len(pictures), self.most)
        mean, directions = principal(vectors(pictures), DIRECTIONS)
        parts = projected(pictures.take(rows), mean, directions)
        scale = float(parts.std()) or 1.0  # one scale for all: weak directions stay weak, and are pulled harder
        weights = regression(parts / scale, truth.values[rows], self.classes)
        folded = directions @ weights[:-1] / scale
        return {"weight": folded.astype(np.float32), "bias": (weights[-1] - mean @ folded).astype(np.float32)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        pictures = asked.encoded[self.image]
        assert isinstance(pictures, Dense | Stored)
        logits = projected(pictures, np.zeros(1, np.float32), state["weight"]) + state["bias"]
        return chosen(self.target, softmax(logits, 1))


def regression(parts: NDArray[Any], truth: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Weights and, last, biases [D + 1, K] of least penalised log loss on parts [N, D]; after 12 s the best so far."""
    count, width = parts.shape
    wanted = np.eye(classes, dtype=np.float32)[truth]
    deadline = time.monotonic() + SECONDS

    def wrong(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(width + 1, classes)
        logits = parts @ weights[:-1].astype(np.float32) + weights[-1].astype(np.float32)
        logs = log_softmax(logits, 1)
        excess = (np.exp(logs) - wanted) / count
        gradient = np.concatenate([parts.T @ excess + 2 * PULL * weights[:-1], excess.sum(0, keepdims=True)])
        loss = -np.vdot(wanted, logs) / count + PULL * np.square(weights[:-1]).sum()
        return float(loss), gradient.ravel().astype(np.float64)

    def late(_: NDArray[np.float64]) -> None:
        if time.monotonic() > deadline:
            raise StopIteration

    start = np.zeros((width + 1) * classes)
    limits = {"maxiter": ROUNDS, "ftol": 1e-5}
    found = minimize(wrong, start, jac=True, method="L-BFGS-B", callback=late, options=limits)
    return np.asarray(found.x.reshape(width + 1, classes))
