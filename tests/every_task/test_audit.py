"""Every task's run can be audited by a group that its data tell, or says why not."""

from dataclasses import replace

import numpy as np
import pytest

import brainwright as bw
from brainwright.catalogue import catalogue, find
from brainwright.data.table import Column, Kind
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.tasks.task import Task
from brainwright.trust.case import Case
from brainwright.trust.fairness import Asked, audited


@pytest.mark.parametrize("word", sorted(catalogue("tasks")))
def test_a_run_is_audited_by_a_column_that_is_no_input(word: str, tmp_path: object) -> None:
    table = find("tasks", word, Task).example()
    who = np.where(np.arange(len(table)) // 7 % 2, "one", "other").astype(object)
    table = replace(table, columns={**table.columns, "who": Column(who, Kind.CATEGORY)})
    options = {"task": word, "steps": 8, "threads": 1, "checkpoint": 0, "leave_out": "who", "test_share": 0.4}
    run = bw.train(table, quiet=True, out=str(tmp_path), name="run", **options).kept
    assert "who" not in str(run.claim.columns)
    ready = prepare(table, options, Silent())
    found = audited(Case(run, ready.table, ready.shares), Asked(("who",), fewest=10))
    if not found.cells:
        (finding,) = found.findings
        assert finding.verdict == "missing" and finding.says
        return
    assert set(found.groups["who"]) == {"one", "other"}
    assert sum(found.groups["who"].values()) == found.count == len(ready.shares["test"])
    metrics = {metric.word() for metric in run.task.metrics()}
    assert metrics <= {one.measure for one in found.cells}
    assert {one.verdict for one in found.cells} <= {"gap", "no gap found", "too few data"}
