"""Share of examples of known identities whose nearest identity is the right one."""

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric, wilson


class Rank1(Metric):
    """Strangers do not count; nor does it count whether the net was sure enough to say a name."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        truth = batch.values[self.slot]
        known = (truth >= 0).double()
        right = (prediction.values.get("nearest", prediction.values[self.slot]) == truth).double()
        return torch.stack([right * known, known], 1)

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        count = int(rows[:, 1].sum())
        return wilson(self.value(rows), count) if count else (0.0, 1.0)
