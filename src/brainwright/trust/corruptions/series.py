"""Corruptions of a stretch of measurements: noise, spikes, stuck and drifting sensors, other units, lost detail."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from brainwright.data.fields.series import Series

Corruption: TypeAlias = Callable[[NDArray[Any], Series, int, np.random.Generator], NDArray[Any]]
"""(stretches float32 [N, steps, variables] in the user's units, what training showed, strength 0..4, chance)."""


def noise(stretches: NDArray[Any], field: Series, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """A worse sensor: normal noise in shares of a variable's deviation."""
    scale = np.asarray(field.scale) * (0.05, 0.1, 0.2, 0.4, 0.8)[strength]
    return np.asarray(stretches + draw.normal(size=stretches.shape) * scale)


def spikes(stretches: NDArray[Any], field: Series, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Single values far off: five deviations up or down."""
    hit = draw.random(stretches.shape) < (0.005, 0.01, 0.02, 0.05, 0.1)[strength]
    return np.asarray(stretches + hit * draw.choice([-5.0, 5.0], stretches.shape) * np.asarray(field.scale))


def stuck(stretches: NDArray[Any], field: Series, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """A sensor that repeats itself: the last share of every stretch is its value before."""
    steps = stretches.shape[1]
    start = max(0, steps - 1 - round(steps * (0.05, 0.1, 0.2, 0.4, 0.8)[strength]))
    changed = stretches.copy()
    changed[:, start + 1 :] = stretches[:, start : start + 1]
    return changed


def drift(stretches: NDArray[Any], field: Series, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """A zero that wanders: a slope that reaches so many deviations at the end, up or down in each variable."""
    far = np.asarray(field.scale) * (0.1, 0.25, 0.5, 1.0, 2.0)[strength]
    direction = draw.choice([-1.0, 1.0], (len(stretches), 1, stretches.shape[2]))
    return np.asarray(stretches + np.linspace(0, 1, stretches.shape[1])[None, :, None] * direction * far)


def scaled(stretches: NDArray[Any], field: Series, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """A gain that is wrong: distances from the mean grow."""
    mean = np.asarray(field.mean)
    return np.asarray((stretches - mean) * (1.05, 1.1, 1.25, 1.5, 2.0)[strength] + mean)


def coarse(stretches: NDArray[Any], field: Series, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Fewer readings: each is held for several steps."""
    hold = (2, 3, 4, 6, 12)[strength]
    places = np.arange(stretches.shape[1]) // hold * hold
    return stretches[:, places]


def lost(stretches: NDArray[Any], field: Series, strength: int, draw: np.random.Generator) -> NDArray[Any]:
    """Readings that never came, filled with the one before, as a careful reader would."""
    gone = draw.random(stretches.shape) < (0.05, 0.1, 0.2, 0.4, 0.6)[strength]
    gone[:, 0] = False
    steps = np.arange(stretches.shape[1])[None, :, None]
    places = np.maximum.accumulate(np.where(gone, 0, steps), 1)
    return np.take_along_axis(stretches, places, 1)


KINDS: Mapping[str, Corruption] = {one.__name__: one for one in (noise, spikes, stuck, drift, scaled, coarse, lost)}
