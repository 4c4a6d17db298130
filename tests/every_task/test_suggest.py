"""Every task's run suggests what to label next, or says why nobody labels its examples."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import brainwright as bw
from brainwright.catalogue import catalogue, find
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.tasks.task import Task
from brainwright.trust.suggestions import columns, judge, suggested, why_not


@pytest.mark.parametrize("word", sorted(catalogue("tasks")))
def test_a_run_suggests_what_to_label_or_says_why_not(word: str, tmp_path: Path) -> None:
    table = find("tasks", word, Task).example()
    options = {"task": word, "steps": 8, "threads": 1, "checkpoint": 0}
    run = bw.train(table, quiet=True, out=str(tmp_path), name="run", **options).kept
    if why := why_not(run):
        assert "label" in why
        return
    ready = prepare(table, options, Silent())
    try:
        mind = judge(run, ready.shares["validation"])
    except bw.Fault as fault:
        if "no examples can be compared" not in str(fault):
            raise
        return
    pool = replace(table, shares=np.full(len(table), 3, np.uint8)).without(*columns(run, "target"))
    found, among = suggested(mind, pool, 7)
    assert among >= len(found) == min(7, among)
    assert len({one.where for one in found}) == len(found)
    doubts = [one.doubt for one in found]
    assert doubts == sorted(doubts, reverse=True) and np.isfinite(doubts).all()
    assert all(one.cells and one.said for one in found)
