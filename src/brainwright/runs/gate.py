"""Gate: what a training must not start with stops it, unless the user allows it; what is allowed is told and kept."""

from collections.abc import Iterable, Sequence

import numpy as np

from brainwright.data.finding import FATAL, Finding, Flaw, Severity
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.runs.telling import Teller


def passed(table: Table, findings: Iterable[Finding], allowed: Sequence[Flaw], tell: Teller) -> Table:
    """Say what was found; the table without the rows that cannot be learned from and that are allowed, or are few.

    Raises:
        Fault: something that a training must not start with and that is not allowed.
    """
    kept = np.ones(len(table), bool)
    stop = []
    for finding in findings:
        if finding.severity == Severity.STOP and finding.flaw not in allowed:
            stop.append(finding)
            continue
        if finding.severity == Severity.NOTE:
            tell.line(f"data      {finding.text}")
        else:
            tell.warn(said(finding, allowed))
        if finding.useless and finding.severity != Severity.NOTE:
            kept[finding.rows] = False
    if stop:
        words = ",".join(dict.fromkeys(one.flaw.value for one in stop if one.flaw not in FATAL))
        way = f"--allow {words} trains all the same" if words and not any(one.flaw in FATAL for one in stop) else ""
        raise Fault("; ".join(one.text for one in stop), way)
    return table if kept.all() else table.take(kept)


def said(finding: Finding, allowed: Sequence[Flaw]) -> str:
    """What was found, in words for the run's record, with what was allowed."""
    if finding.severity != Severity.STOP or finding.flaw not in allowed:
        return finding.text
    left = f"; its {len(finding.rows):,} rows are left out" if finding.useless else ""
    return f"{finding.text} [allowed by --allow {finding.flaw}{left}]"
