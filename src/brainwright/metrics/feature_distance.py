"""Distance between made and real pictures as crowds, in features of a fixed net that was never taught (not FID)."""

from itertools import islice
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, cat

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import SURE, Metric, drawings
from brainwright.models.untaught import FEATURES, untaught

PIECES = 2  # of 50 bootstrap samples each: a standard deviation needs no more, and each costs two eigenproblems


class FeatureDistance(Metric):
    """Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017), over the real ones' variance.

    0 = no difference that these features see; 1 = as far as one average picture for all. It compares nets on one data
    set and says nothing beside a published FID, whose features come from a net taught on photographs. Like FID it is
    the larger the fewer pictures there are.
    """

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Features of the made and of the real picture: [B, 128]."""
        made, real = prediction.values[self.slot], batch.values[self.slot]
        net = untaught(made.shape[1], made.device)
        return cat([net(made), net(real)], 1).double()

    def value(self, rows: NDArray[Any]) -> float:
        return distance(rows, np.ones(len(rows)))

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        """95 %, from the standard deviation of 100 bootstrap samples. Their percentiles would lie too high, since
        drawing pictures twice adds distance.
        """
        counts = np.concatenate(list(islice(drawings(len(rows), seed), PIECES)))
        doubt = SURE * float(np.std([distance(rows, count) for count in counts]))
        value = self.value(rows)
        return max(0.0, value - doubt), value + doubt


def distance(rows: NDArray[Any], counts: NDArray[np.float64]) -> float:
    """The metric of rows [N, 128], each taken so many times [N]."""
    (made, first), (real, second) = (moments(half, counts) for half in (rows[:, :FEATURES], rows[:, FEATURES:]))
    return frechet((made, first), (real, second)) / max(float(np.trace(second)), 1e-12)


def moments(rows: NDArray[Any], counts: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean [D] and covariance [D, D] of rows [N, D], each taken so many times [N]; a lone row has no covariance."""
    total = counts.sum()
    mean = counts @ rows / total
    centred = rows - mean
    return mean, (centred * counts[:, None]).T @ centred / max(1.0, total - 1)


def frechet(one: tuple[NDArray[Any], NDArray[Any]], other: tuple[NDArray[Any], NDArray[Any]]) -> float:
    """|m - n|^2 + tr(A + B - 2 (A B)^1/2) of two Gaussians (mean, covariance), by way of the symmetric B^1/2 A B^1/2,
    whose eigenvalues are those of A B and stay real when there are fewer rows than features (Dowson, Landau 1982).
    """
    (first_mean, first), (second_mean, second) = one, other
    values, vectors = np.linalg.eigh(second)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ first @ root).clip(0)).sum()
    apart = np.square(first_mean - second_mean).sum()
    return max(0.0, float(apart + np.trace(first) + np.trace(second) - 2 * shared))
