"""Driving: what came of drives in a world, as the terminal prints it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from brainwright.trust.closed_loop import Driven
from brainwright.trust.finding import Finding


def as_lines(findings: Sequence[Finding], warnings: Sequence[str], folder: Path) -> list[str]:
    """A line a driver, then what it comes to; what the run warns of stands beside it, as always."""
    first = findings[0]
    last = first.seed + first.count - 1
    lines = [f"{first.what}: {first.count} drives, seeds {first.seed} to {last}, 95 % intervals"]
    lines += [line(who, found, who == "net") for who, found in first.evidence.items()]
    lines += [f"{one.says}{f'; {one.advice}' if one.advice else ''}" for one in findings]
    return [*lines, *(f"warning: {warning}" for warning in warnings), f"report: {folder / 'report.html'}"]


def line(who: str, found: Mapping[str, Any], ours: bool) -> str:
    """One driver."""
    driven = Driven(np.array(found["returns"]), np.array(found["crashed"], bool))
    mean, low, high = driven.mean()
    crashed = f"{driven.crashed.sum()} of {len(driven.crashed)} crashed"
    return f"{'*' if ours else ' '} {who:8}return {mean:.1f} ({low:.1f} to {high:.1f})   {crashed}"
