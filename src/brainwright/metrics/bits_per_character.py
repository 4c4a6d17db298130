"""Mean negative log of the probability given to a text, in bits for each of its characters."""

from math import log
from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class BitsPerCharacter(Metric):
    """The size to which a text could be packed by who knows what the net knows."""

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Nats of a text, and its characters."""
        return torch.stack([prediction.values["nats"].double(), prediction.values["letters"].double()], 1)

    def value(self, rows: NDArray[Any]) -> float:
        return super().value(rows) / log(2)
