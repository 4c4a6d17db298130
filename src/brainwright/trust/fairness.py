"""Fairness: an audit of a run by groups: every metric and rate, what chance alone would show, and a verdict on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.slots import Fields, Prediction
from brainwright.data.table import Column
from brainwright.errors import Fault
from brainwright.tasks.task import Task
from brainwright.training.evaluation import judged
from brainwright.trust.case import Case
from brainwright.trust.criteria import criteria
from brainwright.trust.finding import Finding, Verdict, missing
from brainwright.trust.gaps import LEVEL, PERMUTATIONS, Cell, Spread, judge
from brainwright.trust.groups import Grouping, columns_of, groupings
from brainwright.trust.measures import (
    CALIBRATION,
    MOST_CLASSES,
    Measure,
    calibrated_floor,
    of_classes,
    of_metric,
    of_scores,
)
from brainwright.trust.proxies import given_away
from brainwright.trust.subgroups import Corner, search

FEWEST = 50  # examples behind a number that gets a verdict
DRAWS = 200  # of a perfectly calibrated model
COLUMNS = 60  # of the data in which corners are sought, the first ones
METHOD = (
    f"{PERMUTATIONS} permutations of the groups, the largest distance of all groups and measures against the largest "
    f"by chance (max-T, Westfall and Young 1993): an audit of groups that mean nothing calls a gap in at most "
    f"{LEVEL:.0%} of cases"
)
CALIBRATED = f"ten equally full bins; floor: {DRAWS} perfectly calibrated models, corrected for all groups"


@dataclass(frozen=True)
class Asked:
    """What an audit is to look at."""

    by: tuple[str, ...] = ()
    """Columns of the data or of the side file; all of the side file's when none is named."""
    side: str = ""
    """CSV file whose lines name files or rows of the data, and their groups."""
    intersections: int = 2
    """Columns that are crossed with each other: 1 or 2."""
    fewest: int = FEWEST
    """Groups with fewer examples never get a verdict."""
    seed: int = 0


@dataclass(frozen=True)
class Audit:
    """How a run's answers to the test share differ between groups."""

    count: int
    """Test examples."""
    by: tuple[str, ...]
    fewest: int
    seed: int
    method: str
    notes: tuple[str, ...]
    """What a reader must know of the groups and of the model."""
    groups: Mapping[str, Mapping[str, int]]
    """Grouping -> group -> members."""
    cells: tuple[Cell, ...]
    spreads: tuple[Spread, ...]
    findings: tuple[Finding, ...]
    corners: tuple[Corner, ...]
    """Subgroups that nobody named."""


@dataclass(frozen=True)
class Answers:
    """What a model said to a portion, as an audit needs it."""

    prediction: Prediction
    rows: Mapping[str, NDArray[np.float64]]
    """Metric -> its rows [N, k]."""


def audited(case: Case, asked: Asked) -> Audit:
    """Audit the run on its test share.

    Raises:
        Fault: no such column, a side file that does not match, more than two columns to be crossed.
    """
    if asked.intersections not in (1, 2):
        raise Fault(f"{asked.intersections} columns cannot be crossed", "say --intersections 1 or 2")
    test, task = case.shares["test"], case.run.task
    columns = columns_of(case, asked.by, asked.side)
    if not answering(task):
        return empty(test, asked, tuple(columns), NOBODY)
    answers = {name: answered(case, case.shares[name]) for name in ("validation", "test")}
    found, notes = groupings(case, columns, test, asked.intersections)
    measures, lacking = measured(task, case.run.fields, test, answers["test"])
    cells, spreads, gaps = judge(found, measures, asked.fewest, asked.seed)
    findings = [*criteria(found, measures, cells, gaps), *calibration(found, measures, asked), *lacking]
    for name, column in columns.items():
        findings += given_away(case, name, column, test.examples.rows)
    corners, said = sought(case, columns, answers)
    return Audit(
        len(test), tuple(columns), asked.fewest, asked.seed, METHOD,
        (*notes, *plain(found, task, answers["test"]), *said),
        {one.name: dict(zip(one.labels, one.sizes.tolist(), strict=True)) for one in found},
        tuple(cells), tuple(spreads), tuple(findings), tuple(corners),
    )  # fmt: skip


NOBODY = "every answer is made from noise and not from an example, so no answer belongs to anybody's group"


def answering(task: Task) -> bool:
    """Whether answers are about examples, and not made from noise alone."""
    return any(slot.side == "input" and not slot.field.drawn for slot in task.slots())


def empty(test: Portion, asked: Asked, by: tuple[str, ...], why: str) -> Audit:
    """An audit that cannot be made, and why."""
    lacking = (missing("differences between groups", why),)
    return Audit(len(test), by, asked.fewest, asked.seed, METHOD, (), {}, (), (), lacking, ())


def answered(case: Case, portion: Portion) -> Answers:
    """The answers of the model that predicts, and every metric's rows."""
    prediction = case.run.answer(portion)
    return Answers(prediction, judged(case.run.task, prediction, portion))


