"""Doubts: what a run says of its own answers, as the rows that the report lays out."""

from collections.abc import Mapping, Sequence
from typing import Any

from brainwright.deliver.wording import percent

LEADS = {
    "classes": "Sets of classes that hold the truth as often as they promise, for each class alike: brainwright "
    "predict RUN INPUT --level 0.9. An empty set says that no class is as likely as true ones mostly are.",
    "numbers": "Intervals that hold the truth as often as they promise: brainwright predict RUN INPUT --level 0.9.",
    "series": "Intervals around every step of a forecast that hold the truth as often as they promise: brainwright "
    "predict RUN INPUT --level 0.9.",
}
"""What bounds are for, by their kind."""


def section(doubt: Mapping[str, Any]) -> dict[str, Any]:
    """The bounds with how well they hold, and everything else that was found; empty where the run left none."""
    findings = doubt.get("findings") or []
    bounds = [one for one in findings if "level" in (one.get("evidence") or {}) and one.get("value") is not None]
    others = [one for one in findings if one not in bounds]
    methods = list(dict.fromkeys(str(one.get("method") or "") for one in bounds))
    counts = {one.get("count") for one in bounds}
    return {
        "lead": LEADS.get(str(doubt.get("kind")), ""),
        "bounds": [row(one) for one in bounds],
        "how": f"{'; '.join(methods)}; {', '.join(map(str, counts))} test examples. The validation share gives the "
        "bounds; it also chose the best weights, so the test share, which chose nothing, judges them.",
        "others": told(others),
    }


def row(one: Mapping[str, Any]) -> dict[str, Any]:
    """One level."""
    evidence = one.get("evidence") or {}
    held, _, size = str(one.get("says") or "").partition("; ")
    least = ""
    if isinstance(evidence.get("worst_share"), int | float):
        least = (
            f"least: {evidence.get('worst')}, {percent(evidence['worst_share'], 1)} of {evidence.get('worst_count')}"
        )
    if evidence.get("rare"):
        least += f"; too rare for a bound of its own: {', '.join(map(str, evidence['rare'][:6]))}"
    low, high = one.get("low"), one.get("high")
    known = isinstance(low, int | float) and isinstance(high, int | float)
    return {
        "promised": percent(evidence.get("level"), 0),
        "held": percent(one.get("value"), 1),
        "interval": f"{percent(low, 1)} to {percent(high, 1)}" if known else "",
        "size": size or held,
        "worst": least,
        "verdict": one.get("verdict"),
        "advice": one.get("advice"),
    }


def told(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Findings in words."""
    return [
        {
            "what": str(one.get("what") or ""),
            "says": str(one.get("says") or ""),
            "advice": one.get("advice") or "",
            "missing": one.get("verdict") == "missing",
        }
        for one in findings
    ]
