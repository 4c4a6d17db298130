"""BLEU as sacreBLEU computes it: how many n-grams of the answers stand in the references, 0 to 100."""

import re
from collections import Counter
from math import exp, log
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric
from brainwright.models.quoting import read_back

SIGNATURE = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"  # of sacreBLEU, whose figure this is
ORDER = 4
ENTITIES = (("<skipped>", ""), ("-\n", ""), ("\n", " "), ("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
PARTED = (  # mteval-v13a: signs, marks that touch no digit, and a dash after one stand alone
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)


class Bleu(Metric):
    """Papineni et al. 2002 with the tokens of mteval-v13a and exponential smoothing (Post 2018)."""

    reference: str
    """The slot that holds the true texts as bytes."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Of each text: n-grams found and n-grams there are, for n from 1 to 4; words, and words of the reference."""
        truths = read_back(list(batch.values[self.reference].values))
        pairs = zip(read_back(prediction.values["said"]), truths, strict=True)
        return torch.tensor([counted(words(said), words(truth)) for said, truth in pairs], dtype=torch.float64)

    def value(self, rows: NDArray[Any]) -> float:
        sums = rows.sum(0).tolist()
        found, there, (length, wanted) = sums[:ORDER], sums[ORDER : 2 * ORDER], sums[2 * ORDER :]
        if not any(found):
            return 0.0
        told, shrink = 0.0, 1.0
        for right, every in zip(found, there, strict=True):
            if not every:
                return 0.0  # as sacreBLEU: no text is long enough for such n-grams
            shrink = shrink if right else shrink * 2
            told += log(right / every if right else 1 / (shrink * every))
        return 100 * min(1.0, exp(1 - wanted / length)) * exp(told / ORDER)


def words(text: str) -> list[str]:
    """Tokens of mteval-v13a."""
    for sign, plain in ENTITIES:
        text = text.replace(sign, plain)
    text = f" {text} "
    for pattern, apart in PARTED:
        text = pattern.sub(apart, text)
    return text.split()


def counted(said: list[str], truth: list[str]) -> list[int]:
    """The numbers of one text."""
    found, there = [], []
    for size in range(1, ORDER + 1):
        ones, others = (Counter(zip(*(text[start:] for start in range(size)), strict=False)) for text in (said, truth))
        found.append((ones & others).total())
        there.append(ones.total())
    return [*found, *there, len(said), len(truth)]
