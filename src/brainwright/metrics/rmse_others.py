"""Root of the mean squared error of all controls beside the first, in their own units."""

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class RmseOthers(Metric):
    """Controls such as throttle and brake share one range, from 0 to 1, so that their errors can be averaged."""

    higher_is_better: ClassVar[bool] = False
    besides: tuple[str, ...] = ()
    """Target slots that are judged with the first, `slot`."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        pairs = [(prediction.values[name].double(), batch.values[name].double()) for name in (self.slot, *self.besides)]
        mean = torch.stack([(said - truth).square() for said, truth in pairs]).mean(0)
        return torch.stack([mean, torch.ones_like(mean)], 1)

    def value(self, rows: NDArray[Any]) -> float:
        return float(super().value(rows) ** 0.5)
