"""Word error rate: changes from the words that were heard to those that were said, for each word that was said."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.edits import edits, words
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class WordErrorRate(Metric):
    """Insertions, deletions and exchanges of words over words, of all examples together."""

    higher_is_better: ClassVar[bool] = False
    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        truth, found = batch.values[self.slot], []
        for row, said in enumerate(prediction.values[self.slot]):
            true = words(truth.values[row, : int(truth.lengths[row])].tolist())
            found.append((edits(words(said.tolist()), true), len(true)))
        return torch.tensor(found, dtype=torch.float64)
