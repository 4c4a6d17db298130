"""A straight line over the columns of a table: logistic regression for classes, ridge regression for numbers."""

import warnings
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.fields.row import Place, Row
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen

ROUNDS = 300  # of the solver, at most: a floor is bounded in time, not exact
CERTAIN = -1e9  # logit of a class that no training row showed


class LinearTable(Floor):
    """Numbers standardised, kept within their training range, gaps filled by the mean and marked; classes one-hot."""

    most: ClassVar[int] = 100_000  # spread evenly over all: more would only cost time
    source: str = "row"
    """The slot that it reads."""
    classes: int = 0
    """How many classes there are; 0 = the target is a number."""

    def fit(self, train: Portion) -> State:
        truth = train.encoded[self.target]
        assert isinstance(truth, Dense)
        some = train.take(np.arange(0, len(train), -(-len(train) // self.most)))
        inputs, answers = self.design(some), some.encoded[self.target]
        assert isinstance(answers, Dense)
        if not self.classes:
            ridge = Ridge(solver="sparse_cg", max_iter=ROUNDS, tol=1e-8).fit(inputs, answers.values.astype(np.float64))
            return {"weight": ridge.coef_[:, None], "bias": np.atleast_1d(ridge.intercept_)}
        logistic = LogisticRegression(max_iter=ROUNDS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            logistic.fit(inputs, answers.values)
        weight, bias = logistic.coef_.T, logistic.intercept_
        if weight.shape[1] == 1:  # two classes: one line, whose other side is zero
            weight, bias = np.hstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        whole = np.zeros((weight.shape[0], self.classes)), np.full(self.classes, CERTAIN)
        whole[0][:, logistic.classes_], whole[1][logistic.classes_] = weight, bias
        return {"weight": whole[0], "bias": whole[1]}

    def predict(self, state: State, asked: Portion) -> Prediction:
        answers = self.design(asked) @ state["weight"] + state["bias"]
        if self.classes:
            return chosen(self.target, softmax(answers, 1))
        return Prediction({self.target: torch.from_numpy(answers[:, 0]).float()})

    def design(self, portion: Portion) -> Any:
        """The rows as a sparse matrix [N, features]."""
        field, rows = portion.fields.fitted[self.source], portion.encoded[self.source]
        assert isinstance(field, Row)
        assert isinstance(rows, Dense)
        return sparse.hstack([columns(place, rows.values[:, place.at]) for place in field.places], "csr")


def columns(place: Place, values: NDArray[Any]) -> Any:
    """One place of the row [N] as sparse columns [N, 2] or [N, classes + 2]."""
    missing = np.isnan(values)
    if place.column.spreads:
        edges = place.spread.edges or (0.0,)
        filled = np.where(missing, place.spread.mean, values.astype(np.float64).clip(edges[0], edges[-1]))
        standard = (filled - place.spread.mean) / place.spread.scale
        return sparse.csr_matrix(np.stack([standard, missing], 1))
    codes = np.where(missing, place.classes + 1, values).astype(np.int64)
    shape = (len(values), place.classes + 2)
    return sparse.csr_matrix((np.ones(len(values)), (np.arange(len(values)), codes)), shape)
