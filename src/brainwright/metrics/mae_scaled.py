"""Mean absolute error of forecasts, in units of each variable's standard deviation in training."""

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class MaeScaled(Metric):
    """As the long-horizon literature reports it: over all windows, steps and variables; unknown values do not count.

    Windows that overlap share most of their future: intervals draw blocks as long as the horizon.
    """

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Absolute error, known values, and steps of the horizon: [B, 3]."""
        truth = batch.values[self.slot]
        known = truth.isfinite()
        error = torch.where(known, prediction.values[self.slot] - truth, 0.0).double().abs()
        steps = torch.full((len(truth),), truth.shape[1], dtype=torch.float64)
        return torch.stack([error.flatten(1).sum(1), known.flatten(1).sum(1).double(), steps], 1)

    def block(self, rows: NDArray[Any]) -> int:
        return int(rows[0, 2])
