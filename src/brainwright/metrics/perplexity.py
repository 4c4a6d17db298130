"""Among how many equally likely tokens the next one would be as hard to guess: exp of the mean nats of a token."""

from math import exp
from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class Perplexity(Metric):
    """Does not compare between vocabularies: larger tokens are fewer and harder."""

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Nats of a text, and its tokens."""
        nats = prediction.values["nats"].double()
        return torch.stack([nats, batch.values[self.slot].lengths.to(nats)], 1)

    def value(self, rows: NDArray[Any]) -> float:
        return exp(min(super().value(rows), 700.0))  # beyond, a float holds it no more
