"""Metrics of classification equal scikit-learn's, and their fast intervals equal plain resampling."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.auc import Auc
from brainwright.metrics.average_precision import AveragePrecision
from brainwright.metrics.balanced_accuracy import BalancedAccuracy
from brainwright.metrics.f1 import F1
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.metric import RESAMPLES, Metric


def judged(metric: Metric, scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    given = torch.from_numpy(scores)
    prediction = Prediction({"label": given.argmax(1)}, given)
    return metric.rows(prediction, Batch({"label": torch.from_numpy(truth)})).numpy()


def case(classes: int, count: int, seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    scores = draw.dirichlet(np.ones(classes), count)
    if ties:  # coarse scores, such as a tree's or a neighbour vote's
        scores = np.round(scores * 4) + 1
        scores /= scores.sum(1, keepdims=True)
    truth = np.concatenate([np.arange(classes), draw.integers(0, classes, count - classes)])
    return scores, truth


def wanted(word: str, scores: np.ndarray, truth: np.ndarray) -> float:
    chosen = scores.argmax(1)
    two = scores.shape[1] == 2
    each = np.eye(scores.shape[1])[truth]
    return {
        "accuracy": lambda: reference.accuracy_score(truth, chosen),
        "balanced-accuracy": lambda: reference.balanced_accuracy_score(truth, chosen),
        "f1": lambda: reference.f1_score(truth, chosen, average="macro"),
        "log-loss": lambda: reference.log_loss(truth, scores, labels=range(scores.shape[1])),
        "auc": lambda: reference.roc_auc_score(truth, scores[:, 1] if two else scores, multi_class="ovr"),
        "average-precision": lambda: (
            reference.average_precision_score(truth, scores[:, 1])
            if two
            else reference.average_precision_score(each, scores, average="macro")
        ),
    }[word]()


ALL = (Accuracy, Auc, AveragePrecision, BalancedAccuracy, F1, LogLoss)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.word())
@settings(max_examples=25, deadline=None)
@given(classes=st.integers(2, 6), seed=st.integers(0, 10_000), ties=st.booleans())
def test_equals_scikit_learn(kind: type[Metric], classes: int, seed: int, ties: bool) -> None:
    scores, truth = case(classes, 60, seed, ties)
    metric = kind(slot="label")
    assert metric.value(judged(metric, scores, truth)) == pytest.approx(wanted(metric.word(), scores, truth), abs=1e-9)


@pytest.mark.parametrize("kind", [Auc, AveragePrecision], ids=lambda kind: kind.word())
@pytest.mark.parametrize("classes", [2, 4])
def test_fast_interval_is_the_plain_bootstrap(kind: type[Metric], classes: int) -> None:
    metric = kind(slot="label")
    rows = judged(metric, *case(classes, 40, 3, ties=True))
    draw = np.random.default_rng(0)
    plain = [metric.value(rows[draw.integers(0, 40, 40)]) for _ in range(RESAMPLES)]
    assert metric.interval(rows) == pytest.approx(tuple(np.percentile(plain, [2.5, 97.5])), abs=1e-9)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.word())
def test_absent_classes_say_nothing(kind: type[Metric]) -> None:
    scores, truth = case(5, 50, 1, ties=False)
    kept = truth != 3
    metric = kind(slot="label")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(metric.value(judged(metric, scores[kept], truth[kept])))


def test_one_class_alone_has_no_area() -> None:
    metric = Auc(slot="label")
    assert np.isnan(metric.value(judged(metric, np.full((5, 2), 0.5), np.ones(5, np.int64))))


def test_intervals_of_a_whole_test_set_are_quick() -> None:
    metric = Auc(slot="label")
    rows = judged(metric, *case(10, 2000, 0, ties=False))
    low, high = metric.interval(rows)
    assert low < metric.value(rows) < high
