"""A real number that is to be predicted."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.errors import Fault


class Number(DenseField):
    """Kept in the user's units, float32 [B]; `mean` and `scale` standardise it inside the loss."""

    averages: ClassVar[bool] = True
    mean: float = 0.0
    scale: float = 1.0
    """Standard deviation in training; 1 where it is zero."""
    low: float = 0.0
    high: float = 0.0
    """Smallest and largest in training."""

    def fit(self, values: Values) -> Self:
        numbers = self.encode_all(values).values.astype(np.float64)
        return self.model_copy(
            update={
                "mean": float(numbers.mean()),
                "scale": float(numbers.std()) or 1.0,
                "low": float(numbers.min()),
                "high": float(numbers.max()),
            }
        )

    def encode(self, value: Any) -> NDArray[Any]:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise Fault(f"{value!r} is no number", "give a number such as 12.5") from None
        return np.asarray(self.encode_all(np.array([number])).values[0])

    def encode_all(self, values: Values) -> Dense:
        numbers = np.asarray(values, np.float64)
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
            narrow = numbers.astype(np.float32)
        wrong = ~np.isfinite(narrow)
        if wrong.any():
            row = int(wrong.argmax())
            what = "is missing" if np.isnan(numbers[row]) else f"is {numbers[row]:g}, too large to learn"
            raise Fault(f"the number to predict {what} in example {row + 1}", "mend it or leave that row out")
        return Dense(narrow)

    def decode(self, encoded: Any) -> float:
        return float(str(np.float32(encoded.item())))  # the shortest decimal that is this float32

    def striking(self, given: Tensor) -> Tensor:
        return ((given - self.mean) / self.scale).abs()
