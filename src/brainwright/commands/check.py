"""Look for what is wrong with the data before any training: brainwright check DATA [--target COLUMN]"""

import json
from collections.abc import Sequence

from brainwright.errors import EXIT_FAULT
from brainwright.flags import read
from brainwright.runs.planning import inspect


def main(words: Sequence[str]) -> int:
    """Print how the columns were read and the findings; 2 when a training would refuse."""
    asked = read(words, ("json", "help")).only(("target", "columns", "task"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    seen = inspect(asked.one("data"), asked.options)
    columns = {name: (str(column.kind), column.reason) for name, column in seen.table.columns.items()}
    findings = [(str(finding.severity), finding.text) for finding in seen.findings]
    if "json" in asked.switches:
        report = {"task": seen.task, "target": seen.target, "rows": len(seen.table), "columns": columns}
        print(json.dumps(report | {"findings": findings}))
    else:
        print(f"{seen.table.source}: {len(seen.table):,} rows, for {seen.task}")
        for name, (kind, reason) in columns.items():
            print(f"  {name:24}{kind:10}{reason}")
        for note in seen.table.notes:
            print(f"  {note}")
        for severity, text in findings or [("fine", "nothing odd was found")]:
            print(f"{severity:8}{text}")
    return EXIT_FAULT if any(severity == "stop" for severity, _ in findings) else 0
