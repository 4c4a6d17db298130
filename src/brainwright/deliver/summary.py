"""Summary: a run's results and a command's options as the terminal prints them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainwright.parts import Part
from brainwright.runs.record import plain
from brainwright.runs.results import shown

SHOWN = 25  # options that one help page holds, at most


def as_text(record: Mapping[str, Any], folder: Path) -> str:
    """Net and floors side by side on the test share, warnings, and where the report is."""
    metrics = record["metrics"]
    lines = [f"{record['data']['shares']['test']:,} test examples, 95 % intervals"]
    for one in record["results"]:
        cells = "   ".join(cell(metric, one["test"][metric["name"]]) for metric in metrics)
        mark = "*" if one["model"] == record["selected"] else " "
        lines.append(f"{mark} {one['model']:18}{cells}")
    lines += [f"warning: {warning}" for warning in record["warnings"]]
    if record["interrupted"]:
        lines.append(
            f"broken off at step {record['steps']['done']} of {record['steps']['planned']}; what was learned is kept"
        )
        lines.append(f"go on with it: brainwright train --resume {folder}")
    lines.append(f"report: {folder / 'report.html'}")
    return "\n".join(lines)


def cell(metric: Mapping[str, Any], value: Any) -> str:
    """One metric's value with its interval."""
    middle, low, high = (number if number is not None else float("nan") for number in value)
    if metric["percent"]:
        return f"{metric['name']} {middle:.2%} ({low:.2%} to {high:.2%})"
    return f"{metric['name']} {shown(middle)} ({shown(low)} to {shown(high)})"


def as_json(record: Mapping[str, Any], folder: Path) -> str:
    """The same on one line, for programs."""
    kept = ("results", "selected", "warnings", "interrupted", "steps", "cost")
    return json.dumps(plain({"run": str(folder), **{name: record[name] for name in kept}}))


def options_help(heading: str, sections: Mapping[str, type[Part]]) -> str:
    """The options of the chosen parts with their defaults; beyond 25 they are only named."""
    lines, room, more = [heading, ""], SHOWN, []
    for section, part in sections.items():
        names = [name for name in part.model_fields if name != "inner"]
        if not names or room <= 0:
            more += names
            continue
        lines.append(section)
        for name in names[:room]:
            option = part.model_fields[name]
            default = "" if option.default in ("", None) else f" [{option.default}]"
            lines.append(f"  --{name.replace('_', '-'):20}{option.description or ''}{default}")
        more += names[room:]
        room -= len(names)
    if "task" not in sections:
        lines.append("\nname DATA or --task to see the options of its task, backbone and training")
    if more:
        lines.append(f"\nbesides: {', '.join('--' + name.replace('_', '-') for name in more)}")
    return "\n".join(lines)
