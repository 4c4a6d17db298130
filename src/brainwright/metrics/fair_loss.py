"""Log-loss plus how far the rates of groups are apart: what a fair technique learns by, so that it selects by it."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.errors import Fault
from brainwright.metrics.metric import Metric


class FairLoss(Metric):
    """Mean log-loss in nats + strength * sum over strata of the mean distance of a group's rates from all groups'."""

    higher_is_better: ClassVar[bool] = False

    group: str
    """The slot that tells groups."""
    strength: float
    """Of the distances."""
    strata: bool
    """Whether rates are compared within each true class, or over all examples."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Log-loss, true class, class said, group: [B, 4]."""
        assert prediction.scores is not None
        if self.group not in batch.values:
            raise Fault("how far groups are apart cannot be judged without their column", "bring it with the data")
        truth = batch.values[self.slot]
        given = prediction.scores.double().gather(1, truth[:, None])[:, 0]
        said, group = prediction.values[self.slot], batch.values[self.group]
        return torch.stack([-given.clamp(min=1e-7).log(), truth.double(), said.double(), group.double()], 1)

    def value(self, rows: NDArray[Any]) -> float:
        truth, said, group = (rows[:, place].astype(np.int64) for place in (1, 2, 3))
        stratum = truth if self.strata else np.zeros_like(truth)
        apart = sum(distance(said[stratum == one], group[stratum == one]) for one in np.unique(stratum))
        return float(rows[:, 0].mean() + self.strength * apart)


def distance(said: NDArray[np.int64], group: NDArray[np.int64]) -> float:
    """Mean over groups of the summed distances of their rates of each answer from the mean of all groups' rates."""
    groups, places = np.unique(group, return_inverse=True)
    classes, answers = np.unique(said, return_inverse=True)
    counts = np.bincount(places * len(classes) + answers, minlength=len(groups) * len(classes))
    rates = counts.reshape(len(groups), -1) / np.bincount(places)[:, None]
    return float(np.abs(rates - rates.mean(0)).sum() / len(groups))
