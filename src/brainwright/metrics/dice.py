"""Dice: twice the places that truth and answer share, over all that each names, a mean over pictures and labels."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.overlap import by_label, counted, mean_of
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class Dice(Metric):
    """Of every label but the first, in each picture that holds it or is said to; then a mean over labels."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Shared places and named places of each label: [B, 2 * 63]."""
        pairs = zip(prediction.values[self.slot], batch.values[self.slot], strict=True)
        return torch.from_numpy(np.stack([counted(said.numpy(), truth.numpy()).ravel() for said, truth in pairs]))

    def value(self, rows: NDArray[Any]) -> float:
        both, either = np.split(rows, 2, 1)
        return mean_of(by_label(2 * both, either))
