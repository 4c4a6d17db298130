"""Conformal: how often sets and intervals hold the truth, over 100 resplits of what trained models said."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from small import QUICK, adult, relabelled

import brainwright as bw
from brainwright.commands.demo import digits
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.trust import conformal

LEVELS, SPLITS = (0.8, 0.9, 0.95), 100
HALF = {"validation_share": 0.35, "test_share": 0.35}
Pool = tuple[NDArray[np.float64], NDArray[Any]]


def said(source: Any, out: str, name: str, **options: Any) -> Pool:
    """What a model trained on 30 % said to the rest, and the truth."""
    run = bw.train(source, out=out, name=name, **{**QUICK, **HALF, **options}).kept
    shares = prepare(source, run.record["options"], Silent()).shares
    slot = next(slot for slot in run.task.slots() if slot.side == "target")
    told, truth = [], []
    for share in ("validation", "test"):
        prediction = run.uncalibrated(shares[share])
        told.append((prediction.values[slot.name] if prediction.scores is None else prediction.scores).double().numpy())
        truth.append(np.asarray(shares[share].encoded[slot.name].values))
    return np.concatenate(told), np.concatenate(truth)


def noisy() -> Any:
    """Digits of which a tenth bear a neighbour's label, so that sets are worth having."""
    draw, labels = np.random.default_rng(0), digits()["label"].values.astype(int)
    wrong = draw.random(len(labels)) < 0.1
    return relabelled(np.where(wrong, (labels + 1) % 10, labels).astype(str).astype(object))


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


def over_splits(pool: Pool, one: Callable[[Pool, float, np.random.Generator], list[float]]) -> dict[str, Any]:
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
    with TemporaryDirectory() as out:
        pools = {
            "noisy digits": (said(noisy(), str(Path(out)), "digits", steps=100), classes),
            "adult": (said(adult(8000), str(Path(out)), "adult", target="income", steps=200), classes),
            "adult hours": (said(adult(8000), str(Path(out)), "hours", target="hours-per-week", steps=200), numbers),
        }
    every = {name: over_splits(pool, one) | {"count": len(pool[1])} for name, (pool, one) in pools.items()}
    means = [abs(one[str(level)]["mean"] - level) for one in every.values() for level in LEVELS]
    worst = [level - one[str(level)]["worst_part"] for one in every.values() for level in LEVELS]
    return {
        "wanted": "mean within 1 point, worst class within 4", "splits": SPLITS,
        "largest_error_of_the_mean": round(max(means), 4), "largest_shortfall_of_a_part": round(max(worst), 4), **every,
    }  # fmt: skip
