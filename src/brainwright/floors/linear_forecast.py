"""One ridge-regularised matrix from the past to the future, for all variables and series alike, in closed form."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.encoded import Windows
from brainwright.data.examples import Portion
from brainwright.data.fields.series import Series
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

STRENGTHS = 10.0 ** np.arange(-1, 6.5, 0.5)  # of the pull towards zero; the best one is chosen in training
HELD = 0.2  # last part of the training windows, on which it is chosen
PIECE = 512  # windows gathered at a time


class LinearForecast(Floor):
    """NLinear (Zeng et al. 2023) by normal equations: differences to the last value, in training deviations.

    The strength of the ridge is the one that forecasts the last fifth of the training windows best from those whose
    whole future lies before it; the matrix is then fitted to all of them.
    """

    past: str
    """The input slot with the history; its first variables are those of the target."""
    moments: str
    """The input slot with the times that are forecast."""

    def fit(self, train: Portion) -> State:
        changes, times = self.changes(train), train.encoded[self.moments]
        assert isinstance(times, Windows)
        begins = times.series[times.starts + times.offset]
        ends = times.series[times.starts + times.offset + times.length - 1]
        border = np.quantile(begins, 1 - HELD, method="nearest")
        early, late = changes.starts[ends < border], changes.starts[begins >= border]
        strength = float(STRENGTHS[len(STRENGTHS) // 2])
        if len(early):
            strength = best(changes.products(early), changes.products(late))
        matrix = solved(*changes.products(changes.starts), strength)
        return {"matrix": matrix.astype(np.float32), "strength": np.array([strength])}

    def predict(self, state: State, asked: Portion) -> Prediction:
        changes, matrix = self.changes(asked), state["matrix"]
        said = np.empty((len(asked), matrix.shape[1], changes.rows.shape[1]), np.float32)
        for first in range(0, len(asked), PIECE):
            past, last = changes.past(changes.starts[first : first + PIECE])
            said[first : first + PIECE] = np.swapaxes(past @ matrix, 1, 2) + last[:, None]
        return Prediction({self.target: torch.from_numpy(said)})

    def changes(self, portion: Portion) -> "Changes":
        """The variables of the target, from the filled past: what is unknown in the future is filled there as well."""
        windows, future = portion.encoded[self.past], portion.fields.fitted[self.target]
        assert isinstance(windows, Windows)
        assert isinstance(future, Series)
        rows = future.standardised(windows.series[:, : len(future.names)])
        return Changes(rows, windows.starts + windows.offset, windows.length, future.length)


@dataclass(frozen=True)
class Changes:
    """Rows [T, V] in training deviations, seen from windows as differences to the last value of their past."""

    rows: NDArray[np.float32]
    starts: NDArray[np.int64]  # [N] first row of each past
    lookback: int
    horizon: int

    def past(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Differences [M, V, lookback] and last values [M, V]."""
        past = self.rows[starts[:, None] + np.arange(self.lookback)]
        last = past[:, -1]
        return np.swapaxes(past - last[:, None], 1, 2), last

    def products(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums of past times past [lookback, lookback] and of past times future [lookback, horizon]."""
        gram = np.zeros((self.lookback, self.lookback))
        cross = np.zeros((self.lookback, self.horizon))
        for first in range(0, len(starts), PIECE):
            some = starts[first : first + PIECE]
            past, last = self.past(some)
            future = self.rows[some[:, None] + self.lookback + np.arange(self.horizon)] - last[:, None]
            flat = past.reshape(-1, self.lookback).astype(np.float64)
            gram += flat.T @ flat
            cross += flat.T @ np.swapaxes(future, 1, 2).reshape(-1, self.horizon).astype(np.float64)
        return gram, cross


Products: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


def best(early: Products, late: Products) -> float:
    """The strength whose matrix, fitted to the early windows, has the least squared error on the late ones."""
    values, vectors = np.linalg.eigh(early[0])
    turned, judged, aim = vectors.T @ early[1], vectors.T @ late[0] @ vectors, vectors.T @ late[1]
    errors = []
    for strength in STRENGTHS:
        matrix = turned / (values + strength)[:, None]
        errors.append(np.sum(matrix * (judged @ matrix)) - 2 * np.sum(matrix * aim))
    return float(STRENGTHS[int(np.argmin(errors))])


def solved(gram: NDArray[np.float64], cross: NDArray[np.float64], strength: float) -> NDArray[Any]:
    """The ridge-regularised matrix [lookback, horizon]."""
    return np.linalg.solve(gram + strength * np.eye(len(gram)), cross)
