"""ChrF as sacreBLEU computes it: how many n-grams of characters answers and references share, 0 to 100."""

from collections import Counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric
from brainwright.models.quoting import read_back

SIGNATURE = "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0"  # of sacreBLEU, whose figure this is
ORDER, BETA = 6, 2  # longest n-gram; recall counts so many times as much as precision


class Chrf(Metric):
    """chrF2 (Popovic 2015): kinder than BLEU to words that are almost right."""

    reference: str
    """The slot that holds the true texts as bytes."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Of each text, for n from 1 to 6: n-grams said, n-grams in the reference, n-grams in both."""
        truths = read_back(list(batch.values[self.reference].values))
        pairs = zip(read_back(prediction.values["said"]), truths, strict=True)
        return torch.tensor([counted(said, truth) for said, truth in pairs], dtype=torch.float64)

    def value(self, rows: NDArray[Any]) -> float:
        said, true, both = rows.sum(0).reshape(ORDER, 3).T
        there = (said > 0) & (true > 0)
        if not there.any() or not both.any():
            return 0.0
        precision, recall = np.mean(both[there] / said[there]), np.mean(both[there] / true[there])
        return float(100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall))


def counted(said: str, truth: str) -> list[int]:
    """The numbers of one text; spaces do not count."""
    numbers = []
    for size in range(1, ORDER + 1):
        ones, others = (grams("".join(text.split()), size) for text in (said, truth))
        numbers += [ones.total() if others else 0, others.total(), (ones & others).total()]
    return numbers


def grams(text: str, size: int) -> Counter[str]:
    """All n-grams of a text, with how often each stands there."""
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))
