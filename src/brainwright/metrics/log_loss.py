"""Mean negative log of the probability given to the true class, in nats."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class LogLoss(Metric):
    """A proper score: lowest for honest probabilities. Probabilities below 1e-7 count as 1e-7."""

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        assert prediction.scores is not None
        given = prediction.scores.double().gather(1, batch.values[self.slot][:, None])[:, 0]
        loss = -given.clamp(min=1e-7).log()
        return torch.stack([loss, torch.ones_like(loss)], 1)
