"""Comparing: who fares better and who worse after a mitigation, on the same examples, with nothing left unsaid."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from brainwright.metrics.metric import SURE
from brainwright.trust.case import Case
from brainwright.trust.fairness import Answers, Asked, Audit, answered, categories, codes
from brainwright.trust.groups import Grouping, columns_of, groupings
from brainwright.trust.measures import of_classes

POINT = 0.01  # a rate that moved by less is not named, unless it did so beyond chance


def compared(cases: tuple[Case, Case], audits: tuple[Audit, Audit], asked: Asked) -> Iterator[str]:
    """One line each on accuracy, on every criterion, on groups that got worse, and on levelling down."""
    (before, after), (case, other) = audits, cases
    test = case.shares["test"]
    first, second = answered(case, test), answered(other, other.shares["test"])
    found, _ = groupings(case, columns_of(case, asked.by, asked.side), test, asked.intersections)
    right = [rightness(case, one) for one in (first, second)]
    loss, error = paired(right[0] - right[1])
    yield (
        f"accuracy on the test share {right[0].mean():.2%} before, {right[1].mean():.2%} after: "
        f"{loss * 100:.2f} points lost ({(loss - SURE * error) * 100:.2f} to {(loss + SURE * error) * 100:.2f})"
    )
    yield from widened(before, after)
    yield from worse(cases, (first, second), found, asked.fewest)
    lost = {label: loss for label, loss, _ in by_group(right[0] - right[1], found[0])}
    if lost and min(lost.values()) > 0:
        told = ", ".join(f"{label} {loss * 100:.1f}" for label, loss in lost.items())
        yield f"levelling down: accuracy fell in every group of {found[0].name} (points: {told})"


def widened(before: Audit, after: Audit) -> Iterator[str]:
    """Every criterion and grouping, before and after; those that grew say so."""
    known = {one.what: one for one in before.findings}
    for one in after.findings:
        was = known.get(one.what)
        if " difference by " in one.what and was is not None and np.isfinite(one.value) and np.isfinite(was.value):
            way = "WORSE" if one.value > was.value else "narrower"
            chance = one.evidence.get("floor_high", float("nan"))
            yield (
                f"{one.what}: {was.value:.1%} before, {one.value:.1%} after ({one.low:.1%} to {one.high:.1%}): {way}; "
                f"groups drawn at random show up to {chance:.1%}"
            )


def worse(
    cases: tuple[Case, Case], answers: tuple[Answers, Answers], found: list[Grouping], fewest: int
) -> Iterator[str]:
    """Groups and intersections whose accuracy or rates got worse: by a point, or by less but beyond chance."""
    case = cases[0]
    (slot,) = categories(case.run.task, case.run.fields)[:1]
    classes = case.run.fields.fitted[slot].classes  # type: ignore[attr-defined]
    rates = [of_classes(classes, *codes(case.shares["test"], one, slot)) for one in answers]
    moved = [("accuracy", rightness(case, answers[0]) - rightness(case, answers[1]), None)]
    for old, new in zip(*rates, strict=True):
        if old.good:
            change = (old.rows[:, 0] - new.rows[:, 0]) * (1 if old.good == "high" else -1)
            moved.append((old.name, change, old.rows[:, 1] > 0))
    for grouping in found:
        for name, change, counts in moved:
            for label, loss, error in by_group(change, grouping, counts):
                members = int(grouping.sizes[grouping.labels.index(label)])
                sure = loss > SURE * error and error > 0
                if loss > POINT or (sure and loss > 0):
                    few = f", only {members} members" if members < fewest else ""
                    chance = "beyond chance" if sure else "perhaps by chance"
                    yield (
                        f"WORSE for {label} ({grouping.name}): {name} by {loss * 100:.1f} points "
                        f"({(loss - SURE * error) * 100:.1f} to {(loss + SURE * error) * 100:.1f}), {chance}{few}"
                    )


def rightness(case: Case, answers: Answers) -> NDArray[np.float64]:
    """1 where the class said is true [N]."""
    (slot,) = categories(case.run.task, case.run.fields)[:1]
    said, truth = codes(case.shares["test"], answers, slot)
    return np.asarray(said == truth, np.float64)


def by_group(
    change: NDArray[np.float64], grouping: Grouping, counts: NDArray[np.bool_] | None = None
) -> Iterator[tuple[str, float, float]]:
    """Each group's mean change and its standard error, over the examples that count."""
    for code, label in enumerate(grouping.labels):
        inside = grouping.codes == code
        inside = inside if counts is None else inside & counts
        if inside.any():
            yield (label, *paired(change[inside]))


def paired(change: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard error of what changed for the same examples."""
    return float(change.mean()), float(change.std() / np.sqrt(len(change)))
