"""Metric: a few numbers per example, and one value for any examples: all, one group's, or a bootstrap sample."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.parts import Part

RESAMPLES = 1000
UNEVEN = 1.5  # the largest class over the smallest: from here accuracy alone misleads
SURE = 1.959964  # standard normal quantile of a 95 % interval


class Metric(Part):
    """How good predictions are. Its name in tables is its word."""

    higher_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = False
    """Shown as a percentage."""
    slot: str
    """The target slot that is judged."""

    @abstractmethod
    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """A few numbers for each example of a batch: float [B, k]."""

    def value(self, rows: NDArray[Any]) -> float:
        """One number for any rows [N, k]: the first column's sum over the second's, unless a subclass differs."""
        return float(rows[:, 0].sum() / max(1e-12, rows[:, 1].sum()))

    def block(self, rows: NDArray[Any]) -> int:
        """How many neighbours hang together, so that an interval must draw them as one; 1 = none do."""
        return 1

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        """95 % percentile bootstrap over examples (Efron 1979), in circular blocks (Politis and Romano 1992) where
        neighbours hang together; 1,000 resamples.
        """
        draw = np.random.default_rng(seed)
        count = len(rows)
        within = np.arange(min(self.block(rows), count))
        values = []
        for _ in range(RESAMPLES):
            starts = draw.integers(0, count, -(-count // len(within)))
            values.append(self.value(rows[((starts[:, None] + within) % count).ravel()[:count]]))
        low, high = np.percentile(values, [2.5, 97.5])
        return float(low), float(high)

    def better(self, one: float, other: float) -> bool:
        """Whether one value is better than another."""
        return one > other if self.higher_is_better else one < other


def telling(counts: Sequence[int]) -> tuple[str, str]:
    """Which of auc, balanced-accuracy and accuracy selects where classes occur so often in training, and why."""
    uneven = max(counts) / min(counts)
    if len(counts) == 2:
        return "auc", "two classes: how they are ranked says more than one threshold's accuracy"
    if uneven >= UNEVEN:
        why = f"the largest class is {uneven:.3g} times the smallest: accuracy alone would overlook the small ones"
        return "balanced-accuracy", why
    return "accuracy", f"classes are about equal in size (at most {uneven:.3g} times)"


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share of `count` examples (Wilson 1927); unlike a bootstrap, it is honest at 0 and at 1."""
    scale = 1 + SURE**2 / count
    middle = (share + SURE**2 / (2 * count)) / scale
    half = SURE * (share * (1 - share) / count + SURE**2 / (4 * count**2)) ** 0.5 / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def drawings(count: int, seed: int, at_once: int = 50) -> Iterator[NDArray[np.float64]]:
    """How often each of `count` examples is drawn in each of the 1,000 bootstrap samples: pieces [at_once, count].

    For metrics that sort: one sort serves all samples.
    """
    draw = np.random.default_rng(seed)
    for start in range(0, RESAMPLES, at_once):
        size = min(at_once, RESAMPLES - start)
        places = draw.integers(0, count, (size, count)) + count * np.arange(size)[:, None]
        yield np.bincount(places.ravel(), minlength=size * count).reshape(size, count).astype(np.float64)
