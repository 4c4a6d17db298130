"""Data need: learning curves seen up to n examples, and what they say of 4 n, beside the plain power laws.

Curves of quick models (scikit-learn's) on real data, so that there are enough of them: 4 data sets, 5 models, 5 seeds.
"""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import adult

from brainwright.trust.learning_curves import fitted

MODELS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: LogisticRegression(max_iter=300),
    "neighbours": lambda: KNeighborsClassifier(3),
    "trees": lambda: ExtraTreesClassifier(60, random_state=0),
    "net": lambda: MLPClassifier((64,), max_iter=150, random_state=0),
    "bayes": GaussianNB,
}
SEEDS, POINTS, REPEATS = range(5), 7, 3
Floats = NDArray[np.float64]


def sources() -> dict[str, tuple[Floats, NDArray[Any]]]:
    """Numbers and classes."""
    people, houses = adult(12000), pd.read_csv(Path(os.environ["BRAINWRIGHT_DATA"]) / "california_housing/housing.csv")
    houses = houses.select_dtypes("number").dropna()
    value = houses.columns[-1]
    grid, cells = load_digits(return_X_y=True), load_breast_cancer(return_X_y=True)
    return {
        "digits": grid,
        "cells": cells,
        "adult": (pd.get_dummies(people.drop(columns="income")).to_numpy(float), people["income"].to_numpy()),
        "houses": (houses.drop(columns=value).to_numpy(float), (houses[value] > houses[value].median()).to_numpy()),
    }


def curve(given: Floats, truth: NDArray[Any], model: Callable[[], Any], seed: int) -> tuple[Floats, Floats, float, int]:
    """Sizes and mean errors up to n, the error at 4 n, and the test examples."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(truth))[:8000]
    test, pool = order[: len(order) * 3 // 10], order[len(order) * 3 // 10 :]
    whole = min(len(pool), 3200)
    sizes = np.geomspace(max(24, whole / 4 / 12), whole / 4, POINTS).round().astype(int)

    def error(size: int, repeats: int) -> float:
        found = []
        for _ in range(repeats):
            some = draw.permutation(pool)[:size]
            net = make_pipeline(StandardScaler(), model()).fit(given[some], truth[some])
            found.append(1 - net.score(given[test], truth[test]))
        return max(float(np.mean(found)), 0.5 / len(test))

    return sizes.astype(float), np.array([error(size, REPEATS) for size in sizes]), error(whole, 2), len(test)


def laws(sizes: Floats, errors: Floats, size: float) -> dict[str, float]:
    """What one power law says, without and with a floor, by least squares of the logarithm."""
    slope, start = np.polyfit(np.log(sizes), np.log(errors), 1)
    found = {"power law": float(np.exp(start + slope * np.log(size)))}

    def three(n: Floats, a: float, b: float, c: float) -> Floats:
        return np.asarray(np.log(np.abs(c) + np.exp(a) * n ** -np.abs(b)))

    try:
        best, _ = curve_fit(three, sizes, np.log(errors), (start, -slope, errors.min() / 2), maxfev=4000)
        found["power law with a floor"] = float(np.exp(three(np.array([size]), *best)[0]))
    except RuntimeError:
        found["power law with a floor"] = float("nan")
    return found


def measure() -> dict[str, Any]:
    """Relative errors at 4 n of every curve."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    missed: dict[str, list[float]] = {"ours": [], "power law": [], "power law with a floor": []}
    within, each = [], {}
    for name, (given, truth) in sources().items():
        for word, model in MODELS.items():
            own = []
            for seed in SEEDS:
                sizes, errors, real, count = curve(given, truth, model, seed)
                doubts = np.sqrt((1 - errors) / (errors * count) / REPEATS)
                middle, low, high = fitted(sizes, errors, doubts).at(4 * sizes[-1])
                own.append(middle / real - 1)
                within.append(low <= real <= high)
                missed["ours"].append(own[-1])
                for law, told in laws(sizes, errors, 4 * sizes[-1]).items():
                    missed[law].append(told / real - 1)
            each[f"{name} {word}"] = round(float(np.median(own)), 3)
    draw = np.random.default_rng(0)
    facts: dict[str, Any] = {"wanted": "median error from n to 4 n within 20 %", "curves": len(within)}
    for law, values in missed.items():
        off = np.abs(np.array(values))
        medians = np.nanmedian(draw.choice(off, (1000, len(off))), 1)
        facts[law] = {
            "median_error": round(float(np.nanmedian(off)), 4),
            "interval": np.percentile(medians, [2.5, 97.5]).round(4).tolist(),
            "median_signed": round(float(np.nanmedian(values)), 4),
        }
    return facts | {"interval_90_covers": round(float(np.mean(within)), 3), "each": each}
