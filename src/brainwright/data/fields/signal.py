"""A signal: measurements at even steps of one or several variables, of any length, judged as a whole."""

from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.encoded import Encoded, Ragged, Uneven
from brainwright.data.field import Field, Padded, Unreadable, Values
from brainwright.data.units import CELLS, Units

WIDE, HIGH = 160, 48  # of a drawing in a report
DRAWN, POINTS = 4, 80  # variables and points of it
COLOURS = ("#3465a4", "#c4661f", "#2e8540", "#75507b")


class Signal(Field[Padded]):
    """float32 [B, T, C] in the user's units, with lengths; nets bring each variable to scale themselves."""

    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    """Mean and standard deviation of each variable in training, all steps together."""
    middle: int = 0
    """Steps of the middle training signal."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        width = shaped(values[0]).shape[1]
        whole = self.model_copy(update={"mean": (0.0,) * width})
        found = whole.encode_all(values)
        mean, scale = found.values.mean(0, dtype=np.float64), found.values.std(0, dtype=np.float64)
        told = {"mean": tuple(mean.tolist()), "scale": tuple(np.where(scale > 0, scale, 1.0).tolist())}
        return self.model_copy(update={**told, "middle": int(np.median(found.lengths))})

    @property
    def width(self) -> int:
        """Variables."""
        return len(self.mean)

    def encode(self, value: Any) -> NDArray[Any]:
        """Gaps are filled with the value before them, those at the beginning with the first one after."""
        steps = shaped(value)
        if steps.shape[1] != self.width:
            why = f"{steps.shape[1]} variables instead of {self.width}"
            raise Unreadable(f"a series has {why}", "give every series the same variables", why)
        if not len(steps) or np.isnan(steps).all(0).any():
            why = "a variable without any number"
            raise Unreadable(f"a series has {why}", "fill it or take the series out", why)
        return filled(steps).astype(np.float32)

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        return Ragged.of([self.encode(value) for value in values])

    def decode(self, encoded: Any) -> Any:
        """Numbers [T][C]."""
        return np.asarray(encoded, np.float64).tolist()

    def collate(self, encoded: Encoded) -> Padded:
        assert isinstance(encoded, Uneven)
        lengths = encoded.lengths
        real = np.arange(lengths.max()) < lengths[:, None]
        values = np.zeros((*real.shape, self.width), np.float32)
        values[real] = encoded.values
        return Padded(torch.from_numpy(values), torch.from_numpy(lengths))

    def show(self, value: Any) -> str:
        """A small drawing of the first variables, each in its own scale."""
        steps = filled(shaped(value))
        thin = steps[:: max(1, len(steps) // POINTS), :DRAWN]
        across = np.linspace(0, WIDE, len(thin)) if len(thin) > 1 else np.zeros(1)
        lines = []
        for variable, colour in zip(thin.T, COLOURS, strict=False):
            reach = float(np.ptp(variable)) or 1.0
            up = HIGH - 2 - (HIGH - 4) * (variable - variable.min()) / reach
            points = " ".join(f"{x:.0f},{y:.1f}" for x, y in zip(across, up, strict=True))
            lines.append(f'<polyline fill="none" stroke="{colour}" points="{points}"/>')
        return f'<svg width="{WIDE}" height="{HIGH}" role="img" aria-label="series">{"".join(lines)}</svg>'

    # ---- what explanations ask ---------------------------------------------------------------------

    def units(self, given: Padded, value: Any) -> Units:
        """Equal stretches of each variable, named by their steps."""
        length = int(given.lengths[0])
        count = min(CELLS, length)
        stretch = np.arange(length) * count // length
        edges = np.searchsorted(stretch, np.arange(count + 1))
        names = [
            f"variable {variable + 1}, steps {first + 1} to {last}"
            for variable in range(self.width)
            for first, last in pairwise(edges)
        ]
        return Units("steps", stretch[:, None] + count * np.arange(self.width), tuple(names))

    def blank(self, given: Padded, others: Padded) -> Padded:
        """Each variable's mean in training."""
        mean = torch.tensor(self.mean, device=given.values.device, dtype=given.values.dtype)
        return Padded(mean.expand_as(given.values) * given.mask[..., None], given.lengths)

    def striking(self, given: Padded) -> Tensor:
        """How far each number is from its variable's mean, in deviations: [B, T, C]."""
        mean, scale = (torch.tensor(one, device=given.values.device) for one in (self.mean, self.scale))
        return ((given.values - mean) / scale).abs()

    def mix(self, given: Padded, instead: Padded, shown: Tensor) -> Padded:
        """Stretches of another signal, from its beginning and round again where it is shorter."""
        place = torch.arange(given.values.shape[1], device=shown.device) % instead.lengths[:, None]
        other = instead.values.gather(1, place[..., None].expand(-1, -1, self.width))
        if shown.is_floating_point():
            return Padded(other + shown * (given.values - other), given.lengths)
        return Padded(torch.where(shown, given.values, other), given.lengths)


def shaped(value: Any) -> NDArray[np.float64]:
    """One series as float64 [T, C]; a single row of numbers has one variable."""
    steps = np.asarray(value, np.float64)
    return steps[:, None] if steps.ndim == 1 else steps


def filled(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without gaps: each takes the last number before it, or the first one after it. [T, C]"""
    gaps = ~np.isfinite(steps)
    if not gaps.any():
        return steps
    places = np.arange(len(steps))[:, None]
    before = np.maximum.accumulate(np.where(gaps, -1, places), 0)
    after = np.minimum.accumulate(np.where(gaps, len(steps) - 1, places)[::-1], 0)[::-1]
    return np.take_along_axis(steps, np.where(before < 0, after, before), 0)
