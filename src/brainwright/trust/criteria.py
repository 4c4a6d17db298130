"""Criteria: equalized odds and demographic parity, the largest differences in rates between groups."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from brainwright.trust.finding import Finding, missing
from brainwright.trust.gaps import FEW, LEVEL, Cell, error, within
from brainwright.trust.groups import Grouping
from brainwright.trust.measures import Measure

CRITERIA = {
    "equalized odds": (
        ("found", "mistaken"),
        "largest difference between groups in true or false positive rates (Hardt et al. 2016)",
    ),
    "demographic parity": (
        ("said",),
        "largest difference between groups in how often a class is said (Calders et al. 2009)",
    ),
}


def criteria(
    found: Sequence[Grouping],
    measures: Sequence[Measure],
    cells: Sequence[Cell],
    gaps: Mapping[tuple[str, str], NDArray[np.float64]],
) -> list[Finding]:
    """A finding a criterion and grouping; nothing where answers are no classes.

    `gaps` are the differences under permuted groups: (grouping, measure) -> [permutations].
    """
    findings = []
    for what, (families, method) in CRITERIA.items():
        names = [one.name for one in measures if one.family in families]
        if not names:
            continue
        for one in found:
            mine = {
                name: [cell for cell in cells if (cell.grouping, cell.measure) == (one.name, name)] for name in names
            }
            drawn = np.stack([gaps[one.name, name] for name in names])
            findings.append(criterion(f"{what} difference by {one.name}", method, mine, drawn))
    return findings


def criterion(what: str, method: str, cells: Mapping[str, Sequence[Cell]], drawn: NDArray[np.float64]) -> Finding:
    """The largest difference over some rates, `drawn` [rates, permutations]."""
    judged = {name: [one for one in mine if one.verdict != FEW] for name, mine in cells.items()}
    judged = {name: mine for name, mine in judged.items() if len(mine) > 1}
    few = sorted({one.group for mine in cells.values() for one in mine if one.verdict == FEW})
    without = f"; too few data to judge {', '.join(few)}" if few else ""
    if not judged:
        return missing(what, f"fewer than two groups have enough examples{without}")
    values = {name: [one.value for one in mine] for name, mine in judged.items()}
    worst = max(values, key=lambda name: max(values[name]) - min(values[name]))
    ends = [within(values[name], [error(one) for one in mine], len(judged)) for name, mine in judged.items()]
    chance = np.nan_to_num(drawn).max(0)
    p = min(one.p for mine in judged.values() for one in mine)
    least, most = (pick(judged[worst], key=lambda one: one.value) for pick in (min, max))
    says = f"{worst}: {least.value:.1%} for {least.group}, {most.value:.1%} for {most.group}"
    high = float(np.percentile(chance, 95))
    says += f"; groups drawn at random show {chance.mean():.1%} on average and up to {high:.1%}"
    return Finding(
        what, "failed" if p <= LEVEL else "passed", says + without, most.value - least.value,
        max(low for low, _ in ends), max(high for _, high in ends), sum(one.count for one in judged[worst]), method,
        evidence={"floor": float(chance.mean()), "floor_high": high, "p": p, "left_out": few},
    )  # fmt: skip
