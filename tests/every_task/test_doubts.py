"""Every task's run says what it doubts: calibrated probabilities, sets or intervals, silence; or why it cannot."""

import json
from pathlib import Path

import pytest

import brainwright as bw
from brainwright.catalogue import catalogue, find
from brainwright.tasks.task import Task
from brainwright.trust.doubt import FACTS

SHORT = {"steps": 8, "evaluations": 2, "threads": 1, "device": "cpu", "checkpoint": 0}


@pytest.mark.parametrize("word", sorted(catalogue("tasks")))
def test_every_task_says_what_it_doubts_or_why_it_cannot(word: str, tmp_path: Path) -> None:
    table = find("tasks", word, Task).example()
    run = bw.train(table, quiet=True, task=word, out=str(tmp_path), **SHORT)
    found = json.loads((run.folder / FACTS).read_text(encoding="utf-8"))
    assert all(one["says"] and one["what"] for one in found["findings"])
    calibration = run.record["calibration"]
    assert calibration["reason"] and calibration["temperature"] > 0
    assert ("test" in calibration) == (found["kind"] == "classes"), "what it did is said where there are probabilities"
    asked = table if any(slot.name in run.kept.claim.columns for slot in run.kept.task.slots()) else 2
    if not found["kind"]:
        assert any(one["verdict"] == "missing" for one in found["findings"])
        with pytest.raises(bw.Fault, match="no sets and intervals"):
            run.predict(asked, level=0.9)
        return
    plain, bounded = run.predict(asked), bw.load(run.folder).predict(asked, level=0.9)
    assert len(plain) == len(bounded)
    for one, other in zip(plain, bounded, strict=True):
        assert {name: other[name] for name in one} == one
        assert "set" in other or {"low", "high"} <= set(other)
    json.dumps(bounded, allow_nan=False)
    if found["kind"] != "classes":
        with pytest.raises(bw.Fault, match="without probabilities"):
            run.predict(asked, abstain=0.1)
