"""How many voxels a scan has each way, how large it lies on the canvas, and the millimetres between its voxels."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from brainwright.data.field import DenseField, Values
from brainwright.data.scans import Canvas, canvas_for, shares_of


class Grid(DenseField):
    """Float32 [B, 9]: sides, sides on the canvas, spacing; each depth, height, width. Read from the head alone."""

    sides: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    """Of the canvas."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        canvas = canvas_for(values)
        return self.model_copy(update={"sides": canvas.sides, "spacing": canvas.spacing})

    def encode(self, value: Any) -> NDArray[np.float32]:
        return shares_of(Canvas((self.sides[0], self.sides[1], self.sides[2]), self.spacing), value)

    def decode(self, encoded: Any) -> Any:
        """{"voxels": [3], "millimetres": [3]}"""
        numbers = [round(float(one), 4) for one in encoded]
        return {"voxels": numbers[:3], "millimetres": numbers[6:]}

    def show(self, value: Any) -> str:
        numbers = self.encode(value)
        voxels = " × ".join(f"{one:.0f}" for one in numbers[:3] if one != 1)
        return voxels if numbers[0] == 1 else f"{voxels} voxels of {' × '.join(f'{one:g}' for one in numbers[6:])} mm"
