"""Planning: what a training would decide and cost, from a few real steps; and what the data check finds."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from brainwright.data.checking import Finding, check
from brainwright.data.table import Table
from brainwright.runs.facts import described
from brainwright.runs.preparing import Prepared, prepare, understood
from brainwright.runs.telling import Silent, Teller
from brainwright.tasks.task import Decision
from brainwright.training.budget import plan
from brainwright.training.devices import peak_memory
from brainwright.training.job import Job
from brainwright.training.loop import Loop

PROBE = 12  # real steps measured
COLD = 4  # of them not counted: first steps allocate


@dataclass(frozen=True)
class Inspection:
    """The data as they were read, and what is odd about them."""

    table: Table
    task: str
    target: str
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Forecast:
    """What a training would do."""

    task: str
    decisions: Sequence[Decision]
    parameters: int
    steps: int
    """That fit into the budget."""
    wanted: int
    """That the epochs ask for."""
    seconds: float
    """Of training, validation looks included, floors and report not."""
    step_seconds: float
    peak_memory_mb: float


def inspect(source: Any, options: Mapping[str, Any]) -> Inspection:
    """Open, infer and check the data.

    Raises:
        Fault: they cannot be opened, or no task fits.
    """
    table, kind, aim = understood(source, options, Silent())
    return Inspection(table, kind.word(), aim, check(table, aim))


def forecast(source: Any, options: Mapping[str, Any], tell: Teller) -> Forecast:
    """Measure real steps and a real look at the validation share, and lay them out over the plan.

    Raises:
        Fault: as for a training.
    """
    ready = prepare(source, options, tell)
    how = ready.config.training
    wanted = plan(how, len(ready.shares["train"]))
    with TemporaryDirectory() as scratch:
        loop = probe(ready, Path(scratch))
        started = time.monotonic()
        loop.look()
        loop.at.wait()
        look = time.monotonic() - started
    per_step = loop.seconds / (PROBE - COLD)
    looks = wanted.total / wanted.every
    full = per_step * wanted.total + looks * look
    fitting = wanted.fitted(wanted.total, full, how.seconds)
    net = described(ready.task, loop.net, ready.shares["train"])
    return Forecast(
        ready.task.word(),
        ready.decisions,
        net["parameters"],
        fitting.total,
        wanted.total,
        full * fitting.total / wanted.total,
        per_step,
        peak_memory(),
    )


def probe(ready: Prepared, scratch: Path) -> Loop:
    """A loop that has made a few steps; its `seconds` are those of the counted ones."""
    how = ready.config.training
    torch.manual_seed(how.seed)
    net = ready.task.build(ready.fields, ready.config.backbone)
    loop = Loop(Job(ready.task, ready.shares["train"], ready.shares["validation"], how, scratch), net)
    loop.plan = replace(loop.plan, total=max(PROBE, loop.plan.total))
    for step in range(PROBE):
        if step == COLD:
            loop.at.wait()
            started = time.monotonic()
        loop.advance()
    loop.at.wait()
    loop.seconds = time.monotonic() - started
    return loop
