"""Learning curves: how an error falls with the number of examples, and what it will be with more of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
POWERS = np.linspace(0.02, 1.6, 80)  # b: from .07 to 1 were seen (Hestness et al. 2017, Viering and Loog 2022)
FLOORS = np.concatenate([[0.0], np.linspace(0.02, 0.98, 49)])  # c as a share of the smallest error seen
SHIFTS = np.array([0.0, 0.5, 1.0, 2.0, 4.0])  # d in smallest sizes: curves that start flat
NOISE = 0.04  # of the logarithm of an error: what a new seed alone changes, at least
FARTHEST = 8.0  # times the examples there are: beyond, curves of one past have different futures
LEAST = 4  # sizes that a curve is fitted to, at least


@dataclass(frozen=True)
class Curve:
    """All curves e(n) = c + a (n + d)^-b at once, each weighed by how well it tells what was seen.

    One family with c = 0 is too hopeful (by 40 to 60 %), one with c free too gloomy; the truth lies between, so none is
    chosen: weights are those of Bayes' rule with normal noise of the logarithm. Before anything is
    seen every b and d counts alike, and c = 0 as much as all other c together.
    """

    size: float
    """The largest that was seen."""
    weights: Floats
    """[M]"""
    scale: Floats
    power: Floats
    floor: Floats
    shift: Floats
    noise: float
    """Of the logarithm."""

    def at(self, size: float) -> tuple[float, float, float]:
        """The error with so many examples: median, and the ends of a 90 % interval, noise of one training included."""
        draw = np.random.default_rng(0)
        which = draw.choice(len(self.weights), 4000, p=self.weights)
        drawn = np.log(self.each(size)[which]) + self.noise * draw.normal(size=4000)
        low, middle, high = np.exp(np.percentile(drawn, [5, 50, 95]))
        return float(middle), float(low), float(high)

    def each(self, size: float) -> Floats:
        """What every curve says [M]."""
        return np.asarray(self.floor + self.scale * (size + self.shift) ** -self.power)

    def needed(self, error: float) -> tuple[float, float, float]:
        """How many examples bring the error down to this: median and 90 % interval.

        Infinity where more than eight times those seen would be needed.
        """
        sizes = self.size * np.geomspace(1 / 16, FARTHEST, 400)
        told = np.array([self.each(size) for size in sizes])  # [400, M]
        first = np.where((told <= error).any(0), sizes[(told <= error).argmax(0)], np.inf)
        order = np.argsort(first)
        share = self.weights[order].cumsum()
        low, middle, high = (
            first[order][np.searchsorted(share, part).clip(max=len(share) - 1)] for part in (0.05, 0.5, 0.95)
        )
        return float(middle), float(low), float(high)


def fitted(sizes: Floats, errors: Floats, doubts: Floats) -> Curve:
    """Weigh every curve by errors [N] seen at sizes [N], with standard deviations [N] of their logarithms.

    The scale a of each is that of least squares of the logarithm, found in a few steps of Newton's.
    """
    power, share, shift = (one.ravel() for one in np.meshgrid(POWERS, FLOORS, SHIFTS * sizes.min(), indexing="ij"))
    floor = share * errors.min()
    weight = 1 / (np.square(doubts) + NOISE**2)
    base = (sizes[:, None] + shift) ** -power  # [N, M]
    scale = (weight[:, None] * np.maximum(errors[:, None] - floor, 1e-12) * base).sum(0)
    scale /= (weight[:, None] * base**2).sum(0)
    for _ in range(20):
        told = floor + scale * base
        slope = scale * base / told  # of the logarithm by the logarithm of a
        step = (weight[:, None] * slope * np.log(errors[:, None] / told)).sum(0) / (weight[:, None] * slope**2).sum(0)
        scale = scale * np.exp(step.clip(-1, 1))
    apart = (weight[:, None] * np.square(np.log(errors[:, None] / (floor + scale * base)))).sum(0)
    free = max(1.0, len(sizes) - 3.0)
    stretch = max(1.0, float(apart.min()) / free)  # where even the best curve misses by more than the noise
    chance = np.exp(-0.5 * (apart - apart.min()) / stretch) * np.where(share == 0, len(FLOORS) - 1, 1)
    noise = float(np.sqrt(stretch * (1 / weight).mean()))
    return Curve(float(sizes.max()), chance / chance.sum(), scale, power, floor, shift, noise)


def looked_back(sizes: Floats, errors: Floats, doubts: Floats) -> float:
    """By what share the curve of all but the largest size misses what was seen there."""
    last = sizes == sizes.max()
    told, _, _ = fitted(sizes[~last], errors[~last], doubts[~last]).at(float(sizes.max()))
    return told / float(np.exp(np.log(errors[last]).mean())) - 1
