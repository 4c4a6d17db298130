"""Share of examples whose class is right."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class Accuracy(Metric):
    """Right or wrong, nothing between."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        right = (prediction.values[self.slot] == batch.values[self.slot]).double()
        return torch.stack([right, torch.ones_like(right)], 1)
