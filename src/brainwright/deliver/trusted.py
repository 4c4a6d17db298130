"""Trusted: every finding that was made about a run, and what nobody has looked into yet, for the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from brainwright.deliver.wording import count, plain

KINDS = {
    "stress": ("What it bears", "brainwright stress RUN"),
    "audit": ("Groups of people or things", "brainwright audit RUN --by COLUMN"),
    "labels": ("Labels that look wrong", "brainwright check --labels RUN"),
    "suggest": ("What to label next", "brainwright suggest RUN POOL"),
    "explain": ("Whether its explanations can be believed", "brainwright explain RUN"),
}
"""What can be looked into: how it is called, and by which command."""
ORDER = ("failed", "undecided", "missing", "passed")
OPEN = 6  # findings of a kind that are shown at once, the gravest first


def section(found: Mapping[str, Sequence[Mapping[str, Any]]], spent: Mapping[str, Any]) -> dict[str, Any]:
    """The kinds that were looked into with their findings, the gravest first, and those that were not, with what the
    training's own look came to.
    """
    named = KINDS | {name: (name.replace("-", " ").capitalize(), "") for name in found if name not in KINDS}
    kinds = [
        {"title": title, "told": tally(found[name]), "rows": rows(found[name])[:OPEN], "more": rows(found[name])[OPEN:]}
        for name, (title, _) in named.items()
        if found.get(name)
    ]
    why = spent.get("left_out") or {}
    absent = [
        {"title": title, "command": command, "why": why.get(name, "")}
        for name, (title, command) in named.items()
        if not found.get(name)
    ]
    return {"kinds": kinds, "absent": absent, "spent": told(spent)}


def told(spent: Mapping[str, Any]) -> str:
    """How long the training looked into its run; "" where it did not, and nothing says why."""
    if spent.get("asked") == "none":
        return "The training was told by --trust none to look into nothing."
    if not isinstance(spent.get("seconds"), int | float):
        return ""
    return (
        f"The training itself took {spent['seconds']:,.1f}\u00a0s of the {spent['limit']:,.0f}\u00a0s that "
        f"--trust {spent['asked']} allows to look into its run."
    )


def tally(findings: Sequence[Mapping[str, Any]]) -> str:
    """How many findings of each verdict."""
    counts = {verdict: sum(one.get("verdict") == verdict for one in findings) for verdict in ORDER}
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)


def rows(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a finding, the gravest first and otherwise as they were found."""
    return [row(one) for verdict in ORDER for one in findings if one.get("verdict") == verdict]


def row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A finding with its number, interval, examples, method and seed."""
    known = isinstance(one.get("value"), int | float)
    bounded = isinstance(one.get("low"), int | float) and isinstance(one.get("high"), int | float)
    return {
        "what": one.get("what") or "",
        "verdict": one.get("verdict"),
        "says": one.get("says") or "",
        "advice": one.get("advice") or "",
        "value": plain(one["value"]) if known else "",
        "interval": f"{plain(one['low'])} to {plain(one['high'])}" if known and bounded else "",
        "count": count(one["count"]) if one.get("count") else "",
        "method": f"{one.get('method') or ''}, seed {one.get('seed', 0)}" if known else one.get("method") or "",
    }
