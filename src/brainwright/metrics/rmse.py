"""Root of the mean squared error, in the units of the target: large misses weigh most."""

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class Rmse(Metric):
    """Over all numbers of all examples; an example of several numbers counts by its mean."""

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        error = (prediction.values[self.slot].double() - batch.values[self.slot].double()).square()
        mean = error.reshape(len(error), -1).mean(1)
        return torch.stack([mean, torch.ones_like(mean)], 1)

    def value(self, rows: NDArray[Any]) -> float:
        return float(super().value(rows) ** 0.5)
