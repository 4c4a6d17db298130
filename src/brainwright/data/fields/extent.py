"""How high and how wide a picture is as the user brought it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.data.pictures import sides
from brainwright.data.pieces import in_pieces

AT_ONCE = 64  # pictures whose heads a thread reads at a time


class Extent(DenseField):
    """Float32 [B, 2]: height and width in pixels, read from the picture's head; nothing is decoded."""

    def encode(self, value: Any) -> NDArray[Any]:
        return np.array(sides(value), np.float32)

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, np.ndarray)
        if values.dtype != object:
            return Dense(np.tile(np.array(values.shape[1:3], np.float32), (len(values), 1)))
        return Dense(np.concatenate(list(in_pieces(self.stacked, values, AT_ONCE))))

    def stacked(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Some pictures' [M, 2]."""
        return np.stack([self.encode(value) for value in values])

    def decode(self, encoded: Any) -> Any:
        """[height, width]"""
        return [round(float(side)) for side in encoded]

    def show(self, value: Any) -> str:
        height, width = sides(value)
        return f"{width} × {height}"