def categories(task: Task, fields: Fields) -> list[str]:
    """Target slots that hold classes."""
    return [
        slot.name for slot in task.slots() if slot.side == "target" and isinstance(fields.fitted[slot.name], Category)
    ]


def codes(portion: Portion, answers: Answers, slot: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Classes said and true [N]."""
    return answers.prediction.values[slot].numpy(), np.asarray(portion.encoded[slot].values, np.int64)


def measured(task: Task, fields: Fields, test: Portion, answers: Answers) -> tuple[list[Measure], list[Finding]]:
    """All that can be compared, and what cannot."""
    found = [of_metric(metric, answers.rows[metric.word()]) for metric in task.metrics()]
    lacking = []
    slots = categories(task, fields)
    if not slots:
        lacking.append(missing("equalized odds", "the task does not answer with classes"))
    for slot in slots[:1]:
        said, truth = codes(test, answers, slot)
        field = fields.fitted[slot]
        assert isinstance(field, Category)
        if len(field.classes) <= MOST_CLASSES:
            found += of_classes(field.classes, said, truth)
        else:
            why = f"there are {len(field.classes)} classes, and at most {MOST_CLASSES} are compared one by one"
            lacking.append(missing("equalized odds", why))
        if answers.prediction.scores is not None:
            found.append(of_scores(answers.prediction, said, truth))
        else:
            lacking.append(missing("calibration by group", "the model gives no probabilities"))
    return found, lacking


def plain(found: Sequence[Grouping], task: Task, answers: Answers) -> list[str]:
    """What makes an audit say little."""
    notes = [
        f"{one.name} has one group only ({', '.join(one.labels)}): there is nobody to compare it with"
        for one in found
        if len(one.labels) < 2
    ]
    said = [value for value in answers.prediction.values.values() if isinstance(value, Tensor)]
    if said and all(bool((value == value[:1]).all()) for value in said):
        notes.append("the model says the same to every example: groups can differ only in what is true of them")
    return notes


def calibration(found: Sequence[Grouping], measures: Sequence[Measure], asked: Asked) -> list[Finding]:
    """The error of calibration in each group beside what a perfectly calibrated model of that size would show."""
    findings = []
    every = [(one, int(code)) for one in found for code in np.flatnonzero(one.sizes >= asked.fewest)]
    for measure in (one for one in measures if one.name == CALIBRATION):
        for one, code in every:
            rows = measure.rows[one.codes == code]
            value, floor = measure.value(rows), calibrated_floor(rows, len(every), DRAWS, asked.seed + code)
            over = float(rows[:, 0].mean() - rows[:, 1].mean())
            way = "more certain than right" if over > 0 else "less certain than right"
            says = f"{value:.1%}, where a perfectly calibrated model would stay below {floor:.1%}"
            says += f"; on average {way} by {abs(over):.1%}" if value > floor else ": no more than chance"
            verdict: Verdict = "failed" if value > floor else "passed"
            what = f"calibration error of {one.labels[code]} ({one.name})"
            findings.append(Finding(what, verdict, says, value, count=len(rows), seed=asked.seed, method=CALIBRATED))
    return findings


def sought(case: Case, columns: Mapping[str, Column], answers: Mapping[str, Answers]) -> tuple[list[Corner], list[str]]:
    """Corners of the data with more harm than the rest, found on validation and confirmed on test."""
    task, run = case.run.task, case.run
    aims = {run.name(slot.name) for slot in task.slots() if slot.side == "target"}
    aims |= {name for slot in task.slots() if slot.side == "target" for name in run.claim.columns.get(slot.name, ())}
    known = {name: column for name, column in {**case.table.columns, **columns}.items() if name not in aims}
    known = dict(list(known.items())[:COLUMNS])
    harms = {name: harm(case, case.shares[name], one) for name, one in answers.items()}
    if not len(harms["test"]):
        return [], ["corners were not sought: no metric says how wrong a single answer is"]
    pairs = [(case.shares[name].examples.rows, harms[name]) for name in ("validation", "test")]
    block = max(metric.block(answers["test"].rows[metric.word()]) for metric in task.metrics())
    found = search(known, case.shares["train"].examples.rows, pairs, block)
    return found, [] if found else ["corners were not found: the data have too few columns or examples to seek in"]


def harm(case: Case, portion: Portion, answers: Answers) -> NDArray[np.float64]:
    """How wrong each answer is [N]: 0 or 1 for classes, else the first metric that is a mean of errors; or nothing."""
    slots = categories(case.run.task, case.run.fields)
    if slots:
        said, truth = codes(portion, answers, slots[0])
        return np.asarray(said != truth, np.float64)
    for metric in case.run.task.metrics():
        measure = of_metric(metric, answers.rows[metric.word()])
        if measure.summed and measure.good == "low":
            each: NDArray[np.float64] = measure.rows[:, 0] / np.maximum(measure.rows[:, 1], 1e-12)
            return each
    return np.zeros(0)
