"""Finding: a number about a run with its interval, what it rests on, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["passed", "failed", "undecided", "missing"]


@dataclass(frozen=True)
class Finding:
    """One line of evidence. A number that could not be had is a finding, too: its verdict is "missing", `says` why."""

    what: str
    """What was measured, such as "coverage of 90 % sets"."""
    verdict: Verdict
    """"undecided": too few data, or no bar to hold it against."""
    says: str
    """One sentence for a reader who has never heard of the method."""
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    """95 % interval."""
    count: int = 0
    """Examples behind it."""
    method: str = ""
    """How, with its source."""
    seed: int = 0
    advice: str = ""
    """What to do next; "" where nothing needs to be done."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What a drawing or a program may want: plain numbers, texts, lists and mappings."""


def missing(what: str, why: str) -> Finding:
    """A number that cannot be had, and why."""
    return Finding(what, "missing", why)
