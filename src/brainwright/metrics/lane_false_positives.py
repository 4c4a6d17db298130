"""Wrong lanes: the part of the said lanes that fit no true one, as TuSimple counts it."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.lane_matching import by_rows
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class LaneFalsePositives(Metric):
    """Said lanes less the true ones found within 20 pixels at 85 % of the rows, over the said; a mean over pictures."""

    higher_is_better: ClassVar[bool] = False
    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Each picture's part of wrong lanes, and 1: [B, 2]."""
        mine = by_rows(prediction.values[self.slot], batch.values[self.slot])[:, 1]
        return torch.stack([mine, torch.ones_like(mine)], 1)
