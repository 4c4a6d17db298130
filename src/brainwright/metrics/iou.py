"""Intersection over union: the places that truth and answer share, over those that either names, a mean over labels."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.overlap import counted, mean_of
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class Iou(Metric):
    """Of every label but the first over all pictures together, as benchmarks of scenes do; then a mean over labels."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Shared places and named places of each label: [B, 2 * 63]."""
        pairs = zip(prediction.values[self.slot], batch.values[self.slot], strict=True)
        return torch.from_numpy(np.stack([counted(said.numpy(), truth.numpy()).ravel() for said, truth in pairs]))

    def value(self, rows: NDArray[Any]) -> float:
        both, either = np.split(rows.sum(0), 2)
        union = either - both
        return mean_of(np.divide(both, union, out=np.full(len(both), np.nan), where=union > 0))
