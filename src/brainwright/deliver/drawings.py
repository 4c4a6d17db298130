"""Drawings: charts as plain positions, which the report's template turns into inline SVG; they hold no markup."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Numbers: TypeAlias = Sequence[float | None]

WIDTH, HEIGHT = 360, 226  # of every chart, in its own units: small enough that its words can be read on a phone
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 24, 36  # room for words around the plot
TICKS = 5  # on an axis, about
STEPS = (1, 2, 2.5, 5, 10)  # of ticks, times a power of ten
DECADES = 20  # highest over lowest from which a positive axis is logarithmic
SAME, TINY = 1e-9, 1e-100  # spans, against their size and alone, below which values count as one
LEVELS = 5  # strengths of squares that can be told apart


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`."""

    low: float
    high: float
    label: str = ""
    log: bool = False

    @classmethod
    def over(cls, values: Iterable[float | None], label: str = "", log: bool = False) -> "Axis":
        """Wide enough for all values; logarithmic, where that is allowed, when they span much and none is below 0."""
        there = [value for value in values if value is not None and math.isfinite(value)] or [0.0, 1.0]
        low, high = min(there), max(there)
        if log and low > 0 and high / low > DECADES:
            return cls(low, high, label, True)
        size = max(abs(low), abs(high))
        if high - low <= max(size * SAME, TINY):
            room = size / 2 if size > TINY else 0.5
            return cls(low - room, high + room, label)
        return cls(low, high, label)

    def rounded(self) -> "Axis":
        """Widened to the round values just outside, so that words stand at both ends; a logarithmic one is left."""
        if self.log:
            return self
        step = self.step()
        low, high = math.floor(self.low / step + 1e-9) * step, math.ceil(self.high / step - 1e-9) * step
        return Axis(min(self.low, float(f"{low:.12g}")), max(self.high, float(f"{high:.12g}")), self.label)

    def place(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high end."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Round values on the axis with their words, at their places."""
        return [(self.place(value), brief(value)) for value in (self.decades() if self.log else self.rounds())]

    def rounds(self) -> list[float]:
        """Multiples of the step."""
        step = self.step()
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{step * index:.12g}") for index in range(first, last + 1)]

    def step(self) -> float:
        """Between two ticks: 1, 2, 2.5 or 5 times a power of ten."""
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        return next(step * power for step in STEPS if step * power >= rough * 0.999)

    def decades(self) -> list[float]:
        """Powers of ten, and 2 and 5 times these where the axis is short."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        stems = (1, 2, 5) if last - first <= 3 else (1,)
        every = max(1, (last - first) // TICKS)
        found = [stem * 10.0**power for power in range(first, last + 1, every) for stem in stems]
        return [value for value in found if self.low * 0.999 <= value <= self.high * 1.001]


@dataclass(frozen=True)
class Mark:
    """One thing drawn: SVG path data, its role (a class of the style sheet), and its name in the key, if any."""

    path: str
    role: str
    name: str = ""
    strength: float = 1.0


@dataclass(frozen=True)
class Chart:
    """A drawing with two axes; `told` says in words what it shows, for those who do not see it."""

    title: str
    told: str
    across: Axis
    up: Axis
    marks: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT

    def columns(self) -> list[tuple[float, str]]:
        """Ticks across, in drawing units."""
        return [(x_of(place), word) for place, word in self.across.ticks()]

    def rows(self) -> list[tuple[float, str]]:
        """Ticks upwards, in drawing units."""
        return [(y_of(place), word) for place, word in self.up.ticks()]

    @property
    def frame(self) -> tuple[int, int, int, int]:
        """Left, right, top and bottom of the plot."""
        return LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM


def brief(value: float) -> str:
    """A tick's value in few letters."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (size if letter != 'k' else 1e3):.4g}{letter}".replace("-", "−")
    return f"{value:.4g}".replace("e-0", "e-").replace("-", "−")


def x_of(place: float) -> float:
    """Drawing units of a place across."""
    return round(LEFT + place * (WIDTH - LEFT - RIGHT), 1)


def y_of(place: float) -> float:
    """Drawing units of a place upwards."""
    return round(HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM), 1)


@dataclass(frozen=True)
class Plane:
    """Two axes on which paths are laid; values that are None break a line."""

    across: Axis
    up: Axis

    def at(self, x: float, y: float) -> str:
        """A point as path data."""
        return f"{x_of(self.across.place(x)):g} {y_of(self.up.place(y)):g}"

    def line(self, xs: Numbers, ys: Numbers) -> str:
        """Straight from point to point."""
        words, pen = [], "M"
        for x, y in zip(xs, ys, strict=True):
            if x is None or y is None or not math.isfinite(y) or (self.up.log and y <= 0):
                pen = "M"
                continue
            words.append(f"{pen}{self.at(x, y)}")
            pen = "L"
        return "".join(words)

    def dots(self, xs: Numbers, ys: Numbers) -> str:
        """Lines of no length, which round ends make into dots."""
        return "".join(f"M{self.at(x, y)}h0" for x, y in zip(xs, ys, strict=True) if x is not None and y is not None)

    def band(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> str:
        """The area between two lines."""
        there = [self.at(x, low) for x, low in zip(xs, lows, strict=True)]
        back = [self.at(x, high) for x, high in zip(xs, highs, strict=True)][::-1]
        return f"M{'L'.join(there + back)}Z"

    def bars(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> str:
        """Upright lines from low to high."""
        return "".join(f"M{self.at(x, low)}L{self.at(x, high)}" for x, low, high in zip(xs, lows, highs, strict=True))

    def stairs(self, edges: Sequence[float], heights: Sequence[float]) -> str:
        """A histogram's outline, from the ground and back to it."""
        xs = [edge for edge in edges for _ in (0, 1)]
        ys = [0.0, *(height for height in heights for _ in (0, 1)), 0.0]
        return self.line(xs, ys)


def squares(cells: Sequence[Sequence[int]], side: int) -> list[Mark]:
    """Counted squares [x, y, count] of a plane of side x side, the fuller the stronger."""
    most = max((cell[2] for cell in cells), default=1)
    levels: list[list[str]] = [[] for _ in range(LEVELS)]
    for x, y, count in cells:
        level = min(LEVELS - 1, int(LEVELS * math.log1p(count) / math.log1p(most)))
        left, right, top, bottom = x_of(x / side), x_of((x + 1) / side), y_of((y + 1) / side), y_of(y / side)
        levels[level].append(f"M{left:g} {bottom:g}H{right:g}V{top:g}H{left:g}Z")
    return [
        Mark("".join(paths), "fill", strength=round(0.15 + 0.85 * (level + 1) / LEVELS, 2))
        for level, paths in enumerate(levels)
        if paths
    ]
