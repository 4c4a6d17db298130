"""Corruptions of sounds: what rooms, lines, cheap microphones and hasty recordings make of them; int16 in and out."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float64]
Corruption: TypeAlias = Callable[[Samples, int, int, np.random.Generator], Samples]
"""(samples [T] with 32768 as 1, samples a second, strength 0 to 4, chance) -> samples [T']."""
FULL = 32768.0


def loudness(samples: Samples) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.square(samples).mean())) or 1.0


def white_noise(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """Hiss, 30 to 0 decibels below the sound."""
    below = (30, 20, 15, 10, 0)[strength]
    return samples + draw.normal(0, loudness(samples) * 10 ** (-below / 20), len(samples))


def hum(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """The mains at 50 Hz and its overtones, 20 to -5 decibels below the sound."""
    below = (20, 12, 6, 0, -5)[strength]
    time = np.arange(len(samples)) / rate
    tones = sum(np.sin(2 * np.pi * 50 * k * time + draw.uniform(0, 6.28)) / k for k in (1, 2, 3, 4))
    return samples + np.asarray(tones) * loudness(samples) * 10 ** (-below / 20)


def too_soft(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """A microphone far too low: what falls below 16 bits is lost."""
    return samples * (0.3, 0.1, 0.03, 0.01, 0.003)[strength]


def clipping(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """A microphone far too high: peaks are cut at a quantile of the sound."""
    limit = np.quantile(np.abs(samples), (0.99, 0.95, 0.9, 0.8, 0.6)[strength])
    return np.asarray(samples.clip(-limit, limit))


def narrow_band(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """A line that lets little through: above a share of half the rate all is lost."""
    share = (0.8, 0.6, 0.4, 0.25, 0.15)[strength]
    spectrum = np.fft.rfft(samples)
    pitch = np.linspace(0, 1, len(spectrum))
    return np.fft.irfft(spectrum / np.sqrt(1 + (pitch / share) ** 12), len(samples))  # Butterworth's curve, of order 6


def echoing_room(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """A room whose answer fades by 60 decibels in so many seconds."""
    seconds = (0.1, 0.2, 0.4, 0.8, 1.5)[strength]
    time = np.arange(max(2, round(seconds * rate))) / rate
    answer = draw.normal(size=len(time)) * 10 ** (-3 * time / seconds)
    answer *= (0.3, 0.5, 0.7, 0.9, 1.2)[strength] / np.sqrt(np.square(answer).sum())
    answer[0] += 1.0
    size = len(samples) + len(answer)
    both = np.fft.rfft(samples, size) * np.fft.rfft(answer, size)
    return np.fft.irfft(both, size)[: len(samples)]


def played(samples: Samples, factor: float) -> Samples:
    """At another speed, between samples by a straight line."""
    return np.asarray(np.interp(np.arange(0, len(samples) - 1, factor), np.arange(len(samples)), samples), np.float64)


def quicker(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """Played too quickly, and so too high."""
    factor = (1.05, 1.1, 1.2, 1.35, 1.5)[strength]
    return played(samples, factor)


def slower(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """Played too slowly, and so too low."""
    factor = (0.95, 0.9, 0.8, 0.7, 0.6)[strength]
    return played(samples, factor)


def dropouts(samples: Samples, rate: int, strength: int, draw: np.random.Generator) -> Samples:
    """Gaps of a fiftieth of a second, as lost packets leave them."""
    width = max(1, round(0.02 * rate))
    gone = draw.random(-(-len(samples) // width)) < (0.03, 0.07, 0.15, 0.3, 0.5)[strength]
    return samples * ~np.repeat(gone, width)[: len(samples)]


KINDS: Mapping[str, Corruption] = {
    one.__name__.replace("_", " "): one
    for one in (
        *(white_noise, hum, too_soft, clipping, narrow_band),
        *(echoing_room, quicker, slower, dropouts),
    )
}


def corrupted(
    samples: NDArray[np.int16], rate: int, kind: str, strength: int, draw: np.random.Generator
) -> NDArray[np.int16]:
    """One sound [T, 1] of a rate, at a strength of 0 to 4; never empty."""
    changed = KINDS[kind](samples[:, 0].astype(np.float64), rate, strength, draw)
    changed = changed if len(changed) else samples[:1, 0].astype(np.float64)
    return np.rint(changed).clip(-FULL, FULL - 1).astype(np.int16)[:, None]
