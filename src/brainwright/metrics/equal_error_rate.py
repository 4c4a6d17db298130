"""Rate at which as many strangers' pairs are taken for one identity as own pairs are refused (EER)."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.data.verifying import curve, directed, drawn, equal_error, pairs
from brainwright.metrics.metric import Metric


class EqualErrorRate(Metric):
    """Over all pairs of the examples; a model without directions is judged by its scores."""

    higher_is_better: ClassVar[bool] = False
    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        return directed(prediction, batch.values[self.slot])

    def value(self, rows: NDArray[Any]) -> float:
        cosines, same, _ = pairs(rows)
        accepted, refused, _ = curve(cosines, same, np.ones(len(cosines)))
        return equal_error(accepted, refused)

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        """95 % percentile bootstrap over identities."""
        found = [equal_error(accepted, refused) for accepted, refused in drawn(rows, seed)]
        low, high = np.nanpercentile(found, [2.5, 97.5]) if not np.isnan(found).all() else (np.nan, np.nan)
        return float(low), float(high)
