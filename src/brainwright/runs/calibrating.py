"""Calibrating: one temperature for the probabilities of the model that answers; its answers stay as they are."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.slots import Prediction
from brainwright.runs.judgements import reliability
from brainwright.tasks.task import Task

FEWEST = 40  # validation examples: with fewer a temperature follows chance
FOLDS = 5
LARGEST = 4.0  # of the logarithm of a temperature: from 1/55 to 55
CLOSE = 1e-4  # of it, where the search ends
GOLDEN = (5**0.5 - 1) / 2
LEAST = 1e-7  # probabilities below count as this, as in the metric log-loss
DRAWS = 200  # labels drawn anew to learn how large an error chance alone makes


@dataclass(frozen=True)
class Calibration:
    """The temperature that scores are divided by, as logits, and what speaks for it."""

    temperature: float
    """1 where none was kept."""
    reason: str
    count: int
    """Validation examples."""
    fitted: float
    """The temperature that fits the validation share best, kept or not."""
    log_loss: tuple[float, float]
    """Before and after on validation examples that the temperature was not fitted on, nats."""


def none(reason: str, count: int = 0) -> Calibration:
    """No temperature."""
    return Calibration(1.0, reason, count, 1.0, (float("nan"), float("nan")))


def tempered(scores: torch.Tensor, temperature: float) -> torch.Tensor:
    """Probabilities [B, K] at another temperature: softmax(log p / T) (Guo et al. 2017, On Calibration).

    A net that averages its members or views has no single logits; log p serves as well, for softmax forgets constants.
    """
    logits = scores.double().clamp(min=torch.finfo(torch.float32).tiny).log()
    return (logits / temperature).softmax(-1).to(scores.dtype)


def recast(prediction: Prediction, temperature: float) -> Prediction:
    """The same answers with scores at another temperature."""
    if prediction.scores is None or temperature == 1.0:
        return prediction
    return replace(prediction, scores=tempered(prediction.scores, temperature))


def truth_of(task: Task, portion: Portion) -> NDArray[np.int64] | None:
    """The true classes [N] that scores are about; None where the task's first target is no category."""
    slot = next(slot for slot in task.slots() if slot.side == "target")
    if not isinstance(slot.field, Category) or slot.name not in portion.encoded:
        return None
    return np.asarray(portion.encoded[slot.name].values, np.int64)


def losses(scores: NDArray[np.float64], truth: NDArray[np.int64], temperature: float) -> NDArray[np.float64]:
    """Log-loss of each example [N] at a temperature, nats."""
    given = tempered(torch.from_numpy(scores), temperature).numpy()[np.arange(len(truth)), truth]
    return np.asarray(-np.log(given.clip(min=LEAST)))


def best_temperature(scores: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The temperature of least log-loss on probabilities [N, K], by golden section (Kiefer 1953).

    The log-loss is convex in 1 / T, so it has one valley.
    """
    low, high = -LARGEST, LARGEST
    while high - low > CLOSE:
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if losses(scores, truth, float(np.exp(left))).mean() <= losses(scores, truth, float(np.exp(right))).mean():
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def calibrated(prediction: Prediction, truth: NDArray[np.int64] | None, seed: int = 0) -> Calibration:
    """The temperature for what a model said to the validation share.

    It is fitted five times on four fifths and judged on the fifth left out; only where that lowers the log-loss is the
    one fitted on all kept. The validation share also chose the best weights, so a little optimism may remain.
    """
    if prediction.scores is None or truth is None:
        return none("this task gives no probabilities")
    scores, count = prediction.scores.double().numpy(), len(truth)
    if count < FEWEST:
        return none(f"{count} validation examples are too few to fit a temperature", count)
    fold = np.random.default_rng(seed).permutation(count) % FOLDS
    after = np.zeros(count)
    for one in range(FOLDS):
        out = fold == one
        after[out] = losses(scores[out], truth[out], best_temperature(scores[~out], truth[~out]))
    before, held = float(losses(scores, truth, 1.0).mean()), float(after.mean())
    fitted = best_temperature(scores, truth)
    if held >= before:
        return Calibration(
            1.0, "no temperature lowers the log-loss of examples held out", count, fitted, (before, held)
        )
    return Calibration(fitted, "it lowers the log-loss of examples held out", count, fitted, (before, held))


def chance(scores: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """Mean and 95th percentile of the calibration error that probabilities [N, K] show although they are exactly right.

    The truth is drawn from them, all draws from one generator; binned as `judgements.reliability` bins.
    """
    draw = np.random.default_rng(seed)
    heights = scores.cumsum(1)
    found = []
    for _ in range(DRAWS):
        truth = (draw.random((len(scores), 1)) * heights[:, -1:] > heights).sum(1)
        found.append(reliability(scores, truth)["ece"])
    return float(np.mean(found)), float(np.percentile(found, 95))


def told(found: Calibration, raw: Prediction, truth: NDArray[np.int64] | None) -> dict[str, Any]:
    """For the record: the calibration, and what it did on the test share, where nothing was chosen.

    `raw` is what the model said to the test share before. "floor": the error that chance alone makes, mean and 95th
    percentile; an error below the latter cannot be told from none.
    """
    record = asdict(found)
    if raw.scores is None or truth is None or not len(truth):
        return record
    said = recast(raw, found.temperature).scores
    assert said is not None
    before, after = raw.scores.double().numpy(), said.double().numpy()
    return record | {
        "test": {
            "count": len(truth),
            "log_loss": [float(losses(one, truth, 1.0).mean()) for one in (before, after)],
            "ece": [reliability(one, truth)["ece"] for one in (before, after)],
            "floor": chance(after),
        }
    }
