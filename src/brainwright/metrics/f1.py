"""F1: the harmonic mean of precision and recall, averaged over classes, every class counting the same."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class F1(Metric):
    """Macro F1 over the classes that occur in truth or prediction (van Rijsbergen 1979)."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """The predicted and the true class: [B, 2]."""
        return torch.stack([prediction.values[self.slot], batch.values[self.slot]], 1).double()

    def value(self, rows: NDArray[Any]) -> float:
        classes = rows.astype(np.int64)
        size = int(classes.max()) + 1
        right = np.bincount(classes[:, 1], rows[:, 0] == rows[:, 1], size)
        seen = np.bincount(classes[:, 0], minlength=size) + np.bincount(classes[:, 1], minlength=size)
        return float((2 * right[seen > 0] / seen[seen > 0]).mean())
