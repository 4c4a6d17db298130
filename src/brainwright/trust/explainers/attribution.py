"""Attribution: how much each unit of an input moved the score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Attribution:
    """One number a unit, in the score's own units; positive speaks for the answer."""

    values: NDArray[np.float64]
    """[U]"""
    whole: float
    """What the values must add up to; NaN for a method that promises no sum."""

    @property
    def error(self) -> float:
        """How far the sum misses what it must be, as a share of all that was given out; NaN without a promise."""
        return float(abs(self.values.sum() - self.whole) / max(np.abs(self.values).sum(), 1e-12))
