"""Exact match: how often an answer is a true one, but for case, punctuation, articles and blanks."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.passages import exact
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric
from brainwright.models.cited import cited


class ExactMatch(Metric):
    """As SQuAD's script computes it (Rajpurkar et al. 2016, 2018)."""

    percent: ClassVar[bool] = True
    truth: str
    """The slot that holds all true answers."""
    wording: str
    """The slot that holds the passages to the letter."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """[B, 2]: whether it matches, and 1."""
        found = cited(prediction, batch, (self.slot, self.truth, self.wording))
        return torch.tensor([(exact(said, truths), 1.0) for said, truths in found], dtype=torch.float64)
