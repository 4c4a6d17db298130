"""Audit: how often permuted groups are called a gap, how often a real gap and a planted corner are found."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from trusted.fairness import learned

from brainwright.trust.case import Case
from brainwright.trust.fairness import answered, codes
from brainwright.trust.gaps import LEVEL, corrected, counted, permuted
from brainwright.trust.groups import Grouping, columns_of, groupings
from brainwright.trust.measures import Measure, of_classes, of_metric
from brainwright.trust.subgroups import candidates, conditions, confirm

FEWEST = 50
ALARMS, PERMUTED_ROWS = 200, 2_000  # audits of groups that mean nothing, on so many test examples
POWER, PLANTED = 200, 40


def measure() -> Mapping[str, Any]:
    """On UCI Adult with the official split and one quick net."""
    case = learned(Path(os.environ["BRAINWRIGHT_DATA"]) / "adult", 0, "", epochs=1)
    return {**power(), **planted(case), **false_alarms(case), "seeds": 1}


def false_alarms(case: Case) -> dict[str, Any]:
    """Whole audits by sex, race and both whose groups are dealt out at random: how many call any gap."""
    test = case.shares["test"].take(np.arange(PERMUTED_ROWS))
    answers = answered(case, test)
    metrics = [metric for metric in case.run.task.metrics() if metric.word() in ("accuracy", "log-loss")]
    measures = [of_metric(metric, answers.rows[metric.word()]) for metric in metrics]
    measures += of_classes(("no", "yes"), *codes(test, answers, "label"))
    found, _ = groupings(case, columns_of(case, ("sex", "race"), ""), test, 2)
    draw, called = np.random.default_rng(0), 0
    for seed in range(ALARMS):
        order = draw.permutation(PERMUTED_ROWS)
        called += alarmed([replace(one, codes=one.codes[order]) for one in found], measures, seed)
    return {"permuted_called_a_gap": called / ALARMS, "permuted_audits": ALARMS, "permuted_wanted": "<= .05"}


def alarmed(found: list[Grouping], measures: list[Measure], seed: int) -> bool:
    """Whether an audit calls any gap: the verdicts of `judge`, without the intervals, which take no part in them."""
    chance = permuted(found, measures, 1, seed)
    enough = {key: counted(found[key[0]], measures[key[1]]) >= FEWEST for key in chance.seen}
    return any(bool((one <= LEVEL).any()) for one in corrected(chance, enough).values())


def power() -> dict[str, Any]:
    """How often a difference of .10 in a true positive rate is called, with 400 positives in each of two groups."""
    draw, called = np.random.default_rng(0), 0
    group = Grouping("g", ("a", "b"), np.repeat([0, 1], 400))
    for seed in range(POWER):
        right = draw.random(800) < np.where(group.codes == 0, 0.70, 0.60)
        one = Measure("found", np.stack([right.astype(float), np.ones(800)], 1), "high", True, "found")
        called += alarmed([group], [one], seed)
    return {"gap_of_10_points_called": called / POWER, "gap_of_10_points_wanted": ">= .80"}


def planted(case: Case) -> dict[str, Any]:
    """Corners of Adult's own columns, two or three conditions, at least 3 % of the rows, errors .15 -> .30: how often a
    confirmed corner holds mostly the same examples; and how often anything is confirmed where nothing was planted.
    """
    columns = {name: one for name, one in case.table.columns.items() if name != "income"}
    every = conditions(columns, case.shares["train"].examples.rows)
    rows = [case.shares[name].examples.rows for name in ("validation", "test")]
    draw, hits, invented, done = np.random.default_rng(0), 0, 0, 0
    while done < PLANTED:
        places = draw.choice(len(every), 2 + done % 2, replace=False)
        inside = np.logical_and.reduce([every[place].rows for place in places])
        if len({every[place].column for place in places}) < len(places) or not 0.03 <= inside.mean() <= 0.10:
            continue
        done += 1
        for gap in (0.15, 0.0):
            harm = (draw.random(len(inside)) < 0.15 + gap * inside).astype(float)
            asked = candidates(every, rows[0], harm[rows[0]], 1)
            corners = [one for one in confirm(every, asked, rows[1], harm[rows[1]], 1) if one.confirmed]
            same = [alike(one.name, every, inside) for one in corners]
            hits += bool(gap) and max(same, default=0.0) >= 0.5
            invented += not gap and bool(corners)
    return {"planted_corners_found": hits / PLANTED, "planted_wanted": ">= .90", "corners_invented": invented / PLANTED}


def alike(name: str, every: Any, inside: Any) -> float:
    """Share of two corners' examples that both hold."""
    words = {one.words: one.rows for one in every}
    mine = np.logical_and.reduce([words[piece] for piece in name.split(" & ")])
    return float((mine & inside).sum() / max(1, (mine | inside).sum()))
