"""Character error rate: changes from what was heard to what was said, for each character that was said."""

from typing import ClassVar

import torch
from torch import Tensor

from brainwright.data.edits import edits
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class CharacterErrorRate(Metric):
    """Insertions, deletions and exchanges of characters over characters, of all examples together."""

    higher_is_better: ClassVar[bool] = False
    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        truth, found = batch.values[self.slot], []
        for row, said in enumerate(prediction.values[self.slot]):
            true = truth.values[row, : int(truth.lengths[row])].tolist()
            found.append((edits(said.tolist(), true), len(true)))
        return torch.tensor(found, dtype=torch.float64)
