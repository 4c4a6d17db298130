"""Data need: how many labelled examples a wanted result takes, from nets taught parts of the data there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.config import Config
from brainwright.data.examples import Portion
from brainwright.errors import Fault
from brainwright.metrics.metric import Metric
from brainwright.runs.preparing import Prepared, prepare
from brainwright.runs.results import shown
from brainwright.runs.telling import Teller
from brainwright.training.budget import plan
from brainwright.training.devices import place
from brainwright.training.evaluation import evaluate
from brainwright.trust.crossing import School, taught
from brainwright.trust.finding import Finding
from brainwright.trust.learning_curves import FARTHEST, Curve, fitted, looked_back

PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the training share
REPEATS = (2, 2, 2, 1, 1)  # nets for each part: small ones differ most, and cost as much
FEWEST = 320  # training examples: a sixteenth of fewer teaches no net
SURE = 3.92  # standard deviations between the ends of a 95 % interval


@dataclass(frozen=True)
class Need:
    """What was seen with parts of the data, and what is said of more: `points` (size, value), `at` size -> value."""

    metric: str
    points: tuple[tuple[int, float], ...]
    at: Mapping[int, tuple[float, float, float]]
    finding: Finding


def needed(source: Any, options: Mapping[str, Any], wanted: float, tell: Teller) -> Need:
    """How many examples bring the selecting metric to `wanted`; eight nets are taught, each as many steps as the whole
    training would make (so that a curve shows data and not patience), and the budget is shared among them.

    Raises:
        Fault: as for a training; too few examples; or a metric that knows no best value.
    """
    ready = prepare(source, options, tell)
    train, metric = ready.shares["train"], ready.task.metrics()[0]
    if len(train) < FEWEST:
        raise Fault(f"{len(train)} training examples are too few for a learning curve", f"bring {FEWEST} at least")
    if metric.higher_is_better and not wanted < 1:
        raise Fault(f"{metric.word()} does not reach {wanted:g}", "give a --target-metric below 1")
    sizes, values, doubts = measured(ready, metric, tell)
    errors = np.array([error(metric, value) for value in values])
    curve = fitted(sizes, errors, doubts)
    middle, low, high = curve.needed(error(metric, wanted))
    there = {int(times * len(train)): told_at(metric, curve, times * len(train)) for times in (2, 4, 8)}
    missed = looked_back(sizes, errors, doubts)
    points = tuple((int(size), float(value)) for size, value in zip(sizes, values, strict=True))
    one = finding(metric, wanted, (middle, low, high), len(train))
    back = f"; told from the smaller parts alone, the error with all of them is off by {missed:+.0%}"
    return Need(metric.word(), points, there, Finding(**{**vars(one), "method": one.method + back}))


def measured(
    ready: Prepared, metric: Metric, tell: Teller
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Sizes, values of the metric on the test share, and deviations of the logarithm of the error: [N] each."""
    train, how = ready.shares["train"], ready.config.training
    nets = sum(REPEATS)
    shared = Config.of({**ready.config.flat(), "budget": f"{max(1.0, how.seconds / nets):.0f}s"})
    school = School(shared, ready.fields, ready.shares["validation"], ready.table.where)
    order, steps = np.random.default_rng(how.seed).permutation(len(train)), plan(how, len(train)).total
    found = []
    for part, repeats in zip(PARTS, REPEATS, strict=True):
        for again in range(repeats):
            rows = np.sort(np.roll(order, again * len(order) // 2)[: round(part * len(train))])
            value, doubt = judged(ready, metric, school, train.take(rows), (steps, how.seed + again))
            tell.line(f"curve     {len(rows):,} examples: {metric.word()} {shown(value)}")
            found.append((len(rows), value, doubt))
    sizes, values, doubts = (np.array(one, np.float64) for one in zip(*found, strict=True))
    return sizes, values, doubts


def judged(
    ready: Prepared, metric: Metric, school: School, train: Portion, how: tuple[int, int]
) -> tuple[float, float]:
    """A net taught some examples in (steps, seed): the metric on the test share, and its error's doubt."""
    net = taught(school, train, *how)
    rows = evaluate(ready.task, net, ready.shares["test"], place(ready.config.training)).rows[metric.word()]
    value, (low, high) = metric.value(rows), metric.interval(rows)
    return value, (high - low) / SURE / error(metric, value)


def error(metric: Metric, value: float) -> float:
    """What is to fall: the distance from 1 where higher is better, else the value."""
    return max(1e-6, 1 - value if metric.higher_is_better else value)


def told_at(metric: Metric, curve: Curve, size: float) -> tuple[float, float, float]:
    """The metric with so many examples: median, and the worse and the better end of a 90 % interval."""
    middle, low, high = curve.at(size)
    return tuple(1 - one if metric.higher_is_better else one for one in (middle, high, low))  # type: ignore[return-value]


def finding(metric: Metric, wanted: float, sizes: tuple[float, float, float], there: int) -> Finding:
    """How many are needed, in words."""
    middle, low, high = sizes
    aim = f"{metric.word()} of {shown(wanted)}"
    most = "more than eight times as many" if not np.isfinite(high) else f"{high:,.0f}"
    if not np.isfinite(middle):
        says = f"{aim} would take more than {FARTHEST:.0f} times the {there:,} training examples, if any number does: "
        says += "no guess is made so far ahead"
        advice = "look for better inputs or cleaner labels, or settle for less"
    elif middle <= there:
        says, advice = f"{aim} is within reach of the {there:,} training examples there are", ""
    else:
        says = f"{aim} takes about {middle:,.0f} training examples (90 %: {low:,.0f} to {most}); there are {there:,}"
        advice = f"label about {middle - there:,.0f} more for training, and as many in proportion for judging"
    return Finding(
        "training examples needed", "undecided", says, middle, low, high, there,
        "all curves c + a (n + d)^-b at once, weighed by how well each tells eight nets of parts of the data",
        advice=advice,
    )  # fmt: skip
