"""Logistic regression of every place by itself: where it is and how bright."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from brainwright.data.encoded import Dense, Ragged, Stored
from brainwright.data.examples import Portion
from brainwright.data.scans import laid, returned
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

HEAD = 3  # numbers before the labels of an encoded mask: its sides
PLACES = 60_000  # that it learns from
SCANS = 200


class LinearVoxels(Floor):
    """Position, brightness, their squares and products: what needs no look at the neighbours."""

    most: ClassVar[int] = SCANS
    scan: str
    """The input slot that holds scans."""
    grid: str
    """The slot that holds the sides of each scan, its own and on the canvas."""
    labels: int
    """How many there are."""

    def fit(self, train: Portion) -> State:
        scans, masks, grids = (train.encoded[name] for name in (self.scan, self.target, self.grid))
        assert isinstance(scans, Dense | Stored) and isinstance(masks, Ragged) and isinstance(grids, Dense)
        draw = np.random.default_rng(0)
        rows = draw.permutation(len(train))[:SCANS]
        told, known = [], []
        for row in rows.tolist():
            piece = masks.values[masks.offsets[row] : masks.offsets[row + 1]].astype(np.int64)
            mask = torch.from_numpy(piece[HEAD:]).view(*piece[:HEAD].tolist())
            there = laid(mask, grids.values[row, 3:6].astype(int).tolist(), scans.shape[1:]).numpy().ravel()
            places = draw.permutation(np.flatnonzero(there >= 0))[: PLACES // len(rows)]
            told.append(features(scans.take(np.array([row])).values[0])[places])
            known.append(there[places])
        scaler = StandardScaler().fit(np.concatenate(told))
        model = LogisticRegression(max_iter=200).fit(scaler.transform(np.concatenate(told)), np.concatenate(known))
        weight, bias = np.zeros((self.labels, told[0].shape[1])), np.full(self.labels, -1e6)
        if len(model.classes_) == 2:
            weight[model.classes_], bias[model.classes_] = [-model.coef_[0] / 2, model.coef_[0] / 2], 0
            bias[model.classes_] = [-model.intercept_[0] / 2, model.intercept_[0] / 2]
        else:
            weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
        weight = weight / scaler.scale_
        return {"weight": weight.astype(np.float32), "bias": (bias - weight @ scaler.mean_).astype(np.float32)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        scans, grids = asked.encoded[self.scan], asked.encoded[self.grid]
        assert isinstance(scans, Dense | Stored) and isinstance(grids, Dense)
        found = []
        for index, row in enumerate(grids.values.astype(int).tolist()):
            logits = features(scans.take(np.array([index])).values[0]) @ state["weight"].T + state["bias"]
            whole = torch.from_numpy(np.ascontiguousarray(logits.T)).view(self.labels, *scans.shape[1:])
            found.append(returned(whole, row[3:6], row[:3]))
        return Prediction({self.target: found})


def features(scan: NDArray[Any]) -> NDArray[np.float32]:
    """A scan [C, D, H, W] as [places, F]: position from -1 to 1 and brightness, and all their products."""
    axes = [
        np.linspace(-1, 1, side, dtype=np.float32) if side > 1 else np.zeros(1, np.float32) for side in scan.shape[1:]
    ]
    single = [*np.meshgrid(*axes, indexing="ij"), *scan.astype(np.float32)]
    products = [one * other for index, one in enumerate(single) for other in single[index:]]
    return np.stack([*single, *products], -1).reshape(-1, len(single) + len(products))
