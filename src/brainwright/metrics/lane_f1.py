"""Lane F1: lanes drawn 30 pixels wide, found where one overlaps a true one by more than half, as CULane counts it."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.lane_matching import by_area
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class LaneF1(Metric):
    """Twice the lanes found over all that were said and all that are there (Pan et al. 2018)."""

    percent: ClassVar[bool] = True
    extent: str
    """The slot that holds each picture's height and width."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Lanes found, wrongly said and missed: [B, 3]."""
        sizes = batch.values[self.extent].long().tolist()
        pairs = zip(prediction.values[self.slot], batch.values[self.slot], sizes, strict=True)
        counts = [by_area(said, truth, (height, width)) for said, truth, (height, width) in pairs]
        return torch.tensor(counts, dtype=torch.float64)

    def value(self, rows: NDArray[Any]) -> float:
        found, wrong, missed = np.asarray(rows, np.float64).sum(0)
        return float(2 * found / max(1.0, 2 * found + wrong + missed))
