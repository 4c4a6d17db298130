"""Fairness: gaps in equalized odds on Adult, plain and after each mitigation, over seeds."""

import os
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from brainwright.data.fields.group import Group
from brainwright.runs.preparing import prepare
from brainwright.runs.run import Run
from brainwright.runs.telling import Silent
from brainwright.training.crew import ALONE
from brainwright.training.job import Job
from brainwright.training.loop import Loop
from brainwright.trust.case import Case
from brainwright.trust.fairness import answered, codes
from brainwright.trust.gaps import counted, values
from brainwright.trust.groups import Grouping, columns_of, groupings
from brainwright.trust.measures import of_classes
from brainwright.trust.mitigation import beside, plain_point, share_of
from brainwright.trust.thresholds import choose, front

SEEDS, PERMUTATIONS = 5, 40
FEWEST = 50
FAST = {
    "task": "tabular-classification",
    "epochs": 6,
    "members": 4,
    "width": 128,
    "threads": 1,
    "precision": "float32",
    "checkpoint": 0,
}
TECHNIQUES = {
    "plain": "",
    "fair": "fair(by='sex')",
    "balanced-groups": "balanced-groups(by='sex')",
    "group-dro": "group-dro(by='sex')",
}


def measure() -> Mapping[str, Any]:
    """UCI Adult with the official split, a small net and six epochs; test share 16,281."""
    home = Path(os.environ["BRAINWRIGHT_DATA"]) / "adult"
    found: dict[str, list[dict[str, float]]] = {}
    for name, techniques in TECHNIQUES.items():
        for seed in range(SEEDS):
            case = learned(home, seed, techniques)
            found.setdefault(name, []).append(gaps(case, None))
            if name in ("plain", "fair"):
                found.setdefault(f"{name}, thresholds by sex", []).append(gaps(case, thresholds(case)))
            print({one: runs[-1] for one, runs in found.items() if name in one}, file=sys.stderr, flush=True)
    plain = [one["accuracy"] for one in found["plain"]]
    for runs in found.values():
        for one, accuracy in zip(runs, plain, strict=True):
            one["points_lost"] = 100 * (accuracy - one["accuracy"])
    table = {name: {key: told([one[key] for one in runs]) for key in runs[0]} for name, runs in found.items()}
    return {"adult": table, "wanted": "by sex <= .03 at <= 1.0 point of accuracy", "seeds": SEEDS}


def learned(home: Path, seed: int, techniques: str, **more: int) -> Case:
    """A net trained as `bw.train` trains it, without the floors and pages beside it."""
    ready = prepare(str(home), {**FAST, "seed": seed, "techniques": techniques, **more}, Silent())
    torch.manual_seed(seed)
    net = ready.task.build(ready.fields, ready.config.backbone)
    how = ready.config.training
    job = Job(ready.task, ready.shares["train"], ready.shares["validation"], how, Path("nowhere"), crew=ALONE)
    loop = Loop(job, net)
    deque(loop.run(), maxlen=0)
    run = Run(Path("nowhere"), ready.config, ready.claim, ready.fields, loop.result(), {}, {})
    return Case(run, ready.table, ready.shares)


def told(values: list[float]) -> dict[str, float]:
    """Mean and 95 % interval of the mean over seeds (Student's t with 4 degrees of freedom)."""
    half = 2.776 * float(np.std(values, ddof=1)) / len(values) ** 0.5
    mean = float(np.mean(values))
    return {"value": round(mean, 4), "low": round(mean - half, 4), "high": round(mean + half, 4)}


def said_and_true(case: Case) -> tuple[Any, Any]:
    """Classes said and true on the test share."""
    return codes(case.shares["test"], answered(case, case.shares["test"]), "label")


def gaps(case: Case, said: Any) -> dict[str, float]:
    """Accuracy, and the gap in equalized odds by sex, race and both, among groups with enough behind each rate."""
    own, truth = said_and_true(case)
    said = own if said is None else said
    columns = columns_of(case, ("sex", "race"), "")
    found = {"accuracy": float((said == truth).mean())}
    for grouping in groupings(case, columns, case.shares["test"], 2)[0]:
        found[f"equalized odds by {grouping.name}"] = odds(grouping, said, truth)
        if grouping.name == "sex":
            draw = np.random.default_rng(0)
            dealt = [replace(grouping, codes=draw.permutation(grouping.codes)) for _ in range(PERMUTATIONS)]
            chance = [odds(one, said, truth) for one in dealt]
            found["sex dealt out at random, mean"] = float(np.mean(chance))
            found["sex dealt out at random, 95 %"] = float(np.quantile(chance, 0.95))
    return found


def odds(grouping: Grouping, said: Any, truth: Any) -> float:
    """The largest difference in true or false positive rates between groups of at least 50 positives or negatives."""
    widths = []
    for one in of_classes(("no", "yes"), said, truth)[1:]:
        rates = values(one, grouping.codes, len(grouping.labels))[counted(grouping, one) >= FEWEST]
        widths.append(float(rates.max() - rates.min()))
    return max(widths)


def thresholds(case: Case) -> Any:
    """Answers to the test share with thresholds by sex, chosen on the validation share as the product chooses them."""
    train = case.shares["train"].examples.rows
    field = Group().fit({"sex": case.table["sex"].take(train)})
    validation, test = (share_of(case, beside(case.shares[one], field, "sex", case)) for one in ("validation", "test"))
    how = (len(field.classes), "equalized_odds", FEWEST)
    best = choose(front(validation, *how), plain_point(validation, *how), 0.01, len(validation.truth))
    return (test.sure >= np.asarray(best.thresholds)[test.group]).astype(np.int64)
