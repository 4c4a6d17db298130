"""Always the label that each place has most often in training."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from brainwright.data.encoded import Dense, Ragged, Stored
from brainwright.data.examples import Portion
from brainwright.data.scans import laid, returned
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

HEAD = 3  # numbers before the labels of an encoded mask: its sides


class CommonMask(Floor):
    """What is where on average, whatever the scan shows."""

    trivial: ClassVar[bool] = True
    scan: str
    """The input slot that holds scans."""
    grid: str
    """The slot that holds the sides of each scan, its own and on the canvas."""
    labels: int
    """How many there are."""

    def fit(self, train: Portion) -> State:
        scans, masks, grids = (train.encoded[name] for name in (self.scan, self.target, self.grid))
        assert isinstance(scans, Dense | Stored) and isinstance(masks, Ragged) and isinstance(grids, Dense)
        counts = np.zeros((self.labels, *scans.shape[1:]), np.float32)
        for row in range(len(train)):
            there = laid(shaped(masks, row), grids.values[row, 3:6].astype(int).tolist(), scans.shape[1:]).numpy()
            for label in range(self.labels):
                counts[label] += there == label
        return {"counts": counts}

    def predict(self, state: State, asked: Portion) -> Prediction:
        grids = asked.encoded[self.grid]
        assert isinstance(grids, Dense)
        counts = torch.from_numpy(np.ascontiguousarray(state["counts"]))
        rows = grids.values.astype(int).tolist()
        return Prediction({self.target: [returned(counts, row[3:6], row[:3]) for row in rows]})


def shaped(masks: Ragged, row: int) -> Tensor:
    """One mask [d, h, w]."""
    piece: Any = masks.values[masks.offsets[row] : masks.offsets[row + 1]]
    return torch.from_numpy(piece[HEAD:].astype(np.int64)).view(*piece[:HEAD].tolist())
