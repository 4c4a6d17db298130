"""Label errors: AUROC of one in ten changed labels of the digits, by three kinds of noise, beside cleanlab."""

from importlib import import_module
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import cross_val_predict
from small import QUICK, relabelled

import brainwright as bw
from brainwright.commands.demo import digits
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.training.evaluation import evaluate
from brainwright.trust import label_errors
from brainwright.trust.case import Case
from brainwright.trust.crossing import crossed
from brainwright.trust.doubt import answer_slot

SEEDS = range(5)
FLIPPED = 0.1
NOISE = 23  # beside the seed: from the seed alone the split is drawn, and all errors fell into one share
NEIGHBOUR = {0: 6, 1: 7, 2: 3, 3: 8, 4: 9, 5: 6, 6: 8, 7: 1, 8: 3, 9: 4}  # what a tired eye takes a digit for
NETS: dict[str, dict[str, Any]] = {"cnn": {"width": 16, "steps": 300}}
KINDS = ("uniform", "neighbour", "instance-dependent", "ambiguous")


def confusable() -> NDArray[np.float64]:
    """Probabilities [1797, 10] of a simple model, out of sample: who is like whom."""
    table = digits()
    pixels = table["image"].values.reshape(len(table), -1) / 255
    labels = table["label"].values.astype(int)
    return cross_val_predict(LogisticRegression(C=0.1, max_iter=300), pixels, labels, method="predict_proba", cv=5)


def changed(kind: str, seed: int, like: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Labels and which were changed: to any class, to a neighbour, by the example (Xia et al. 2020, algorithm 2), or of
    the most ambiguous examples to the very class they are taken for, which no one could tell from a hard example.
    """
    truth, draw = digits()["label"].values.astype(int), np.random.default_rng([seed, NOISE])
    count = len(truth)
    others = like.copy()
    others[np.arange(count), truth] = 0
    if kind == "instance-dependent":
        pixels = digits()["image"].values.reshape(count, -1) / 255
        leaning = np.einsum("np,npk->nk", pixels, draw.normal(size=(10, pixels.shape[1], 10))[truth])
        leaning[np.arange(count), truth] = -np.inf
        chances = np.exp(leaning - leaning.max(1, keepdims=True)).cumsum(1)
        other = (draw.random((count, 1)) * chances[:, -1:] > chances).sum(1)
        wrong = draw.random(count) < draw.normal(FLIPPED, 0.1, count).clip(0, 1)
        return np.where(wrong, other, truth), wrong
    if kind == "ambiguous":
        doubtful = others.max(1) + 0.02
        wrong = np.zeros(count, bool)
        wrong[draw.choice(count, round(FLIPPED * count), replace=False, p=doubtful / doubtful.sum())] = True
        return np.where(wrong, others.argmax(1), truth), wrong
    wrong = draw.random(count) < FLIPPED
    near = np.array([NEIGHBOUR[one] for one in truth])
    other = (truth + draw.integers(1, 10, count)) % 10 if kind == "uniform" else near
    return np.where(wrong, other, truth), wrong


def measured(kind: str, seed: int, like: NDArray[np.float64], out: str, options: dict[str, Any]) -> dict[str, float]:
    """One run on labels with errors: how well all of them are ranked."""
    given, wrong = changed(kind, seed, like)
    table = relabelled(given.astype(str).astype(object))
    run = bw.train(table, out=out, name=f"{kind}-{seed}-{options['steps']}", seed=seed, **QUICK, **options).kept
    ready = prepare(table, run.record["options"], Silent())
    case = Case(run, ready.table, ready.shares)
    scores, rows, odd, suspected = [], [], [], []
    for name, portion in case.shares.items():
        own = evaluate(run.task, run.net, portion, run.place)
        said = crossed(case, seed).said if name == "train" else own
        assert said.prediction.scores is not None
        one = label_errors.ranked(answer_slot(run), portion, said, own)
        odd.append(one.odd)
        suspected.append(one.suspected)
        scores.append(said.prediction.scores.double().numpy())
        rows.append(portion.examples.rows)
    where, every, marked = np.concatenate(rows), np.concatenate(scores), np.concatenate(suspected)
    label, hidden = given[where], wrong[where]
    found = {
        "auroc": roc_auc_score(hidden, np.concatenate(odd)),
        "precision_average": average_precision_score(hidden, np.concatenate(odd)),
        "precision": hidden[marked].mean(), "recall": marked[hidden].mean(), "right": run.metrics["accuracy"],
    }  # fmt: skip
    if find_spec("cleanlab"):
        rank = import_module("cleanlab.rank")
        for method in ("normalized_margin", "self_confidence"):
            quality = rank.get_label_quality_scores(label, every, method=method)
            found[f"cleanlab_{method}"] = roc_auc_score(hidden, -quality)
    return {name: float(value) for name, value in found.items()}


def measure() -> dict[str, Any]:
    """Means over seeds with 95 % intervals, for each net and kind of noise."""
    wanted = "AUROC uniform >= .995, neighbour >= .99, instance-dependent >= .98, never below cleanlab"
    facts: dict[str, Any] = {"wanted": wanted, "seeds": len(SEEDS), "flipped": FLIPPED}
    like = confusable()
    with TemporaryDirectory() as out:
        for net, options in NETS.items():
            for kind in KINDS:
                every = [measured(kind, seed, like, f"{out}/{net}", options) for seed in SEEDS]
                facts[f"{net} {kind}"] = {}
                for name in every[0]:
                    values = np.array([one[name] for one in every])
                    error = 1.96 * values.std(ddof=1) / len(values) ** 0.5
                    told = np.round([values.mean(), values.mean() - error, values.mean() + error], 4)
                    facts[f"{net} {kind}"][name] = told.tolist()
    return facts
