"""Nothing the user brings: a vector of standard normal numbers, drawn anew for every example."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.field import DenseField


class Noise(DenseField):
    """Float32 [B, size]."""

    drawn: ClassVar[bool] = True
    size: int = 64

    def encode(self, value: Any) -> NDArray[Any]:
        return np.asarray(value, np.float32)

    def decode(self, encoded: Any) -> list[float]:
        return [float(number) for number in encoded]

    def draw(self, size: int, generator: torch.Generator) -> Tensor:
        return torch.randn(size, self.size, generator=generator)
