"""Share of own pairs that are accepted where at most 1 in 100 strangers' pairs are (TAR at FAR 1 %)."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.data.verifying import accepted_at, curve, directed, drawn, pairs
from brainwright.metrics.metric import Metric

RATE = 0.01


class TrueAcceptRate(Metric):
    """Over all pairs of the examples; a model without directions is judged by its scores."""

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        return directed(prediction, batch.values[self.slot])

    def value(self, rows: NDArray[Any]) -> float:
        cosines, same, _ = pairs(rows)
        accepted, refused, _ = curve(cosines, same, np.ones(len(cosines)))
        return accepted_at(accepted, refused, RATE)

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        """95 % percentile bootstrap over identities."""
        found = [accepted_at(accepted, refused, RATE) for accepted, refused in drawn(rows, seed)]
        low, high = np.nanpercentile(found, [2.5, 97.5]) if not np.isnan(found).all() else (np.nan, np.nan)
        return float(low), float(high)
