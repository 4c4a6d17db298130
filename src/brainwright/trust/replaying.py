"""Replaying: what suggestions would have gained over chance on the labels there are, before anyone labels more."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from brainwright.metrics.metric import Metric
from brainwright.runs.results import shown
from brainwright.runs.telling import Teller
from brainwright.training.evaluation import evaluate
from brainwright.trust.case import Case
from brainwright.trust.crossing import FEWEST as LEAST
from brainwright.trust.crossing import School, steps_of, taught
from brainwright.trust.finding import Finding, Verdict, missing
from brainwright.trust.suggestions import judge, picked, taken

WHAT = "what suggestions gain over chance"
SEEDS = 5  # replays: three nets each
START = 0.25  # of the training share is known at first, and as much again is then labelled
SHARE = 0.3  # of the run's steps that a net with half the labels gets, and the first one half of that: together they
# cost 3.75 times the training. With a tenth, digits gained nothing (-3 points of accuracy, 95 %: -9 to 3)
FEWEST = 160  # training examples: a quarter of fewer teaches no net
METHOD = "from a quarter to a half of the training labels, judged on the test share: doubt in ten times as many as are "
METHOD += "wanted, spread over weighted groups (Zhdanov 2019), against chance; {nets} nets of {steps:,} steps at most"


def replayed(case: Case, tell: Teller) -> Finding:
    """The gain in the first metric of labels that were suggested over as many drawn by chance, over five replays."""
    run, count = case.run, len(case.shares["train"])
    if count < FEWEST:
        return missing(WHAT, f"{count} training examples are too few to replay labelling, {FEWEST} are needed")
    metric, steps = run.task.metrics()[0], steps_of(run, SHARE)
    tell.line(f"replaying {SEEDS} times with {3 * SEEDS} nets of {steps:,} steps at most, once for this run")
    both = np.array([once(case, metric, steps, seed) for seed in range(SEEDS)])  # [seeds, 2]
    return judged(metric, both, (round(START * count), len(case.shares["test"]), steps))


def once(case: Case, metric: Metric, steps: int, seed: int) -> tuple[float, float]:
    """One replay: the metric on the test share after labels were suggested, and after as many by chance."""
    run, train = case.run, case.shares["train"]
    school = School(run.config, run.fields, case.shares["validation"], case.table.where)
    order = np.random.default_rng(seed).permutation(len(train))
    start = round(START * len(train))
    known, rest = order[:start], order[start:]
    first = taken(run, taught(school, train.take(np.sort(known)), max(LEAST, steps // 2), seed))
    pool = judge(first, case.shares["validation"]).pool(train.take(rest))
    found = []
    for added in (rest[picked(pool, start, seed)], rest[:start]):
        rows: NDArray[np.int64] = np.sort(np.concatenate([known, added]))
        net = taught(school, train.take(rows), steps, seed)
        found.append(metric.value(evaluate(run.task, net, case.shares["test"], run.place).rows[metric.word()]))
    return found[0], found[1]


def judged(metric: Metric, both: NDArray[np.float64], counts: tuple[int, int, int]) -> Finding:
    """The mean gain over replays [S, 2] with Student's interval, in words; above 0 is better."""
    start, tests, steps = counts
    gains = (both[:, 0] - both[:, 1]) * (1 if metric.higher_is_better else -1)
    half = float(stdtrit(len(gains) - 1, 0.975)) * float(gains.std(ddof=1)) / len(gains) ** 0.5
    gain = float(gains.mean())
    low, high = gain - half, gain + half
    ours, chance = (shown(one) for one in both.mean(0))
    verdict: Verdict = "passed" if low > 0 else "failed" if high < 0 else "undecided"
    says = f"with {start:,} more labels after the first {start:,}, {metric.word()} is {ours} as suggested and {chance} "
    says += f"by chance: a gain of {shown(gain)} (95 %: {shown(low)} to {shown(high)})"
    says += {"passed": "", "failed": ": suggestions did worse than chance",
             "undecided": ", which includes 0: on these data no gain over chance could be shown"}[verdict]  # fmt: skip
    advice = {"passed": "", "failed": "draw by chance what to label next",
              "undecided": "drawing by chance what to label next may serve as well"}[verdict]  # fmt: skip
    evidence: Mapping[str, Any] = {
        "metric": metric.word(),
        "suggested": both[:, 0].tolist(),
        "chance": both[:, 1].tolist(),
    }
    method = METHOD.format(nets=3 * SEEDS, steps=steps)
    return Finding(WHAT, verdict, says, gain, low, high, tests, method, 0, advice, evidence)
