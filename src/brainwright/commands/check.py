"""Look for what is wrong with the data: brainwright check DATA [--target COLUMN], or check --labels RUN"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from brainwright import api
from brainwright.data.finding import Severity, flaws
from brainwright.errors import EXIT_FAULT
from brainwright.flags import read
from brainwright.runs.gate import said
from brainwright.runs.planning import inspect
from brainwright.runs.record import plain

OPTIONS = ("target", "columns", "task", "labels", "split", "group", "time", "allow")


def main(words: Sequence[str]) -> int:
    """Print how the columns were read and the findings; 2 when a training would refuse.

    --labels RUN instead ranks the labels that a finished run was made from by how wrong they look.
    """
    asked = read(words, ("json", "help")).only(OPTIONS)
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if "labels" in asked.options:
        return labels(asked.options["labels"], "json" in asked.switches)
    seen = inspect(asked.one("data"), asked.options)
    columns = {name: (str(column.kind), column.reason) for name, column in seen.table.columns.items()}
    allowed = flaws(asked.options.get("allow", ""))
    findings = [(str(one.severity), str(one.flaw), said(one, allowed)) for one in seen.findings]
    if "json" in asked.switches:
        report = {"task": seen.task, "target": seen.target, "rows": len(seen.table), "columns": columns}
        print(json.dumps(report | {"findings": findings}))
    else:
        print(f"{seen.table.source}: {len(seen.table):,} rows, for {seen.task}")
        for name, (kind, reason) in columns.items():
            print(f"  {name:24}{kind:10}{reason}")
        for note in seen.table.notes:
            print(f"  {note}")
        for severity, flaw, text in findings or [("fine", "", "nothing odd was found")]:
            print(f"{severity:6}{flaw:15}{text}")
    stopped = any(one.severity == Severity.STOP and one.flaw not in allowed for one in seen.findings)
    return EXIT_FAULT if stopped else 0


def labels(folder: str, as_json: bool) -> int:
    """Print what looks wrong among the labels of a run, and where the pictures are."""
    found, page = api.load(folder).check_labels(quiet=as_json)
    if as_json:
        print(json.dumps(plain(asdict(found))))
        return 0
    print(found.says)
    if found.verdict != "missing":
        print(page)
    return 0
