"""Mean over classes of the share of a class that is found: every class counts the same, however rare."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class BalancedAccuracy(Metric):
    """Macro recall; a class without a true example says nothing."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """The predicted and the true class: [B, 2]."""
        return torch.stack([prediction.values[self.slot], batch.values[self.slot]], 1).double()

    def value(self, rows: NDArray[Any]) -> float:
        truth = rows[:, 1].astype(np.int64)
        there = np.bincount(truth)
        found = np.bincount(truth, rows[:, 0] == rows[:, 1], len(there))
        return float((found[there > 0] / there[there > 0]).mean())
