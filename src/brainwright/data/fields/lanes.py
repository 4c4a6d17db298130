"""Lanes of a road in a picture, any number of them: each one's column at rows of the picture."""

import html
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.curves import ABSENT, ordered
from brainwright.data.encoded import Encoded, Ragged
from brainwright.data.field import Field, Values
from brainwright.data.pictures import as_data, opened
from brainwright.errors import Fault

SHOWN = 320  # pixels of a drawn picture's longest side
MOST_ROWS, EVENLY = (
    72,
    56,
)  # anchors: the rows that the data name, or so many evenly where they name more (TuSimple: 56)
EXACT = 5  # digits of a row's height as a part of the picture's
# Colours that all eyes tell apart (Wong 2011).
COLOURS = ("#e69f00", "#56b4e9", "#f0e442", "#cc79a7", "#009e73", "#d55e00", "#0072b2")


class Lanes(Field[list[Tensor]]):
    """A list of float32 [1 + lanes, rows] in pixels of the user's own picture: the heights of its rows, then the column
    of each lane at every row, -2 where it is not; lanes from left to right.
    """

    placed: ClassVar[bool] = True
    anchors: tuple[float, ...] = ()
    """Rows that answers are given at, as parts of a picture's height."""
    most: int = 0
    """Lanes in a training picture, at most."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        rows: set[float] = set()
        for value in values:
            rows |= {round(float(row) / value[0][0], EXACT) for row in value[1]}
        most = max(len(value[2]) for value in values)
        if not most:
            raise Fault("no training picture holds a lane", "mark some, or give pictures that are marked")
        anchors = sorted(rows) if len(rows) <= MOST_ROWS else np.linspace(min(rows), max(rows), EVENLY).tolist()
        return self.model_copy(update={"anchors": tuple(anchors), "most": most})

    def encode(self, value: Any) -> NDArray[np.float32]:
        """The number of lanes, and the rest end to end."""
        rows, lanes = (value["rows"], value["lanes"]) if isinstance(value, dict) else value[1:]  # a dict is an answer
        rows = np.asarray(rows, np.float64)
        columns = np.asarray(lanes, np.float64).reshape(len(lanes), len(rows))
        columns = ordered(rows, np.where(columns < 0, ABSENT, columns))
        return np.concatenate([[len(columns)], rows, columns.ravel()]).astype(np.float32)

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        return Ragged.of([self.encode(value) for value in values])

    def collate(self, encoded: Encoded) -> list[Tensor]:
        assert isinstance(encoded, Ragged)
        return [self.shaped(piece) for piece in np.split(encoded.values, encoded.offsets[1:-1])]

    def shaped(self, piece: NDArray[Any]) -> Tensor:
        """One encoded value as [1 + lanes, rows]."""
        return torch.from_numpy(piece[1:]).view(1 + int(piece[0]), -1)

    def decode(self, encoded: Any) -> Any:
        """{"rows": [240, 250], "lanes": [[-2, 612.5], ...]}: heights, and each lane's column at each, -2 = none."""
        found = torch.as_tensor(encoded)
        found = self.shaped(found.numpy()) if found.ndim == 1 else found
        heights, *lanes = [[round(float(one), 1) for one in line] for line in found.double()]
        return {"rows": heights, "lanes": lanes}

    def show(self, value: Any) -> str:
        count = len(value["lanes"] if isinstance(value, dict) else value[2])
        return f"{count} lane{'s' * (count != 1)}"

    def show_in(self, value: Any, whole: Any) -> str:
        picture = opened(whole)
        width, height = picture.size
        shrink = min(1.0, SHOWN / max(width, height))
        whole_value = self.shaped(self.encode(value)).numpy()
        drawn = "".join(
            curve(whole_value[0], columns, COLOURS[place % len(COLOURS)], 1 / shrink)
            for place, columns in enumerate(whole_value[1:])
        )
        size = f'width="{width * shrink:.0f}" height="{height * shrink:.0f}" viewBox="0 0 {width} {height}"'
        inside = f'<image width="{width}" height="{height}" href="{as_data(picture, SHOWN)}"/>{drawn}'
        return f'<svg {size} role="img" aria-label="{html.escape(self.show(value))}">{inside}</svg>'


def curve(rows: NDArray[Any], columns: NDArray[Any], colour: str, pixel: float) -> str:
    """One lane as a line with a dark rim; `pixel` is how many of the picture's make one on the page."""
    there = columns >= 0
    path = " ".join(f"{across:.0f},{down:.0f}" for across, down in zip(columns[there], rows[there], strict=True))
    plain = f'points="{path}" fill="none" stroke-linejoin="round" stroke-linecap="round"'
    rim = f'<polyline {plain} stroke="#000" stroke-opacity=".6" stroke-width="{4 * pixel:.1f}"/>'
    return f'{rim}<polyline {plain} stroke="{colour}" stroke-width="{2 * pixel:.1f}"/>'
