"""Area under the ROC curve: how often a true example of a class is ranked above a false one."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class Auc(Metric):
    """Mann-Whitney form; with more than two classes the plain mean of one class against the rest."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """The K scores and the true class: [B, K + 1]."""
        assert prediction.scores is not None
        return torch.cat([prediction.scores.double(), batch.values[self.slot][:, None].double()], 1)

    def value(self, rows: NDArray[Any]) -> float:
        scores, truth = rows[:, :-1], rows[:, -1]
        classes = [1] if scores.shape[1] == 2 else range(scores.shape[1])
        areas = []
        for index in classes:
            true = truth == index
            hits, misses = int(true.sum()), int((~true).sum())
            if hits and misses:  # a class absent from a bootstrap sample says nothing
                ranks = rankdata(scores[:, index])
                areas.append((ranks[true].sum() - hits * (hits + 1) / 2) / (hits * misses))
        return float(np.mean(areas)) if areas else float("nan")
