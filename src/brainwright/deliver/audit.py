"""Audit page: how a run's answers differ between groups, as lines for a terminal and as one self-contained page."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brainwright.deliver import wording
from brainwright.deliver.drawings import Axis
from brainwright.deliver.report import environment
from brainwright.runs.record import RECORD, plain, read_json, write_json
from brainwright.training.checkpoints import write_whole
from brainwright.trust.fairness import Audit
from brainwright.trust.gaps import FEW, GAP

AUDIT, PAGE = "audit.json", "audit.html"
MARGIN = 0.05  # of an axis, on each side
CORNERS = 5  # that are shown
MOST_ROWS = 24  # groups that one drawing holds
EXPECTED = "calibration error of "  # findings that are only shown where they failed


def write_audit(folder: Path, audit: Audit) -> Path:
    """audit.json and audit.html in a run's folder; the path of the page."""
    content = plain(asdict(audit))
    write_json(folder / AUDIT, content)
    page = environment().get_template("audit.html.j2").render(view(folder, content)) + "\n"
    write_whole(folder / PAGE, page.encode())
    return folder / PAGE


def view(folder: Path, audit: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the template lays out."""
    record = read_json(folder / RECORD)
    findings = [one for one in audit["findings"] if telling(one)]
    return {
        "run": folder.resolve().name,
        "record": record,
        "audit": audit,
        "headline": headline(audit),
        "findings": findings,
        "hidden": len(audit["findings"]) - len(findings),
        "groupings": [grouping(name, audit) for name in audit["groups"]],
        "corners": [one for one in audit["corners"] if one["confirmed"]][:CORNERS],
        "mitigation": record.get("mitigation"),
    }


def telling(finding: Mapping[str, Any]) -> bool:
    """Whether a finding is worth a line: calibration that is as good as chance allows, group by group, is not."""
    return not (finding["verdict"] == "passed" and finding["what"].startswith(EXPECTED))


def headline(audit: Mapping[str, Any]) -> list[str]:
    """What there is to know, in a few sentences."""
    if not audit["cells"]:
        return [f"Not audited: {one['says']}." for one in audit["findings"]]
    said = []
    for name in audit["groups"]:
        mine = [one for one in audit["spreads"] if one["grouping"] == name]
        gaps = [wording.title(one["measure"]) for one in mine if one["verdict"] == GAP]
        judged = [one for one in mine if one["verdict"] != FEW]
        few = sorted({group for one in mine for group in one["left_out"]})
        if gaps:
            said.append(f"By {name}: a gap in {', '.join(gaps)}.")
        elif judged:
            said.append(f"By {name}: no gap found in {len(judged)} measures; that is no proof that there is none.")
        else:
            said.append(f"By {name}: too few data for any verdict.")
        if few and judged:
            said[-1] += f" Too few data on some measures for {', '.join(few)}: gaps there would not be seen."
    return said


# ---- the page ------------------------------------------------------------------------------------


def grouping(name: str, audit: Mapping[str, Any]) -> dict[str, Any]:
    """One grouping: its sizes, and a drawing a measure."""
    sizes = audit["groups"][name]
    spreads = [one for one in audit["spreads"] if one["grouping"] == name]
    return {"name": name, "sizes": sizes, "measures": [measure(one, audit["cells"]) for one in spreads]}


def measure(spread: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One measure in all groups on one axis."""
    mine = [one for one in cells if (one["grouping"], one["measure"]) == (spread["grouping"], spread["measure"])]
    ends = [one[key] for one in mine if one["verdict"] != FEW for key in ("value", "low", "high")]
    ends += [one[key] for one in mine if one["verdict"] != FEW for key in ("chance_low", "chance_high")]
    axis = Axis.over(ends)
    room = MARGIN * (axis.high - axis.low)
    axis = Axis(axis.low - room, axis.high + room)
    scale = 100.0 if shares(mine) else 1.0
    seen = Axis(axis.low * scale, axis.high * scale)
    return {
        **spread,
        "words": words(spread, shares(mine)),
        "beyond": beyond(spread, mine),
        "rows": [row(one, axis, shares(mine)) for one in mine[:MOST_ROWS]],
        "more": max(0, len(mine) - MOST_ROWS),
        "ticks": [(place * 100, word) for place, word in seen.ticks()],
        "unit": "%" if shares(mine) else "",
    }


def shares(cells: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a measure is a share of one."""
    return any(one["percent"] for one in cells)


def row(cell: Mapping[str, Any], axis: Axis, percent: bool) -> dict[str, Any]:
    """One group's value, interval and chance on the axis, in percent of its width."""
    names = ("value", "low", "high", "chance_low", "chance_high")
    places = {
        name: None if cell[name] is None else min(100.0, max(0.0, round(axis.place(cell[name]) * 100, 2)))
        for name in names
    }
    return {**cell, "places": places, "told": told(cell["value"], percent), "interval": interval(cell, percent)}


def words(spread: Mapping[str, Any], percent: bool) -> dict[str, str]:
    """A spread's numbers in words."""
    return {
        "value": told(spread["value"], percent),
        "interval": interval(spread, percent),
        "floor": told(spread["floor"], percent),
        "floor_high": told(spread["floor_high"], percent),
    }


def beyond(spread: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> str:
    """Which groups make the gap, where small ones lie as far apart by chance: else "".

    A verdict weighs each group by its own size; the largest difference does not.
    """
    if spread["verdict"] != GAP or spread["value"] > spread["floor_high"]:
        return ""
    surely = [one["group"] for one in cells if one["verdict"] == GAP]
    return f"for its size, {' and '.join(surely)} {'lies' if len(surely) == 1 else 'lie'} farther off than chance"


def told(value: Any, percent: bool) -> str:
    """A number of a measure."""
    if value is None or not math.isfinite(value):
        return "–"
    return wording.percent(value) if percent else f"{value:.3g}".replace("-", "−")


def interval(numbers: Mapping[str, Any], percent: bool) -> str:
    """Low to high, or nothing."""
    if numbers["low"] is None or numbers["high"] is None:
        return ""
    return f"{told(numbers['low'], percent)} to {told(numbers['high'], percent)}"


# ---- the terminal --------------------------------------------------------------------------------


def as_text(audit: Audit, page: Path) -> str:
    """What a terminal shows: groups, differences with what chance would show, findings, corners, the page."""
    content = plain(asdict(audit))
    return "\n".join([*lines(content), f"page: {page}"])


def lines(audit: Mapping[str, Any]) -> Iterator[str]:
    """One after another."""
    yield f"{audit['count']:,} test examples by {', '.join(audit['by'])}; 95 % intervals"
    for name, sizes in audit["groups"].items():
        yield ""
        yield f"{name}: {', '.join(f'{group} {size:,}' for group, size in list(sizes.items())[:MOST_ROWS])}"
        for one in audit["spreads"]:
            if one["grouping"] == name:
                yield f"  {line(one, audit['cells'])}"
    yield ""
    yield from headline(audit)
    for one in audit["findings"]:
        if telling(one) and audit["cells"]:
            yield f"{one['verdict']:9} {one['what']}: {one['says']}"
    for one in [one for one in audit["corners"] if one["confirmed"]][:CORNERS]:
        yield f"corner    {corner(one)}"
    yield from (f"note      {note}" for note in audit["notes"])
    if any(one["verdict"] == "failed" and "odds" in one["what"] for one in audit["findings"]):
        yield "narrow it: --mitigate thresholds, or train anew with a technique (fair, group-dro, balanced-groups)"


def line(spread: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> str:
    """One measure: verdict, difference, its ends, chance."""
    mine = [one for one in cells if (one["grouping"], one["measure"]) == (spread["grouping"], spread["measure"])]
    found = words(spread, shares(mine))
    head = f"{spread['verdict']:13} {spread['measure']}"
    if spread["value"] is None:
        return head
    value = {one["group"]: told(one["value"], shares(mine)) for one in mine}
    within = f" ({found['interval']})" if found["interval"] else ""
    apart = beyond(spread, mine)
    surely = f"; {apart}" if apart else ""
    ends = f"{spread['least']} {value[spread['least']]}, {spread['most']} {value[spread['most']]}"
    return f"{head}: {found['value']}{within} apart, {ends}; by chance up to {found['floor_high']}{surely}"


def corner(one: Mapping[str, Any]) -> str:
    """A subgroup that nobody named, in a line."""
    return (
        f"{one['name']} ({one['count']:,} examples): errors {one['harm']:.3g}, elsewhere {one['others']:.3g} "
        f"(difference {one['low']:.3g} to {one['high']:.3g})"
    )
