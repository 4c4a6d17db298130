"""Report: one HTML file about a run, drawn from its folder alone; it loads nothing and runs nothing."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from brainwright.catalogue import catalogue
from brainwright.deliver import doubts, figures, sections, trusted, wording
from brainwright.errors import Fault
from brainwright.runs.record import EVIDENCE, HISTORY, RECORD, read_json
from brainwright.runs.results import NET
from brainwright.training.checkpoints import write_whole
from brainwright.trust.allowance import FACTS as SPENT
from brainwright.trust.doubt import FACTS as DOUBT
from brainwright.trust.keeping import kept

REPORT = "report.html"
TEMPLATES = Path(__file__).parent / "templates"
SMALL = 64  # pictures narrower than this are enlarged by whole pixels, so that these can be seen
DRAWINGS: Mapping[str, tuple[set[str], Callable[[Mapping[str, Any], str], Any]]] = {
    "reliability": ({"reliability"}, figures.calibration),
    "histogram": ({"edges", "counts"}, figures.histogram),
    "cloud": ({"frame", "squares", "cells", "quantiles"}, figures.cloud),
    "residuals": ({"groups"}, figures.residuals),
    "forecasts": ({"forecasts"}, figures.forecasts),
    "by_step": ({"by_step"}, figures.by_step),
}
"""What can be drawn of a target: the pieces of evidence that a drawing needs, and who draws it."""
PICTURE = re.compile(r'<img (?=[^>]*width="(\d+)")')


@dataclass(frozen=True)
class Told:
    """What a run's folder tells; evidence and history are empty where the run did not come so far."""

    folder: Path
    record: Mapping[str, Any]
    evidence: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    doubt: Mapping[str, Any]
    findings: Mapping[str, Sequence[Mapping[str, Any]]]
    """What was looked into, by kind."""
    spent: Mapping[str, Any]
    """What the training's own look at its run came to."""


def told(folder: Path) -> Told:
    """Read a run's folder.

    Raises:
        Fault: it holds no record, or a file in it is damaged.
    """
    evidence = read_json(folder / EVIDENCE) if (folder / EVIDENCE).is_file() else {}
    history = (folder / HISTORY).read_text(encoding="utf-8").splitlines() if (folder / HISTORY).is_file() else []
    try:
        lines = [json.loads(line) for line in history if line.strip()]
    except ValueError as error:
        raise Fault(f"{folder / HISTORY} cannot be read ({error})", "delete it: the report does without") from None
    doubt = read_json(folder / DOUBT) if (folder / DOUBT).is_file() else {}
    spent = read_json(folder / SPENT) if (folder / SPENT).is_file() else {}
    return Told(folder, read_json(folder / RECORD), evidence, lines, doubt, kept(folder), spent)


def write_report(folder: Path) -> Path:
    """Draw the report of a run from its folder; the same folder gives the same file.

    Raises:
        Fault: the folder holds no run, or a damaged one.
    """
    path = folder / REPORT
    write_whole(path, rendered(told(folder)).encode())
    return path


def rendered(run: Told) -> str:
    """The whole file. All that the user wrote is escaped; what fields show is markup, but its policy bars scripts."""
    return environment().get_template("report.html.j2").render(view(run)) + "\n"


@cache
def environment() -> Environment:
    """The templates and the words that they may use; what is missing counts as empty."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = ("count", "large", "plain", "percent", "clock", "title", "capital", "option", "energy", "speed")
    made.filters |= {word: getattr(wording, word) for word in words}
    made.filters |= {"enlarged": enlarged, "pictured": pictured, "spark": figures.spark}
    return made


def enlarged(markup: str) -> str:
    """Small pictures marked, so that the style sheet enlarges them without blurring."""
    return PICTURE.sub(lambda found: f'{found[0]}class="small" ' if int(found[1]) < SMALL else found[0], markup)


def view(run: Told) -> dict[str, Any]:
    """Everything that the template lays out."""
    record, evidence = run.record, run.evidence
    data, names = record.get("data") or {}, named(record)
    metrics = record.get("metrics") or []
    return {
        "record": record,
        "run": run.folder.resolve().name,
        "data": data,
        "arrow": arrow(record),
        "names": names,
        "metrics": metrics,
        "warnings": record.get("warnings") or [],
        "verdict": wording.verdict(record),
        "predicts": record.get("selected") or NET,
        "headline": headline(record, metrics),
        "ladder": sections.ladder(record),
        "table": sections.judgements(record),
        "targets": [target(slot, found, names, data) for slot, found in (evidence.get("targets") or {}).items()],
        "calibration": sections.calibration(record.get("calibration") or {}),
        "doubts": doubts.section(run.doubt),
        "trust": trusted.section(run.findings, run.spent),
        "samples": evidence.get("samples") or {},
        "worst": evidence.get("worst") or {},
        "written": evidence.get("written") or [],
        "roles": roles(record, evidence),
        "charts": figures.learning(record, run.history),
        "cut": wording.cut(record),
        "layers": sections.health(record.get("layers") or []),
        "phases": sections.phases(record.get("cost") or {}),
        "command": wording.as_command(record),
        "python": wording.as_python(record),
    }


def arrow(record: Mapping[str, Any]) -> tuple[str, str]:
    """The task's arrow and what it does, from its file's first line; its bare name where this copy has no such task."""
    word = str((record.get("options") or {}).get("task", ""))
    line = catalogue("tasks").get(word, wording.title(word))
    ends, colon, does = line.partition(": ")
    return (ends.replace("->", "→"), wording.capital(does)) if colon else ("", wording.capital(line))


def headline(record: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]) -> wording.Measured | None:
    """The first metric of the model that predicts; None where nothing was judged."""
    model = record.get("selected") or NET
    results = record.get("results") or []
    found = [one for one in results if one.get("model") == model]
    if not found or not metrics:
        return None
    return wording.measured(metrics[0], wording.of(found[0], metrics[0]), wording.digits(metrics[0], results))


def named(record: Mapping[str, Any]) -> dict[str, str]:
    """Slot -> what the user calls it."""
    columns = (record.get("claim") or {}).get("columns") or {}
    return {slot: column for slot, column in columns.items() if isinstance(column, str)}


def roles(record: Mapping[str, Any], evidence: Mapping[str, Any]) -> dict[str, list[str]]:
    """Column -> the sides on which it is used: input, target; its slot's name where the side is not known."""
    sides = {one["slot"]: one["side"] for one in (evidence.get("samples") or {}).get("columns") or []}
    found: dict[str, list[str]] = {}
    for slot, one in ((record.get("claim") or {}).get("columns") or {}).items():
        for name in [one] if isinstance(one, str) else one or []:
            found.setdefault(name, [])
            if (side := sides.get(slot, slot)) not in found[name]:
                found[name].append(side)
    return found


def target(slot: str, found: Mapping[str, Any], names: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """One target with its drawings."""
    name, kind = names.get(slot, slot), found.get("kind")
    shown: dict[str, Any] = {"name": name, "kind": kind, "found": found}
    if kind == "category":
        balance = sections.balance(found, list(data.get("shares") or []))
        shown |= {"balance": balance, "classes": sections.each_class(found)}
    return shown | {key: draw(found, name) for key, (needs, draw) in DRAWINGS.items() if needs <= set(found)}


def pictured(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether examples are pictures, which stand side by side rather than in a table."""
    return any(str(cell.get("html", "")).startswith("<img ") for cell in rows[0].get("cells", ()))
