"""The dates of a stretch of time: known in advance, so a forecast may lean on hour, weekday and season."""

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.encoded import Dense, Encoded, Windows
from brainwright.data.field import Field, Values
from brainwright.data.pace import DAY, WEEK, YEAR, Pace, Unit, pace_of
from brainwright.data.units import Units
from brainwright.errors import Fault

ROUNDS = 2  # times that training must have seen a cycle before a forecast may lean on it


class Moments(Field[Tensor]):
    """Int64 [B, length]: seconds since 1970, or numbers of rows where there are no dates."""

    length: int = 0
    """Steps."""
    unit: Unit = "row"
    count: int = 1
    """How far apart two steps are: so many units."""
    cycles: tuple[int, ...] = ()
    """Seconds of the cycles (day, week, year) that are longer than a step and that training saw at least twice."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, Windows)
        if values.series.dtype.kind != "M":
            return self.model_copy(update={"length": values.length})
        times = values.covered()
        pace = pace_of(times)
        seconds = times.astype(np.int64)
        long, step = int(np.ptp(seconds)), int(np.median(np.diff(np.unique(seconds)))) if len(times) > 1 else DAY
        cycles = tuple(cycle for cycle in (DAY, WEEK, YEAR) if 2 * step <= cycle and ROUNDS * cycle <= long)
        found = {"length": values.length, "unit": pace.unit, "count": pace.count, "cycles": cycles}
        return self.model_copy(update=found)

    @property
    def pace(self) -> Pace:
        """How far apart two steps are."""
        return Pace(self.unit, self.count)

    def encode(self, value: Any) -> NDArray[Any]:
        """One stretch of ISO dates, or of whole numbers where there are no dates."""
        try:
            given = np.asarray(value, "int64" if self.unit == "row" else "datetime64[s]")
        except ValueError:
            raise Fault(f"{value!r} holds no dates", "write them as 2024-12-31T23:00:00") from None
        if given.shape != (self.length,):
            raise Fault(f"{self.length} dates are needed, not {given.shape}", "bring one a step")
        return given.astype(np.int64)

    def encode_all(self, values: Values) -> Encoded:
        if isinstance(values, Windows):
            seconds = values.series.astype(np.int64)
            return Windows(seconds, values.starts, values.length, values.offset, values.span)
        assert isinstance(values, np.ndarray)
        return Dense(np.stack([self.encode(value) for value in values]))

    def decode(self, encoded: Any) -> list[str] | list[int]:
        """ISO dates, or whole numbers where there are no dates."""
        numbers = np.asarray(encoded, np.int64)
        if self.unit == "row":
            return [int(number) for number in numbers]
        return [str(moment) for moment in numbers.astype("datetime64[s]")]

    def collate(self, encoded: Encoded) -> Tensor:
        assert isinstance(encoded, Dense | Windows)
        return torch.from_numpy(np.ascontiguousarray(encoded.values))

    def show(self, value: Any) -> str:
        return f"{value[0]} to {value[-1]}"

    def units(self, given: Any, value: Any) -> Units:
        """None: dates to come are known, and cannot be others."""
        return Units("whole", np.zeros(0, np.int64), ())
