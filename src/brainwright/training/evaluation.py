"""Using a net on a whole portion: predictions, losses and metric rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from brainwright.data.batching import in_order
from brainwright.data.examples import Portion
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric
from brainwright.models.once import Once
from brainwright.tasks.task import Task, Turn
from brainwright.training.devices import Place, lacks_memory
from brainwright.training.recovery import too_large

EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Evaluated:
    """What a net said to a portion, and how good that was."""

    prediction: Prediction
    losses: NDArray[np.float64]
    """[N] loss per unit of each example, by the task's last player; empty when there is no truth."""
    rows: Mapping[str, NDArray[np.float64]]
    """Metric word -> its rows [N, k]."""
    size: int = EVALUATION_BATCH
    """Examples at a time: fewer where memory was short."""

    def values(self, metrics: Sequence[Metric]) -> dict[str, float]:
        """One number a metric."""
        return {metric.word(): metric.value(self.rows[metric.word()]) for metric in metrics}


def evaluate(task: Task, net: nn.Module, portion: Portion, at: Place, judge: bool = True) -> Evaluated:
    """Predict a portion in order; `judge` = the truth is known, so losses and metric rows are wanted.

    Where memory is short it is done anew, half as many examples at a time.

    Raises:
        Fault: not even one example fits.
    """
    size = EVALUATION_BATCH
    while True:
        try:
            return replace(evaluated(task, net, in_order(task.slots(), portion, size), at, judge), size=size)
        except (MemoryError, RuntimeError) as error:
            if not lacks_memory(error):
                raise
            if size == 1:
                raise too_large(str(error)) from None
        size = min(size, len(portion)) // 2 or 1
        at.release()


@torch.no_grad()
def evaluated(task: Task, net: nn.Module, batches: Iterable[Batch], at: Place, judge: bool) -> Evaluated:
    """Predict some batches, and judge them where the truth is known."""
    net.eval()
    turn = Turn(task.players()[-1].name, 0, 1.0)
    predictions, losses, rows = [], [], [[] for _ in task.metrics()]  # type: ignore[var-annotated]
    for batch in batches:
        there, once = batch.to(at.device), Once(net)
        with at.arithmetic():
            prediction = task.predict(once, there)
            if judge:
                loss = task.loss(once, there, turn)
                losses.append((loss.each / loss.units.clamp(min=1)).double().cpu())
        prediction = to_cpu(prediction)
        predictions.append(prediction)
        for metric, kept in zip(task.metrics() if judge else (), rows, strict=False):
            kept.append(metric.rows(prediction, batch))
    words = [metric.word() for metric in task.metrics()] if judge else []
    return Evaluated(
        joined(predictions),
        torch.cat(losses).numpy() if judge else np.zeros(0),
        {word: torch.cat(kept).double().numpy() for word, kept in zip(words, rows, strict=False)},
    )


def judged(task: Task, prediction: Prediction, portion: Portion) -> dict[str, NDArray[np.float64]]:
    """Metric rows of a whole portion's prediction (a floor's, say)."""
    rows: dict[str, list[Tensor]] = {metric.word(): [] for metric in task.metrics()}
    for batch in in_order(task.slots(), portion, EVALUATION_BATCH):
        for metric in task.metrics():
            rows[metric.word()].append(metric.rows(some(prediction, batch.rows), batch))
    return {word: torch.cat(kept).double().numpy() for word, kept in rows.items()}


def some(prediction: Prediction, rows: Tensor) -> Prediction:
    """The answers to some examples, by index [M]."""
    values = {
        name: value[rows] if isinstance(value, Tensor) else [value[row] for row in rows.tolist()]
        for name, value in prediction.values.items()
    }
    return Prediction(values, None if prediction.scores is None else prediction.scores[rows])


def to_cpu(prediction: Prediction) -> Prediction:
    """The same on the processor, scores in float32."""
    moved = Batch(prediction.values).to(torch.device("cpu")).values
    moved = {name: widened(value) for name, value in moved.items()}
    return Prediction(moved, None if prediction.scores is None else prediction.scores.float().cpu())


def widened(value: Any) -> Any:
    """bfloat16 is for inside nets only."""
    return value.float() if isinstance(value, Tensor) and value.dtype == torch.bfloat16 else value


def joined(predictions: Sequence[Prediction]) -> Prediction:
    """Batches of predictions as one: stacked where they are tensors, else a list."""
    values: dict[str, Any] = {}
    for name, first in predictions[0].values.items():
        pieces = [prediction.values[name] for prediction in predictions]
        values[name] = torch.cat(pieces) if isinstance(first, Tensor) else [one for piece in pieces for one in piece]
    scores = [prediction.scores for prediction in predictions if prediction.scores is not None]
    return Prediction(values, torch.cat(scores) if scores else None)
