"""Gradient-boosted trees over the columns of a table, with scikit-learn's own settings."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.fields.row import UNKNOWN, Row
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen

CELLS = 20_000_000  # of training, rows times columns, at most
VISITS = 2e9  # cells times trees, at most: about half a minute
TREES = 100  # rounds, scikit-learn's own number
FEWEST = 10
MOST_CLASSES = 255  # a column with more is split by order, as scikit-learn would have it
CHUNK = 4096  # rows walked at once


class Boosting(Floor):
    """Histogram gradient boosting (Ke et al. 2017, LightGBM), in time bounded by rows, columns and classes.

    The fitted trees are kept as arrays and walked in numpy, so that a saved floor needs no pickle.
    """

    source: str = "row"
    """The slot that it reads."""
    classes: int = 0
    """How many classes there are; 0 = the target is a number."""

    def fit(self, train: Portion) -> State:
        field, rows, truth = train.fields.fitted[self.source], train.encoded[self.source], train.encoded[self.target]
        assert isinstance(field, Row)
        assert isinstance(rows, Dense)
        assert isinstance(truth, Dense)
        step = -(-rows.values.size // CELLS)
        inputs, answers = rows.values[::step].astype(np.float64), truth.values[::step]
        classed = np.array([1 <= place.classes <= MOST_CLASSES for place in field.places])
        known = dense(inputs, classed)
        inputs = translated(inputs, classed, known)
        options = {"categorical_features": classed if classed.any() else None, "random_state": 0}
        if not self.classes:
            model = HistGradientBoostingRegressor(max_iter=rounds(inputs.size), **options)
            model.fit(inputs, answers.astype(np.float64))
            learned = {}
        else:
            kinds = len(np.unique(answers))
            model = HistGradientBoostingClassifier(max_iter=rounds(inputs.size * max(1, kinds - 1)), **options)
            learned = {"answers": model.fit(inputs, answers).classes_.astype(np.int64)}
        order = np.concatenate([np.flatnonzero(classed), np.flatnonzero(~classed)])
        return {**learned, **forest(model, order), "classed": classed, "known": known}

    def predict(self, state: State, asked: Portion) -> Prediction:
        rows = asked.encoded[self.source]
        assert isinstance(rows, Dense)
        inputs = translated(rows.values.astype(np.float64), state["classed"].astype(bool), state["known"])
        pieces = [walked(state, inputs[start : start + CHUNK]) for start in range(0, len(inputs), CHUNK)]
        raw = np.concatenate(pieces) if pieces else np.zeros((0, len(state["baseline"])))
        if not self.classes:
            return Prediction({self.target: torch.from_numpy(raw[:, 0]).float()})
        known = np.stack([expit(-raw[:, 0]), expit(raw[:, 0])], 1) if raw.shape[1] == 1 else softmax(raw, 1)
        scores = np.zeros((len(raw), self.classes))
        scores[:, state["answers"]] = known
        return chosen(self.target, scores)


def rounds(cells: int) -> int:
    """How many rounds fit the time."""
    return int(np.clip(VISITS / max(1, cells), FEWEST, TREES))


def dense(inputs: NDArray[np.float64], classed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For each classed column the number 0, 1, ... of each code that training showed, NaN for others: [C, codes]."""
    columns = inputs[:, classed]
    width = 1 + int(np.nan_to_num(columns).max(initial=0))
    table = np.full((columns.shape[1], width), np.nan)
    for row, column in zip(table, columns.T, strict=True):
        codes = np.unique(column[column > UNKNOWN]).astype(np.int64)  # NaN and unknown compare as false
        row[codes] = np.arange(len(codes))
    return table


def translated(
    inputs: NDArray[np.float64], classed: NDArray[np.bool_], known: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Codes [N, P] as the numbers that the trees know; what they do not know is missing."""
    columns = inputs[:, classed]
    codes = np.nan_to_num(columns, nan=UNKNOWN).astype(np.int64)
    codes[codes >= known.shape[1]] = UNKNOWN
    result = inputs.copy()
    result[:, classed] = known[np.arange(len(known)), codes]
    return result


def forest(model: Any, order: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """scikit-learn's fitted trees, end to end, as plain arrays; `order` [P] is how it laid the columns out."""
    trees = [tree for round_ in model._predictors for tree in round_]
    sizes = np.array([len(tree.nodes) for tree in trees])
    starts = np.concatenate([[0], sizes.cumsum()[:-1]])
    masks = np.array([len(tree.raw_left_cat_bitsets) for tree in trees])
    nodes = np.concatenate([tree.nodes for tree in trees])
    here, first_mask = np.repeat(starts, sizes), np.repeat(np.concatenate([[0], masks.cumsum()[:-1]]), sizes)
    return {
        "value": nodes["value"].astype(np.float64),
        "column": order[nodes["feature_idx"]],
        "threshold": nodes["num_threshold"].astype(np.float64),
        "missing_left": nodes["missing_go_to_left"].astype(np.uint8),
        "left": nodes["left"].astype(np.int64) + here,
        "right": nodes["right"].astype(np.int64) + here,
        "leaf": nodes["is_leaf"].astype(np.uint8),
        "by_class": nodes["is_categorical"].astype(np.uint8),
        "mask": nodes["bitset_idx"].astype(np.int64) + first_mask,
        "masks": np.concatenate([np.zeros((0, 8), np.uint32), *(tree.raw_left_cat_bitsets for tree in trees)]),
        "roots": starts.reshape(len(model._predictors), -1),
        "baseline": np.asarray(model._baseline_prediction, np.float64).reshape(-1),
    }


def walked(state: State, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the leaves that each row [N, P] ends in, one number for each tree of a round: [N, K]."""
    roots = state["roots"]
    node = np.tile(roots.reshape(-1), len(inputs))
    row = np.repeat(np.arange(len(inputs)), roots.size)
    going = np.flatnonzero(~state["leaf"].astype(bool)[node])
    while len(going):
        at = node[going]
        node[going] = np.where(
            goes_left(state, at, inputs[row[going], state["column"][at]]), state["left"][at], state["right"][at]
        )
        going = going[state["leaf"][node[going]] == 0]
    leaves: NDArray[np.float64] = state["value"][node].reshape(len(inputs), *roots.shape)
    return np.asarray(leaves.sum(1) + state["baseline"])


def goes_left(state: State, at: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which way each value [M] goes at its node [M]."""
    missing = np.isnan(value)
    left = value <= state["threshold"][at]
    by_class = np.flatnonzero(state["by_class"][at].astype(bool) & ~missing)
    codes = value[by_class].astype(np.int64)
    words = state["masks"][state["mask"][at[by_class]], codes >> 5] if len(by_class) else np.zeros(0, np.uint32)
    left[by_class] = (words >> (codes & 31).astype(np.uint32)) & 1
    left[missing] = state["missing_left"][at[missing]]
    return left
