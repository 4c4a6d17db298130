"""Distance between made and real pictures as crowds, in features of a fixed net that was never taught (not FID)."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric
from brainwright.models.untaught import FEATURES, untaught

DRAWS = 100  # bootstrap resamples: each needs the eigenvalues of a covariance


class FeatureDistance(Metric):
    """Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017), over the real ones' variance.

    0 = no difference that these features see; 1 = as far apart as the real pictures are spread. It compares nets on one
    data set and says nothing beside a published FID, whose features come from a net taught on photographs.
    """

    higher_is_better: ClassVar[bool] = False

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Features of the made and of the real picture: [B, 128]."""
        made, real = prediction.values[self.slot], batch.values[self.slot]
        net = untaught(made.shape[1], made.device)
        return torch.cat([net(made), net(real)], 1).double()

    def value(self, rows: NDArray[Any]) -> float:
        made, real = rows[:, :FEATURES], rows[:, FEATURES:]
        spread = np.cov(real.T)
        return frechet(made, real) / max(float(np.trace(spread)), 1e-12)

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        """95 % bootstrap over pictures, 100 resamples, shifted to undo the bias that repeated pictures bring."""
        draw = np.random.default_rng(seed)
        values = [self.value(rows[draw.integers(0, len(rows), len(rows))]) for _ in range(DRAWS)]
        low, high = np.percentile(values, [2.5, 97.5]) - np.median(values) + self.value(rows)
        return max(0.0, float(low)), float(high)


def frechet(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Squared distance of the means plus that of the covariances, tr(A + B - 2 (A^1/2 B A^1/2)^1/2)."""
    first, second = np.cov(one.T), np.cov(other.T)
    values, vectors = np.linalg.eigh(second)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    mixed = np.sqrt(np.linalg.eigvalsh(root @ first @ root).clip(0)).sum()
    apart = np.square(one.mean(0) - other.mean(0)).sum()
    return max(0.0, float(apart + np.trace(first) + np.trace(second) - 2 * mixed))
