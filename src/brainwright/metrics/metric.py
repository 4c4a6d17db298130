"""Metric: a few numbers per example, and one value for any examples: all, one group's, or a bootstrap sample."""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.parts import Part

RESAMPLES = 1000


class Metric(Part):
    """How good predictions are. Its name in tables is its word."""

    higher_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = False
    """Shown as a percentage."""
    slot: str
    """The target slot that is judged."""

    @abstractmethod
    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """A few numbers for each example of a batch: float [B, k]."""

    def value(self, rows: NDArray[Any]) -> float:
        """One number for any rows [N, k]: the first column's sum over the second's, unless a subclass says otherwise."""
        return float(rows[:, 0].sum() / max(1e-12, rows[:, 1].sum()))

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        """95 % percentile bootstrap over examples (Efron 1979); 1,000 resamples."""
        draw = np.random.default_rng(seed)
        values = [self.value(rows[draw.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)]
        low, high = np.percentile(values, [2.5, 97.5])
        return float(low), float(high)

    def better(self, one: float, other: float) -> bool:
        """Whether one value is better than another."""
        return one > other if self.higher_is_better else one < other
