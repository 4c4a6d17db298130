"""Outliers: AUROC of new, inverted and turned digits and of noise against test digits, for nets that know 0-7."""

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from small import QUICK

import brainwright as bw
from brainwright.commands.demo import digits
from brainwright.data.table import Column, Kind, Table
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.trust import outliers
from brainwright.trust.doubt import Doubt, looked_at
from brainwright.trust.seeing import see

SEEDS = range(5)
NETS: dict[str, dict[str, Any]] = {"cnn": {"steps": 200}, "mlp": {"backbone": "mlp", "steps": 400}}


def pictures(values: NDArray[Any]) -> Table:
    """A table of pictures [N, 8, 8]."""
    return Table.of({"image": Column(np.ascontiguousarray(values, np.uint8), Kind.IMAGE)}, "suite")


def measured(seed: int, options: dict[str, Any], out: str) -> dict[str, float]:
    """One net: AUROC of each suite, and the share of its test digits that are called unlike."""
    table = digits()
    known = ~np.isin(table["label"].values, ["8", "9"])
    own = table.take(np.flatnonzero(known))
    name = f"{options['steps']}-{seed}"
    run = bw.train(own, out=out, name=name, seed=seed, **QUICK, **options).kept
    test = prepare(own, run.record["options"], Silent()).shares["test"]
    detector = Doubt.of(run).part("outliers.")
    like = outliers.rarity(detector, looked_at(see(run, test)))
    inside = np.asarray(test.examples.values["image"])
    draw = np.random.default_rng(seed)
    suites = {
        "near": table["image"].values[~known], "noise": draw.integers(0, 256, inside.shape),
        "inverted": 255 - inside, "rot90": np.rot90(inside, 1, (1, 2)),
    }  # fmt: skip
    found = {"flagged": float((like <= outliers.UNLIKE).mean()), **run.metrics}
    for suite, values in suites.items():
        portion = next(run.portions(run.task.questions(pictures(values), run.claim, run.fields)))
        rare = outliers.rarity(detector, looked_at(see(run, portion)))
        truth = np.r_[np.zeros(len(like)), np.ones(len(rare))]
        found[suite] = round(float(roc_auc_score(truth, np.r_[-like, -rare])), 4)
    return found


def measure() -> dict[str, Any]:
    """Means over seeds with 95 % intervals, and the worst suite of each net."""
    facts: dict[str, Any] = {"wanted": "worst of four suites AUROC >= .93", "seeds": len(SEEDS)}
    with TemporaryDirectory() as out:
        for net, options in NETS.items():
            every = [measured(seed, options, out) for seed in SEEDS]
            suites = {}
            for name in every[0]:
                values = np.array([one[name] for one in every])
                error = 1.96 * values.std(ddof=1) / len(values) ** 0.5
                suites[name] = [
                    round(float(x), 4) for x in (values.mean(), values.mean() - error, values.mean() + error)
                ]
            worst = min(suites[name][0] for name in ("near", "noise", "inverted", "rot90"))
            facts[net] = {"worst_suite": worst, "worst_of_any_seed": min(min(list(one.values())[-4:]) for one in every)}
            facts[net] |= suites
    return facts
