"""Share of the target's variance that is explained: 1 is perfect, 0 is no better than the mean."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class R2(Metric):
    """Coefficient of determination: 1 - squared errors / squared distances of the truth from its own mean."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Squared error and truth: [B, 2]."""
        truth = batch.values[self.slot].double()
        return torch.stack([(prediction.values[self.slot].double() - truth).square(), truth], 1)

    def value(self, rows: NDArray[Any]) -> float:
        spread = float(np.square(rows[:, 1] - rows[:, 1].mean()).sum())
        return 1 - float(rows[:, 0].sum()) / spread if spread > 0 else float("nan")
