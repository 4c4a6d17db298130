"""Suggestions: what labels chosen by doubt gain over labels drawn by chance, on digits and Adult."""

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from small import QUICK, adult

import brainwright as bw
from brainwright.commands.demo import digits
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.trust.case import Case
from brainwright.trust.replaying import replayed

ROWS = 4000  # of Adult
CASES: dict[str, dict[str, Any]] = {
    "digits cnn": {"width": 16, "steps": 600},
    "digits mlp": {"backbone": "mlp", "steps": 600},
    "adult mlp": {"backbone": "mlp", "target": "income", "steps": 600},
}


def measure() -> dict[str, Any]:
    """Five replays of each case: the gain in its first metric, with Student's 95 % interval."""
    facts: dict[str, Any] = {"wanted": "the interval of the gain lies above 0, or it is said that it does not"}
    with TemporaryDirectory() as out:
        for name, options in CASES.items():
            source = digits() if name.startswith("digits") else adult(ROWS)
            run = bw.train(source, out=out, name=name, trust="none", **QUICK, **options).kept
            ready = prepare(source, run.record["options"], Silent())
            found = replayed(Case(run, ready.table, ready.shares), Silent())
            told = np.round([found.value, found.low, found.high], 4).tolist()
            facts[name] = {"gain": told, "verdict": found.verdict, "says": found.says, **found.evidence}
    return facts
