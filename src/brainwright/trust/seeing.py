"""Seeing: what the answering model says to a portion and, in the same pass, what the net's last layers were given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d

from brainwright.data.batching import in_order
from brainwright.data.examples import Portion
from brainwright.data.slots import Batch, Prediction
from brainwright.models.heads.readout import Readout
from brainwright.runs.results import NET
from brainwright.runs.run import Run
from brainwright.training.evaluation import EVALUATION_BATCH, joined, to_cpu

HEAD, INPUT = "head", "input"
SIDE, WIDEST = 16, 4096  # of a picture, and of anything else, as a detector of outliers reads it


@dataclass(frozen=True)
class Seen:
    """Answers to a portion, scores uncalibrated, and each example as numbers [N, D] by space: "head", what went into
    the net's heads, and "input", what it was given; without the one that there is not.
    """

    prediction: Prediction
    spaces: Mapping[str, NDArray[np.float32]]


class Catcher:
    """Keeps what goes into each readout of a net, pooled, from its last pass; to be closed."""

    def __init__(self, net: nn.Module) -> None:
        heads = [module for module in net.modules() if isinstance(module, Readout)]
        self.caught: dict[int, torch.Tensor] = {}
        self.hooks = [head.pool.register_forward_hook(self.keeper(place)) for place, head in enumerate(heads)]

    def keeper(self, place: int) -> Any:
        """Who keeps one head's features."""

        def keep(module: nn.Module, given: Any, pooled: Any) -> None:
            self.caught[place] = pooled.values

        return keep

    def features(self, count: int) -> torch.Tensor:
        """Of the last batch of `count` examples [count, D]: members side by side, lines of one averaged."""
        pieces = [one.float().flatten(1) for one in self.caught.values() if len(one) % count == 0]
        pieces = [one.unflatten(0, (count, -1)).mean(1) for one in pieces]
        return torch.cat(pieces, 1).cpu() if pieces else torch.zeros(count, 0)

    def close(self) -> None:
        """Leave the net as it was."""
        for hook in self.hooks:
            hook.remove()


@torch.no_grad()
def see(run: Run, portion: Portion) -> Seen:
    """One pass over a portion in order."""
    task, at = run.task, run.place
    catcher = Catcher(run.net.eval())
    predictions, heads, inputs = [], [], []
    try:
        for batch in in_order(task.slots(), portion, EVALUATION_BATCH):
            with at.arithmetic():
                predictions.append(to_cpu(task.predict(run.net, batch.to(at.device))))
            heads.append(catcher.features(len(batch)).numpy())
            inputs.append(given(run, batch).numpy())
    finally:
        catcher.close()
    said = joined(predictions) if run.selected == NET else run.uncalibrated(portion)
    spaces = {HEAD: np.concatenate(heads), INPUT: np.concatenate(inputs)}
    return Seen(said, {name: one for name, one in spaces.items() if one.shape[1]})


def given(run: Run, batch: Batch) -> torch.Tensor:
    """What the net was given [B, D], where that is numbers of one shape: pictures at most 16 x 16, other things thinned
    to 4,096 numbers.
    """
    pieces = [torch.zeros(len(batch), 0)]
    for slot in run.task.slots():
        value = batch.values.get(slot.name)
        if slot.side == "input" and isinstance(value, torch.Tensor) and not slot.field.drawn:
            if value.ndim == 4:
                value = adaptive_avg_pool2d(value.float(), (min(SIDE, value.shape[2]), min(SIDE, value.shape[3])))
            flat = value.float().reshape(len(value), -1)
            pieces.append(flat[:, :: -(-flat.shape[1] // WIDEST) or 1])
    return torch.cat(pieces, 1)
