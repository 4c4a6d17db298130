"""Calibration: of how many trained nets is the calibration error on the test share within what chance alone makes?"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from small import QUICK, adult

import brainwright as bw
from brainwright.commands.demo import digits

SEEDS = range(6)
MLP = {"backbone": "mlp"}


def cases() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Nets too shy (smoothed targets), too sure (taught long without), and as they come."""
    return {
        "digits, as it comes": (digits(), {"steps": 150}),
        "digits, mlp without smoothing": (
            digits(),
            {"steps": 300, "backbone": "mlp", "smoothing": 0.0, "augment": 0.0},
        ),
        "adult, 6,000 rows": (adult(6000), {"target": "income", "steps": 300}),
    }


def runs() -> Iterator[dict[str, Any]]:
    """Each case with each seed."""
    with TemporaryDirectory() as out:
        for case, (source, options) in cases().items():
            for seed in SEEDS:
                name = f"{case.replace(' ', '-').replace(',', '')}-{seed}"
                run = bw.train(source, out=str(Path(out)), name=name, seed=seed, **QUICK, **options)
                found = run.record["calibration"]
                test = found["test"]
                yield {
                    "case": case, "seed": seed, "temperature": round(found["temperature"], 3),
                    "ece": [round(one, 4) for one in test["ece"]], "floor": [round(one, 4) for one in test["floor"]],
                    "log_loss": [round(one, 4) for one in test["log_loss"]],
                }  # fmt: skip


def measure() -> dict[str, Any]:
    """Share within the floor's 95th percentile, before and after; how often log-loss rose on the test share."""
    every = list(runs())
    within = [sum(one["ece"][place] <= one["floor"][1] for one in every) / len(every) for place in (0, 1)]
    worse = max(one["log_loss"][1] / one["log_loss"][0] - 1 for one in every)
    by_case = {
        case: [
            sum(one["ece"][i] <= one["floor"][1] for one in every if one["case"] == case) / len(SEEDS) for i in (0, 1)
        ]
        for case in cases()
    }
    return {
        "wanted": "ECE within its own noise floor in >= 90 % of runs", "runs": len(every), "seeds": len(SEEDS),
        "within_floor": {"before": within[0], "after": within[1]}, "by_case": by_case,
        "largest_rise_of_log_loss": round(worse, 4), "each": every,
    }  # fmt: skip
