"""Average precision: the area under the precision-recall curve, which rare classes are judged by."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric, drawings


class AveragePrecision(Metric):
    """Precision at each score, weighted by the recall gained there, without interpolation; with two classes the second
    one's, with more the plain mean of one class against the rest. A class that is absent says nothing.
    """

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """The K scores and the true class: [B, K + 1]."""
        assert prediction.scores is not None
        return torch.cat([prediction.scores.double(), batch.values[self.slot][:, None].double()], 1)

    def value(self, rows: NDArray[Any]) -> float:
        return float(precisions(rows, np.ones((1, len(rows))))[0])

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        samples = np.concatenate([precisions(rows, weights) for weights in drawings(len(rows), seed)])
        low, high = np.nanpercentile(samples, [2.5, 97.5])
        return float(low), float(high)


def precisions(rows: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """The average precision of each sample: rows [N, K + 1], how often each row counts [R, N] -> [R]."""
    scores, truth = rows[:, :-1], rows[:, -1]
    classes = [1] if scores.shape[1] == 2 else range(scores.shape[1])
    total, known = np.zeros(len(weights)), np.zeros(len(weights))
    for index in classes:
        order = np.argsort(-scores[:, index], kind="stable")
        ranked = scores[order, index]
        ties = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
        drawn = weights[:, order]
        hits = np.add.reduceat(drawn * (truth[order] == index), ties, 1)  # [R, distinct scores]
        chosen = np.add.reduceat(drawn, ties, 1).cumsum(1)
        precision = np.divide(hits.cumsum(1), chosen, out=np.zeros_like(hits), where=chosen > 0)
        positives = hits.sum(1)
        present = positives > 0
        total[present] += (hits * precision).sum(1)[present] / positives[present]
        known += present
    mean = np.full(len(weights), np.nan)
    np.divide(total, known, out=mean, where=known > 0)
    return mean
