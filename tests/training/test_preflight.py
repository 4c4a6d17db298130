"""What preflight says of healthy set-ups and of planted mistakes."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch

from brainwright.catalogue import find
from brainwright.config import Config
from brainwright.errors import Fault
from brainwright.runs.preparing import encoded
from brainwright.tasks.task import Task
from brainwright.training.job import Job
from brainwright.training.preflight import Preflight, preflight, refuse
from brainwright.training.subject import Subject

SPARE = {"device": "cpu", "precision": "float32", "threads": 1, "steps": 400, "batch_size": 16}


def looked(word: str, **options: object) -> Preflight:
    """Preflight of a task on its own example."""
    kind = find("tasks", word, Task)
    table = kind.example()
    shares = np.arange(len(table)) * 5 // len(table)
    table = type(table)(table.columns, np.where(shares < 3, 0, shares - 2).astype(np.uint8), table.source)
    claim = kind.claim(table, "")
    assert claim is not None
    config = Config.of({"task": word, **SPARE, **options})
    task = config.task()
    parts, fields = encoded(task, task.examples(table, claim))
    torch.manual_seed(0)
    net = task.build(fields, config.backbone)
    job = Job(task, parts["train"], parts["validation"], config.training, Path("/nowhere"))
    return preflight(Subject(job, net, config.backbone, time.monotonic() + 300))


def test_a_healthy_run_is_let_go() -> None:
    found = looked("tabular-regression", width=32)
    assert [one.name for one in found.found("doubtful", "failed", "left out")] == []
    assert len(found.checks) > 15
    refuse(found)


@pytest.mark.parametrize(("option", "value", "cause"), [
    ("lr", 3.0, "rate too high"), ("lr", 1e-8, "rate too low"), ("weight_decay", 200.0, "weight decay"),
])  # fmt: skip
def test_wrong_options_are_named(option: str, value: float, cause: str) -> None:
    found = looked("tabular-regression", width=32, **{option: value})
    assert any(cause in one.cause for one in found.found("failed")), " | ".join(one.line() for one in found.checks)
    with pytest.raises(Fault, match=cause):
        refuse(found)
