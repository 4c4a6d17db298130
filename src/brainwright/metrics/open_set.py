"""Share of examples that are answered right: a known identity by its name, a stranger by "unknown"."""

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric, wilson


class OpenSet(Metric):
    """What a user sees: names, and "unknown" below the threshold."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        truth, said = batch.values[self.slot], prediction.values[self.slot]
        right = torch.where(truth >= 0, said == truth, said < 0).double()
        return torch.stack([right, torch.ones_like(right)], 1)

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        return wilson(self.value(rows), len(rows))
