"""Share of examples whose class is right."""

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric, wilson


class Accuracy(Metric):
    """Right or wrong, nothing between."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        right = (prediction.values[self.slot] == batch.values[self.slot]).double()
        return torch.stack([right, torch.ones_like(right)], 1)

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        return wilson(self.value(rows), len(rows))
