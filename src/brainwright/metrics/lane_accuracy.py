"""Lane accuracy: the part of the rows at which true lanes are found within 20 pixels, as TuSimple counts it."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.lane_matching import by_rows
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class LaneAccuracy(Metric):
    """A mean over lanes in each picture, then over pictures (TuSimple benchmark 2017)."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Each picture's accuracy, and 1: [B, 2]."""
        mine = by_rows(prediction.values[self.slot], batch.values[self.slot])[:, 0]
        return torch.stack([mine, torch.ones_like(mine)], 1)
