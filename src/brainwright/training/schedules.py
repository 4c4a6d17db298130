"""The learning rate over a run, as a share of its peak."""

from math import cos, pi
from typing import Literal


def share(schedule: Literal["cosine", "linear", "constant"], warmup: float, progress: float) -> float:
    """Rises in a straight line during the warm-up, then falls to zero (or stays); progress runs from 0 to 1."""
    if progress < warmup:
        return progress / warmup
    left = (1 - progress) / max(1e-9, 1 - warmup)
    return {"constant": 1.0, "linear": left, "cosine": (1 - cos(pi * left)) / 2}[schedule]
