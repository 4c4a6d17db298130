"""Mean negative log of the probability given to a text, in nats for each of its characters."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class NatsPerCharacter(Metric):
    """Compares between vocabularies, for characters are counted, not tokens."""

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Nats of a text, and its characters."""
        return torch.stack([prediction.values["nats"].double(), prediction.values["letters"].double()], 1)
