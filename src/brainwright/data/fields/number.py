"""A real number that is to be predicted."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values


class Number(DenseField):
    """Kept in the user's units, float32 [B]; `mean` and `scale` standardise it inside the loss."""

    mean: float = 0.0
    scale: float = 1.0
    """Standard deviation in training; 1 where it is zero."""
    low: float = 0.0
    high: float = 0.0

    def fit(self, values: Values) -> Self:
        numbers = np.asarray(values, np.float64)
        return self.model_copy(
            update={
                "mean": float(numbers.mean()),
                "scale": float(numbers.std()) or 1.0,
                "low": float(numbers.min()),
                "high": float(numbers.max()),
            }
        )

    def encode(self, value: Any) -> NDArray[Any]:
        return np.asarray(value, np.float32)

    def encode_all(self, values: Values) -> Dense:
        return Dense(np.asarray(values, np.float32))

    def decode(self, encoded: Any) -> float:
        return float(encoded)
