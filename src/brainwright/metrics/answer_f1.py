"""Answer F1: how many of their words an answer and the nearest true one share, as SQuAD's script computes it."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.passages import overlap
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric
from brainwright.models.cited import cited


class AnswerF1(Metric):
    """Mean over questions of the best F1 (Rajpurkar et al. 2016); no answer is right where there is none (2018)."""

    percent: ClassVar[bool] = True
    truth: str
    """The slot that holds all true answers."""
    wording: str
    """The slot that holds the passages to the letter."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """[B, 2]: F1, and 1."""
        found = cited(prediction, batch, (self.slot, self.truth, self.wording))
        return torch.tensor([(overlap(said, truths), 1.0) for said, truths in found], dtype=torch.float64)
