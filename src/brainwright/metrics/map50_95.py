"""Mean average precision of boxes over ten overlaps from .5 to .95, as the COCO evaluation computes it."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.detections import LEVELS, matched, precisions
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric, drawings

EVERY = range(len(LEVELS))


class Map5095(Metric):
    """AP averaged over overlaps of .5, .55 ... .95 and over the classes that occur (Lin et al. 2014)."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Each picture's detections with their rightness at every overlap, and its true things: [B, 500]."""
        return matched(prediction.values[self.slot], batch.values[self.slot])

    def value(self, rows: NDArray[Any]) -> float:
        return float(np.nan_to_num(precisions(rows, np.ones((1, len(rows))), EVERY)[0]))

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        samples = np.concatenate([precisions(rows, weights, EVERY) for weights in drawings(len(rows), seed)])
        low, high = np.percentile(np.nan_to_num(samples), [2.5, 97.5])
        return float(low), float(high)
