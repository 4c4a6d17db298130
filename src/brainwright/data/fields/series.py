"""A stretch of one or more number series: the past that is read, or the future that is forecast."""

import html
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.encoded import Dense, Encoded, Windows
from brainwright.data.field import Field, Values
from brainwright.data.units import CELLS, Units
from brainwright.errors import Fault

SHOWN = 6  # values of a stretch that are written out for the report: the first and the last three


class Series(Field[Tensor]):
    """Float32 [B, length, variables]; statistics come from the training rows, each counted once."""

    averages: ClassVar[bool] = True
    standard: bool = False
    """Encoded in training deviations from the training mean, NaN where unknown (a target); else as the user gave it."""
    names: tuple[str, ...] = ()
    """The variables."""
    length: int = 0
    """Steps."""
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    """Mean and standard deviation of each variable; the deviation of a constant counts as 1."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, Windows)
        rows = np.asarray(values.covered(), np.float64)
        spread = np.nanstd(rows, 0)
        return self.model_copy(
            update={
                "names": values.names,
                "length": values.length,
                "mean": tuple(np.nanmean(rows, 0).tolist()),
                "scale": tuple(np.where(spread > 0, spread, 1.0).tolist()),
            }
        )

    def encode(self, value: Any) -> NDArray[Any]:
        """One stretch, [length][variables] of numbers; None is a missing one."""
        given = np.asarray(value, np.float64)
        if given.shape != (self.length, len(self.names)):
            needed = f"{self.length} steps of {', '.join(self.names)} are needed, not numbers of shape {given.shape}"
            raise Fault(needed, "bring one row a step, one number a variable, in this order")
        if not self.standard and not np.isfinite(given).all():
            step, variable = np.argwhere(~np.isfinite(given))[0]
            raise Fault(f"{self.names[variable]!r} is missing in step {step + 1}", "fill it in: a net reads no gaps")
        return self.standardised(given)

    def encode_all(self, values: Values) -> Encoded:
        if isinstance(values, Windows):
            return Windows(
                self.standardised(values.series), values.starts, values.length, values.offset, values.span, values.names
            )
        assert isinstance(values, np.ndarray)
        return Dense(np.stack([self.encode(value) for value in values]))

    def standardised(self, given: NDArray[Any]) -> NDArray[np.float32]:
        """Numbers [..., variables] as they are encoded."""
        if not self.standard:
            return np.asarray(given, np.float32)
        return ((np.asarray(given, np.float64) - self.mean) / self.scale).astype(np.float32)

    def decode(self, encoded: Any) -> list[list[float | None]]:
        """Lists [length][variables] in the user's units; None where unknown."""
        numbers = torch.as_tensor(encoded).detach().cpu().double().numpy()
        if self.standard:
            numbers = numbers * self.scale + self.mean
        return [[float(one) if np.isfinite(one) else None for one in row] for row in numbers]

    def collate(self, encoded: Encoded) -> Tensor:
        assert isinstance(encoded, Dense | Windows)
        return torch.from_numpy(np.ascontiguousarray(encoded.values))

    def show(self, value: Any) -> str:
        numbers = np.asarray(value, np.float64)
        return "<br>".join(
            f"{html.escape(name)}: {written(numbers[:, place].tolist())}" for place, name in enumerate(self.names)
        )

    def units(self, given: Tensor, value: Any) -> Units:
        """Stretches of steps of each variable, at most 16 of them; counted from the last step back, as lags are."""
        stretch = np.arange(self.length)[::-1] // -(-self.length // CELLS)
        owner = (stretch[0] - stretch)[:, None] * len(self.names) + np.arange(len(self.names))
        spans = [np.flatnonzero(stretch == one) - self.length + 1 for one in range(stretch[0], -1, -1)]
        names = [f"{name}, {span_of(span[0], span[-1])}" for span in spans for name in self.names]
        return Units("steps", owner, tuple(names))

    def striking(self, given: Tensor) -> Tensor:
        """How far each step is from the mean of its own stretch, in training deviations."""
        away = (given - given.mean(1, keepdim=True)).abs()
        return away if self.standard else away / given.new_tensor(self.scale)


def span_of(first: int, last: int) -> str:
    """Steps counted from the last one, 0, in words."""
    if last == 0:
        return "last step" if first == 0 else f"last {1 - first} steps"
    return f"step {first}" if first == last else f"steps {first} to {last}"


def written(numbers: Sequence[float]) -> str:
    """Such as "1, 2, 3 ... 8, 9, 10"."""
    words = ["?" if number != number else f"{number:.4g}" for number in numbers]
    if len(words) <= SHOWN:
        return ", ".join(words)
    half = SHOWN // 2
    return f"{', '.join(words[:half])} ... {', '.join(words[-half:])}"
