"""Measures: what an audit compares between groups: each metric of the task and, of classes, how often each is said."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from brainwright.data.slots import Prediction
from brainwright.metrics.metric import Metric, wilson

BINS = 10  # of certainty, equally full, in the error of calibration
MOST_CLASSES = 20  # whose rates are compared one by one
CALIBRATION = "calibration error"


@dataclass(frozen=True)
class Measure:
    """One number that any examples have; `rows` [N, k] are what it is made from, as a metric's are."""

    name: str
    rows: NDArray[np.float64]
    good: str
    """"high", "low", or "" where neither is better in itself."""
    percent: bool = False
    family: str = "metric"
    """"metric", "said", "found" (true positive rate), "mistaken" (false positive rate) or "calibration"."""
    of: str = ""
    """The class that a rate is about."""
    metric: Metric | None = None
    """Whose value it is; none for rates and for calibration."""

    @property
    def summed(self) -> bool:
        """Whether its value is the first column's sum over the second's."""
        if self.metric is None:
            return self.family != "calibration"
        return type(self.metric).value is Metric.value

    def value(self, rows: NDArray[np.float64]) -> float:
        """Of some examples; NaN where they say nothing."""
        if not len(rows):
            return float("nan")
        if self.metric is not None:
            return self.metric.value(rows)
        if self.family == "calibration":
            return calibration_error(rows)
        return float(rows[:, 0].sum() / rows[:, 1].sum()) if rows[:, 1].any() else float("nan")

    def count(self, rows: NDArray[np.float64]) -> int:
        """Examples that it rests on: for a rate only those of which it is one."""
        return len(rows) if self.metric is not None or self.family == "calibration" else int(rows[:, 1].sum())

    def interval(self, rows: NDArray[np.float64], seed: int) -> tuple[float, float]:
        """95 %: the metric's own, Wilson's for a rate, none for an error of calibration, whose floor says more."""
        if self.metric is not None:
            return self.metric.interval(rows, seed)
        if self.family == "calibration" or not rows[:, 1].any():
            return float("nan"), float("nan")
        return wilson(self.value(rows), int(rows[:, 1].sum()))


def of_metric(metric: Metric, rows: NDArray[np.float64]) -> Measure:
    """A metric of the task."""
    return Measure(
        metric.word(), rows, "high" if metric.higher_is_better else "low", metric.percent, "metric", "", metric
    )


def of_classes(classes: tuple[str, ...], said: NDArray[np.int64], truth: NDArray[np.int64]) -> list[Measure]:
    """Of each class: how often it is said, found where it is true, and said where it is not.

    Of two classes only the second's: the first's are their complements. `said`, `truth`: [N].
    """
    found = []
    for code in range(len(classes)) if len(classes) > 2 else [1]:
        told, true = (said == code).astype(float), (truth == code).astype(float)
        name, one = classes[code], np.ones_like(told)
        for family, words, good, rows in (
            ("said", f"says {name}", "", (told, one)),
            ("found", f"finds {name} (true positive rate)", "high", (told * true, true)),
            ("mistaken", f"says {name} wrongly (false positive rate)", "low", (told * (1 - true), 1 - true)),
        ):
            found.append(Measure(words, np.stack(rows, 1), good, True, family, name))
    return found


def of_scores(prediction: Prediction, said: NDArray[np.int64], truth: NDArray[np.int64]) -> Measure:
    """How far certainty is from being right."""
    assert prediction.scores is not None
    sure = prediction.scores.double().numpy()[np.arange(len(said)), said]
    return Measure(CALIBRATION, np.stack([sure, (said == truth).astype(float)], 1), "low", True, "calibration")


def calibration_error(rows: NDArray[np.float64]) -> float:
    """Expected calibration error: mean distance of certainty (rows[:, 0]) from the share that is right (rows[:, 1]),
    in ten equally full bins (Naeini et al. 2015; Nguyen and O'Connor 2015).
    """
    order = np.argsort(rows[:, 0], kind="stable")
    bins = np.array_split(rows[order, 0] - rows[order, 1], min(BINS, len(rows)))
    return float(sum(abs(one.sum()) for one in bins) / len(rows))


def calibrated_floor(rows: NDArray[np.float64], groups: int, draws: int, seed: int) -> float:
    """The error that perfectly calibrated models of this certainty and size would stay below, in all of so many groups
    at once in 95 of 100 cases: mean and deviation of `draws` of them, as a normal distribution with Bonferroni's share.
    """
    draw = np.random.default_rng(seed)
    ordered = rows[np.argsort(rows[:, 0], kind="stable"), 0]
    bins = np.array_split(np.arange(len(rows)), min(BINS, len(rows)))
    apart = ordered - (draw.random((draws, len(rows))) < ordered)  # [draws, N]
    errors = sum(np.abs(apart[:, one].sum(1)) for one in bins) / len(rows)
    return float(np.mean(errors) + ndtri(1 - 0.05 / groups) * np.std(errors))


def mean_rows(rows: NDArray[Any], codes: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """First column's sum over the second's for each group [G]; NaN where the second is empty."""
    above, below = (np.bincount(codes, rows[:, place], groups) for place in (0, 1))
    shares: NDArray[np.float64] = np.divide(above, below, out=np.full(groups, np.nan), where=below > 0)
    return shares
