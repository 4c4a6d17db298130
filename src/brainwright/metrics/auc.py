"""Area under the ROC curve: how often a true example of a class is ranked above a false one."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric, drawings


class Auc(Metric):
    """Mann-Whitney form, a tie counting half (Hanley, McNeil 1982); with two classes the second one's area,
    with more the plain mean of one class against the rest. A class that is absent says nothing.
    """

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """The K scores and the true class: [B, K + 1]."""
        assert prediction.scores is not None
        return torch.cat([prediction.scores.double(), batch.values[self.slot][:, None].double()], 1)

    def value(self, rows: NDArray[Any]) -> float:
        return float(areas(rows, np.ones((1, len(rows))))[0])

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        low, high = np.nanpercentile(np.concatenate([areas(rows, w) for w in drawings(len(rows), seed)]), [2.5, 97.5])
        return float(low), float(high)


def areas(rows: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """The area of each sample: rows [N, K + 1], how often each row counts [R, N] -> [R]; nan without any pair."""
    scores, truth = rows[:, :-1], rows[:, -1]
    found = []
    for index in [1] if scores.shape[1] == 2 else range(scores.shape[1]):
        order = np.argsort(scores[:, index], kind="stable")
        ranked = scores[order, index]
        ties = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
        true = truth[order] == index
        drawn = weights[:, order]
        hits = np.add.reduceat(drawn * true, ties, 1)  # [R, distinct scores]
        misses = np.add.reduceat(drawn * ~true, ties, 1)
        pairs = hits.sum(1) * misses.sum(1)
        wins = (hits * (misses.cumsum(1) - misses / 2)).sum(1)
        found.append(np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0))
    return mean_of_known(np.stack(found))


def mean_of_known(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over classes [K, R] -> [R] without the absent ones; nan where all are."""
    known = ~np.isnan(found)
    count = known.sum(0)
    mean = np.full(found.shape[1], np.nan)
    np.divide(np.where(known, found, 0).sum(0), count, out=mean, where=count > 0)
    return mean
