"""Label errors: which examples most likely bear a wrong label, ranked; nothing is deleted or changed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.number import Number
from brainwright.data.slots import Slot
from brainwright.runs.calibrating import truth_of
from brainwright.runs.evidence import cells_of, seen, within
from brainwright.runs.record import write_json
from brainwright.training.evaluation import Evaluated, evaluate
from brainwright.trust.case import Case
from brainwright.trust.conformal import Floats
from brainwright.trust.crossing import FOLDS, SHARE, crossed
from brainwright.trust.doubt import answer_slot
from brainwright.trust.finding import Finding, missing

FACTS = "labels.json"
WHAT = "labels that look wrong"
COST = 1.1 * FOLDS * SHARE  # times the training, what is said to the shares included
SHOWN = 100  # that are shown, and all that are suspected up to this many
LEAST = 1e-9  # of a probability: two that are both 0 are alike
GROUPS, CROWD = 5, 50  # groups of numbers of about one size, at most, and examples that each needs


@dataclass(frozen=True)
class Ranked:
    """How odd each label is [N], 0 to 1 for classes, in usual errors for numbers, and whether it is suspected [N]."""

    odd: Floats
    suspected: NDArray[np.bool_]


def margins(scores: Floats, truth: NDArray[np.int64]) -> Floats:
    """How the likeliest other class stands against the given one [N], other / (other + given): 0 (sure) to 1 (surely
    another). By the logarithms of both, as the margin of logits (Pleiss et al. 2020) and unlike the normalised margin
    (Northcutt et al. 2021), it still tells apart examples whose given class has hardly any probability left.
    """
    given = scores[np.arange(len(truth)), truth]
    others = scores.copy()
    others[np.arange(len(truth)), truth] = 0.0
    likeliest = others.max(1)
    return np.asarray((likeliest + LEAST) / (likeliest + given + 2 * LEAST))


def confident(scores: Floats, truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Examples [N] that another class claims: the likeliest of the classes whose probability reaches what examples of
    that class get on average is neither the given one nor less likely than it (Northcutt et al. 2021, equation 2).
    """
    classes = range(scores.shape[1])
    usual = np.array([scores[truth == place, place].mean() if (truth == place).any() else np.inf for place in classes])
    claimed = np.where(scores >= usual, scores, -1.0)
    return np.asarray((claimed.max(1) >= 0) & (claimed.argmax(1) != truth) & (scores.argmax(1) != truth))


def by_class(scores: Floats, truth: NDArray[np.int64]) -> Ranked:
    """Classes: by margin, suspected by confident learning."""
    return Ranked(margins(scores, truth), confident(scores, truth))


def by_size(said: Floats, truth: Floats) -> Ranked:
    """Numbers: by the error in usual errors (median absolute, times 1.4826) of predictions of about that size.

    Suspected beyond Tukey's outer fence for normal errors, 4.7 of them.
    """
    count = max(1, min(GROUPS, len(said) // CROWD))
    group = np.searchsorted(np.quantile(said, np.arange(1, count) / count), said)
    error = np.abs(truth - said)
    usual = np.array([1.4826 * np.median(error[group == place]) for place in range(count)])
    odd = error / np.maximum(usual[group], 1e-12)
    return Ranked(odd, odd > 4.7)


def ranked(slot: Slot[Any], portion: Portion, said: Evaluated, own: Evaluated) -> Ranked:
    """The labels of a portion, by what was said by who has not learned from it, and by the run's own net.

    Probabilities are the mean of both. The run's net learned from its training share, but longer, and it kept the
    weights that did best on the validation share, before it knew wrong labels by heart: in every case measured its
    word, which alone would trust what it learned, lifts the ranking far above that of either.
    """
    truth = np.asarray(portion.encoded[slot.name].values)
    if said.prediction.scores is not None and own.prediction.scores is not None:
        both = (said.prediction.scores.double() + own.prediction.scores.double()) / 2
        return by_class(both.numpy(), truth.astype(np.int64))
    return by_size(said.prediction.values[slot.name].double().numpy(), truth.astype(np.float64))


def suspects(case: Case, seed: int = 0) -> Finding:
    """Rank the labels of every share, and keep the list with what is to be seen of each example in the run's folder.

    The training share is judged crosswise, the others by the run's net, which did not learn from them.
    """
    run, slot = case.run, answer_slot(case.run)
    field, inputs = run.fields[slot], [one for one in run.task.slots() if one.side == "input" and not one.field.drawn]
    if not inputs or not isinstance(field, Category | Number):
        why = "this task has no labels that a person gave to single examples"
        return missing(WHAT, why)
    if isinstance(field, Category) and truth_of(run.task, case.shares["train"]) is None:
        return missing(WHAT, "this task gives no probabilities")
    found = crossed(case, seed)
    rows: list[tuple[float, bool, dict[str, Any]]] = []
    count = 0
    for name, portion in case.shares.items():
        own = evaluate(run.task, run.net, portion, run.place)
        said = found.said if name == "train" else own
        one = ranked(slot, portion, said, own)
        count += int(one.suspected.sum())
        first = np.argsort(-one.odd, kind="stable")[:SHOWN].tolist()
        rows += [(float(one.odd[row]), bool(one.suspected[row]), shown(case, name, said, row)) for row in first]
    rows.sort(key=lambda line: -line[0])
    told = [{**what, "odd": odd, "suspected": held} for odd, held, what in rows[:SHOWN]]
    total = sum(map(len, case.shares.values()))
    finding = Finding(
        WHAT, "undecided", f"{count:,} of {total:,} labels look wrong, {count / total:.1%}; rare kinds of examples "
        "rank high as well, however right their labels: look before anything is changed, and delete nothing unseen",
        count / total, count=total, method="odds against the label and confident learning (Northcutt et al. 2021), by "
        f"the run's net and, out of sample, by four nets in {found.steps:,} steps" if isinstance(field, Category) else
        f"error in usual errors, out of sample: {found.steps:,} steps by four nets",
        seed=seed, advice="look at the list from the top and mend the labels that are wrong" if count else "",
    )  # fmt: skip
    kept = within(iter(told))
    write_json(run.folder / FACTS, {"finding": asdict(finding), "columns": names(case, inputs), "rows": kept})
    return finding


def shown(case: Case, share: str, said: Evaluated, row: int) -> dict[str, Any]:
    """One example: where it lies, what it looks like, its label and what was said instead."""
    run, portion, slot = case.run, case.shares[share], answer_slot(case.run)
    field, given = run.fields[slot], portion.examples.values[slot.name]
    inputs = [one for one in run.task.slots() if one.side == "input" and one.name in portion.encoded]
    scores = said.prediction.scores
    return {
        "where": case.table.where(int(portion.examples.rows[row])),
        "share": share,
        "cells": [cell for one in inputs for cell in cells_of(one, portion, row)],
        "given": seen(field, given[row]),  # type: ignore[index]
        "said": seen(field, field.decode(said.prediction.values[slot.name][row])),
        "sure": None if scores is None else round(float(scores[row].max()), 4),
    }


def names(case: Case, inputs: Sequence[Slot[Any]]) -> list[str]:
    """What each shown cell is called."""
    claimed = case.run.claim.columns
    found: list[str] = []
    for slot in inputs:
        one = claimed.get(slot.name, slot.name)
        found += [one] if isinstance(one, str) else list(one)
    return found
