"""Mean absolute error, in the units of the target: how far off an answer is on average."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class Mae(Metric):
    """Over all numbers of all examples; an example of several numbers counts by its mean."""

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        error = (prediction.values[self.slot].double() - batch.values[self.slot].double()).abs()
        mean = error.reshape(len(error), -1).mean(1)
        return torch.stack([mean, torch.ones_like(mean)], 1)
