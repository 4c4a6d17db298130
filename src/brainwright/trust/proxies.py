"""Proxies: whether the net reads the group itself, or columns that give it away."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainwright.data.batching import spread
from brainwright.data.columns import missing
from brainwright.data.table import WHOLE, Column, Kind
from brainwright.metrics.auc import areas
from brainwright.trust.case import Case
from brainwright.trust.finding import Finding
from brainwright.trust.finding import missing as lacking

STRONG = 0.8  # area from which inputs are said to give a group away
CODES = 32  # bins of a column, at most
MOST = 20_000  # training examples that are counted
SINGLE = 3  # strongest columns that are named
METHOD = "area under the ROC curve of naive Bayes over binned inputs, counted on the training share, mean of one group"
METHOD += " against the rest"


@dataclass(frozen=True)
class Coded:
    """A column's cells as small codes, cut by what the training share shows; the last code is for missing cells."""

    name: str
    train: NDArray[np.int64]
    other: NDArray[np.int64]

    @classmethod
    def of(cls, name: str, column: Column, train: NDArray[np.int64], other: NDArray[np.int64]) -> "Coded":
        """From rows of the table."""
        gaps = missing(column)
        if column.kind == Kind.CATEGORY:
            words, counts = np.unique(column.values[train][~gaps[train]].astype(str), return_counts=True)
            words = np.sort(words[np.argsort(-counts, kind="stable")[: CODES - 2]])
            texts = column.values.astype(str)
            places = np.searchsorted(words, texts).clip(max=max(0, len(words) - 1))
            codes = np.where(words[places] == texts, places, CODES - 2) if len(words) else np.zeros(len(texts), int)
        else:
            cells = column.values.astype(np.float64)
            known = np.sort(cells[train][~gaps[train]])
            edges = np.unique(known[(np.linspace(0, 1, CODES - 1)[1:-1] * len(known)).astype(int)])
            codes = np.searchsorted(edges, cells, side="right")
        codes = np.where(gaps, CODES - 1, codes)
        return cls(name, codes[train], codes[other])


def given_away(case: Case, name: str, column: Column, rows: NDArray[np.int64]) -> list[Finding]:
    """Findings on one group column: that it is an input itself, or how well the other inputs tell it, in some rows."""
    inputs = inputs_of(case)
    if name in inputs:
        what = f"{name} is itself an input: the net may use it to tell the groups apart"
        advice = f"train with --leave-out {name} to keep it out of the net"
        return [Finding(f"{name} among the inputs", "failed", what, advice=advice)]
    readable = {one: case.table[one] for one in inputs if case.table[one].kind not in (*WHOLE, Kind.TEXT)}
    what = f"how well the inputs tell {name}"
    train = case.shares["train"].examples.rows
    train = train[spread(len(train), MOST)]
    known = Coded.of(name, column, train, rows)
    if not readable or len(np.unique(known.other)) < 2:
        why = "the net reads no columns of a table" if not readable else "there is one group only"
        return [lacking(what, f"not measured: {why}")]
    coded = [Coded.of(one, each, train, rows) for one, each in readable.items()]
    return [told(name, known.train, known.other, coded)]


def inputs_of(case: Case) -> list[str]:
    """Columns of the table that the net reads."""
    names: list[str] = []
    for slot in case.run.task.slots():
        claimed: str | Sequence[str] = case.run.claim.columns.get(slot.name, ()) if slot.side == "input" else ()
        names += [claimed] if isinstance(claimed, str) else claimed
    return [name for name in dict.fromkeys(names) if name in case.table.columns]


def told(name: str, group: NDArray[np.int64], truth: NDArray[np.int64], coded: Sequence[Coded]) -> Finding:
    """How well all columns together, and each alone, tell the group."""
    evidence = {one.name: evidence_of(one, group) for one in coded}
    alone = {one: area(found, truth) for one, found in evidence.items()}
    whole = area(sum(evidence.values(), np.log(np.bincount(group, minlength=CODES) + 1.0)), truth)
    best = sorted(alone, key=lambda one: -alone[one])[:SINGLE]
    named = ", ".join(f"{one} ({alone[one]:.2f})" for one in best)
    strong = whole >= STRONG
    says = f"the inputs tell {name} with an area of {whole:.2f} (.5 is chance, 1 perfect); alone: {named}"
    if strong:
        says = f"{name} is no input, yet {says}: leaving the column out hides the group from nobody"
    advice = f"judge by the gaps, not by the absence of {name}" if strong else ""
    return Finding(
        f"how well the inputs tell {name}", "failed" if strong else "passed", says, whole,
        count=len(truth), method=METHOD, advice=advice, evidence=alone,
    )  # fmt: skip


def evidence_of(column: Coded, group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log of how often a cell's code occurs in each group of the training share, for other rows: [N, CODES]."""
    counts = np.bincount(group * CODES + column.train, minlength=CODES * CODES).reshape(CODES, CODES) + 1.0
    shares: NDArray[np.float64] = np.log(counts / counts.sum(1, keepdims=True))
    return shares[:, column.other].T


def area(scores: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean area of one group against the rest, `scores` [N, CODES]."""
    present = np.unique(truth)
    kept = scores[:, present]
    kept = kept - np.logaddexp.reduce(kept, axis=1, keepdims=True)
    places = np.searchsorted(present, truth).astype(float)
    return float(areas(np.column_stack([kept, places]), np.ones((1, len(truth))))[0])
