"""Conformal: how often sets and intervals hold the truth, over 100 resplits of what trained models said."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import adult

from brainwright.commands.demo import digits
from brainwright.trust import conformal

LEVELS, SPLITS = (0.8, 0.9, 0.95), 100
Measure = Callable[["Pool", float, np.random.Generator], list[float]]
Pool = tuple[NDArray[np.float64], NDArray[Any]]


def said(given: NDArray[Any], truth: NDArray[Any], model: Any) -> Pool:
    """What a quick model says of examples it has not learned from, and the truth: what is promised holds for any."""
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    return cross_val_predict(make_pipeline(StandardScaler(), model), given, truth, method=method, cv=3), truth


def noisy() -> Pool:
    """Digits of which a tenth bear a neighbour's label, so that sets are worth having."""
    draw, table = np.random.default_rng(0), digits()
    labels = table["label"].values.astype(int)
    wrong = draw.random(len(labels)) < 0.1
    pixels = table["image"].values.reshape(len(table), -1)
    return said(pixels, np.where(wrong, (labels + 1) % 10, labels), LogisticRegression(C=0.01, max_iter=300))


def classes(pool: Pool, level: float, draw: np.random.Generator) -> list[float]:
    """Coverage of each class and of all, and the mean size, on a fresh half."""
    scores, truth = pool
    order = draw.permutation(len(truth))
    known, new = order[: len(order) // 2], order[len(order) // 2 :]
    cuts, _ = conformal.class_cuts(scores[known], truth[known], level)
    found = conformal.sets(scores[new], cuts)
    hit = found[np.arange(len(new)), truth[new]]
    each = [float(hit[truth[new] == place].mean()) for place in range(scores.shape[1])]
    return [*each, float(hit.mean()), float(found.sum(1).mean())]


def numbers(pool: Pool, level: float, draw: np.random.Generator) -> list[float]:
    """Coverage of each fifth by size and of all, and the mean width, on a fresh half."""
    given, truth = pool
    order = draw.permutation(len(truth))
    known, new = order[: len(order) // 2], order[len(order) // 2 :]
    half = conformal.widths(given[known], truth[known], level).of(given[new])
    hit = np.abs(truth[new] - given[new]) <= half
    fifths = np.array_split(np.argsort(given[new]), 5)
    return [*(float(hit[some].mean()) for some in fifths), float(hit.mean()), float(2 * half.mean())]


def over_splits(pool: Pool, one: Measure) -> dict[str, Any]:
    """Means over the resplits, with how much they scatter."""
    found = {}
    for level in LEVELS:
        draw = np.random.default_rng(0)
        rows = np.array([one(pool, level, draw) for _ in range(SPLITS)])
        parts, whole, size = rows[:, :-2], rows[:, -2], rows[:, -1]
        error = 1.96 * whole.std() / SPLITS**0.5
        found[str(level)] = {
            "mean": round(float(whole.mean()), 4),
            "interval": [round(float(whole.mean() - error), 4), round(float(whole.mean() + error), 4)],
            "scatter": round(float(whole.std()), 4), "worst_part": round(float(parts.mean(0).min()), 4),
            "worst_part_of_a_split": round(float(parts.min(1).mean()), 4), "size": round(float(size.mean()), 4),
        }  # fmt: skip
    return found


def measure() -> dict[str, Any]:
    """Sets on noisy digits and on Adult, intervals on Adult's hours; parts are classes, or fifths by size."""
    people = adult(8000)
    given = pd.get_dummies(people.drop(columns=["income", "hours-per-week"])).to_numpy(float)
    codes, hours = pd.Categorical(people["income"]).codes.astype(int), people["hours-per-week"].to_numpy(float)
    draw = np.random.default_rng(0)
    pools: dict[str, tuple[Pool, Measure]] = {
        "noisy digits": (noisy(), classes),
        "adult": (said(given, codes, LogisticRegression(max_iter=200)), classes),
        "adult hours": (said(given, hours + draw.uniform(-0.5, 0.5, len(hours)), Ridge(10.0)), numbers),
    }
    every = {name: over_splits(pool, one) | {"count": len(pool[1])} for name, (pool, one) in pools.items()}
    means = [abs(one[str(level)]["mean"] - level) for one in every.values() for level in LEVELS]
    worst = [level - one[str(level)]["worst_part"] for one in every.values() for level in LEVELS]
    return {
        "wanted": "mean within 1 point, worst class within 4", "splits": SPLITS,
        "largest_error_of_the_mean": round(max(means), 4), "largest_shortfall_of_a_part": round(max(worst), 4), **every,
    }  # fmt: skip
