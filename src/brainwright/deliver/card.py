"""Card: what a run is, how good, for what and for what not, in Markdown that travels with the model."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainwright.deliver.report import Told, arrow, told
from brainwright.deliver.trusted import section
from brainwright.deliver.wording import (
    as_command,
    as_python,
    clock,
    count,
    digits,
    large,
    measured,
    of,
    percent,
    title,
    verdict,
)
from brainwright.training.checkpoints import write_whole

CARD = "card.md"
MARKS = re.compile(r"([\\`*_\[\]|~])")  # what Markdown would read as something else, wherever it stands in a line
WORST_CLASSES = 5  # named among the limits
WORST_FINDINGS = 10  # that are said in words


def write_card(folder: Path) -> Path:
    """Write the model card of a run from its folder; the same folder gives the same file.

    Raises:
        Fault: the folder holds no run, or a damaged one.
    """
    path = folder / CARD
    write_whole(path, written(told(folder)).encode())
    return path


def written(run: Told) -> str:
    """The whole card."""
    sections = {
        "What it does": does(run),
        "How good it is": good(run.record),
        "What was looked into": looked(run),
        "Data": data(run.record),
        "Meant for, and limits": limits(run),
        "How to use it": use(run),
        "How it was made": making(run.record),
        "Licence": [
            "Not chosen yet: state here under which licence the model may be used, and whether the data allow it."
        ],
    }
    parts = [
        f"# {safe(run.folder.resolve().name)}",
        *(f"## {head}\n\n" + "\n".join(lines) for head, lines in sections.items()),
    ]
    return "\n\n".join(parts) + "\n"


def safe(text: Any) -> str:
    """The user's words as plain text on one line: neither Markdown nor HTML."""
    line = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MARKS.sub(r"\\\1", line)


def fenced(language: str, text: str) -> list[str]:
    """A block of code whose fence is longer than any in it."""
    fence = "`" * max(3, 1 + max((len(ticks) for ticks in re.findall(r"`+", text)), default=0))
    return [f"{fence}{language}", text, fence]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; its cells are safe already."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def looked(run: Told) -> list[str]:
    """Each kind of finding with its verdicts; what failed in words; and what nobody looked into."""
    found = section(run.findings, run.spent)
    said = [f"- {safe(kind['title'])}: {kind['told']}" for kind in found["kinds"]]
    failed = [one for kind in found["kinds"] for one in kind["rows"] + kind["more"] if one["verdict"] == "failed"]
    said += [f"  - {safe(one['what'])}: {safe(one['says'])}" for one in failed[:WORST_FINDINGS]]
    return said + [f"- {safe(one['title'])}: not looked into (`{one['command']}`)" for one in found["absent"]]


def does(run: Told) -> list[str]:
    """The task, what goes in and what comes out."""
    ends, line = arrow(run.record)
    columns = (run.record.get("claim") or {}).get("columns") or {}
    said = [f"{safe(line)}{f' ({safe(ends)})' if ends else ''}", ""]
    for slot, names in columns.items():
        listed = [names] if isinstance(names, str) else list(names or [])
        said.append(f"- {safe(slot)}: {', '.join(safe(name) for name in listed)}")
    for slot, found in (run.evidence.get("targets") or {}).items():
        if found.get("classes"):
            shown = ", ".join(safe(word) for word in found["classes"][:30])
            more = f" and {len(found['classes']) - 30} more" if len(found["classes"]) > 30 else ""
            said.append(f"- classes of {safe(columns.get(slot, slot))}: {shown}{more}")
    return said


def good(record: Mapping[str, Any]) -> list[str]:
    """Verdict, then net and floors with intervals."""
    said = [safe(sentence) for sentence in verdict(record)]
    metrics, results = record.get("metrics") or [], record.get("results") or []
    if not metrics or not results:
        return said
    rows = []
    for one in results:
        words = [measured(metric, of(one, metric), digits(metric, results)) for metric in metrics]
        cells = [f"{word.value} ({word.interval})" if word.interval else word.value for word in words]
        kind = "" if one.get("kind") == "net" else f" ({safe(one.get('kind', ''))})"
        rows.append([f"{safe(title(str(one['model'])))}{kind}", *cells])
    head = ["model", *(f"{safe(title(m['name']))} {'↑' if m.get('higher_is_better') else '↓'}" for m in metrics)]
    return [
        " ".join(said),
        "",
        *table(head, rows),
        "",
        "In brackets: 95 % intervals over the test examples (Wilson for shares of right answers, else bootstrap).",
    ]


def data(record: Mapping[str, Any]) -> list[str]:
    """Source, size, split, findings."""
    facts = record.get("data") or {}
    said = [f"- source: {safe(record.get('source') or 'not known')}", f"- rows: {count(facts.get('rows'))}"]
    shares = [f"{name} {count(number)}" for name, number in (facts.get("shares") or {}).items()]
    said.append(f"- shares: {', '.join(shares) or 'not known'}")
    said += [f"- split: {safe(line)}" for line in facts.get("split") or []]
    for one in facts.get("findings") or []:
        spite = " and trained in spite of it" if one.get("allowed") and one["severity"] == "stop" else ""
        said.append(f"- found{spite}: {safe(one['text'])}")
    return [*said, f"- fingerprint of data and split: {safe(facts.get('fingerprint') or 'not known')}"]


def limits(run: Told) -> list[str]:
    """What the figures above hold for, what they do not say, and where the model errs most."""
    said = [
        "- Meant for examples from the source of the training data; elsewhere, judge it first: `brainwright evaluate`.",
        "- Not examined: fairness between groups, robustness to damage or attack, drift over time.",
        "- A person should look at decisions that matter to other people.",
    ]
    said += [f"- Warning: {safe(warning)}" for warning in run.record.get("warnings") or []]
    if run.record.get("interrupted"):
        said.append("- The training was broken off before its end.")
    for found in (run.evidence.get("targets") or {}).values():
        weak = sorted(
            (right / n, word)
            for word, n, right in zip(
                found.get("classes") or [],
                (found.get("counts") or {}).get("test") or [],
                found.get("right") or [],
                strict=False,
            )
            if n
        )
        if weak and weak[0][0] < 1:
            named = ", ".join(f"{safe(word)} ({percent(share)})" for share, word in weak[:WORST_CLASSES] if share < 1)
            said.append(f"- Classes found least often: {named}.")
    return said


def use(run: Told) -> list[str]:
    """On the command line and in Python."""
    folder = run.folder.name or "RUN"
    return [
        *fenced("sh", f"brainwright predict {folder} NEW_DATA --to answers.csv"),
        "",
        *fenced("python", f"import brainwright as bw\n\nrun = bw.load({folder!r})\nrun.predict(new_data)"),
    ]


def making(record: Mapping[str, Any]) -> list[str]:
    """Net, cost, environment, and the command that repeats it."""
    net, spent, options = (record.get(key) or {} for key in ("net", "cost", "options"))
    machine = record.get("environment") or {}
    said = [
        f"- net: {safe(record.get('backbone') or 'not known')}, {large(net.get('parameters'))} parameters",
        f"- training: {clock(spent.get('train_seconds'))}, begun {safe(record.get('begun') or 'not known')}",
        f"- made with: brainwright {safe(record.get('brainwright') or 'not known')}",
        f"- seed: {safe(options.get('seed', 'not known'))}",
        *(f"- {safe(name)}: {safe(value)}" for name, value in machine.items()),
        "",
    ]
    again = as_command(record)
    return [*said, *(fenced("sh", again) if again else fenced("python", as_python(record)))]
