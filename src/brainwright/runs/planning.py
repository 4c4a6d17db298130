"""Planning: what a training would decide and cost, from a few real steps; and what the data check finds."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from brainwright.config import made
from brainwright.data.checking import check
from brainwright.data.finding import Finding
from brainwright.data.splitting import Splitting
from brainwright.data.table import Table
from brainwright.runs.facts import described
from brainwright.runs.pacing import paced
from brainwright.runs.preparing import aim_of, inputs_of, prepare, understood
from brainwright.runs.telling import Silent, Teller
from brainwright.tasks.task import Decision
from brainwright.training.budget import plan
from brainwright.training.devices import peak_memory
from brainwright.training.energy import Energy, Meter
from brainwright.training.job import Job
from brainwright.training.limits import Limit, limit
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
    limit: Limit
    """Of a step, looks not included."""
    energy: Energy
    """Of all steps and looks, floors and report not."""
    peak_memory_mb: float
    """With a whole step and a whole look done: what training needs."""


def inspect(source: Any, options: Mapping[str, Any]) -> Inspection:
    """Open, infer and check the data.

    Raises:
        Fault: they cannot be opened, or no task fits.
    """
    table, kind, claim = understood(source, options, Silent())
    splitting = made(Splitting, {name: value for name, value in options.items() if name in Splitting.model_fields})
    shared = splitting.given(table)[0]
    findings = check(shared, aim_of(kind, claim), inputs_of(kind, claim))
    return Inspection(table, kind.word(), aim_of(kind, claim), findings)


def forecast(source: Any, options: Mapping[str, Any], tell: Teller) -> Forecast:
    """Measure real steps and a real look at the validation share, and lay them out over the plan.

    Raises:
        Fault: as for a training.
    """
    ready = prepare(source, options, tell)
    torch.manual_seed(ready.config.training.seed)
    net = ready.task.build(ready.fields, ready.config.backbone)
    ready.task.before_training(net)
    ready, _ = paced(ready, net, tell)
    how = ready.config.training
    wanted = plan(how, len(ready.shares["train"]))
    with TemporaryDirectory() as scratch:
        job = Job(ready.task, ready.shares["train"], ready.shares["validation"], how, Path(scratch))
        loop = Loop(job, net)
        loop.plan = replace(loop.plan, total=max(PROBE, loop.plan.total))
        steps(loop, COLD)
        meter = Meter()
        per_step = steps(loop, PROBE - COLD) / (PROBE - COLD)
        look = looked(loop)
        probed, memory = time.monotonic() - meter.clock, peak_memory()
        used = meter.used(memory)
        found = limit(loop, per_step)
    looks = wanted.total / wanted.every
    full = per_step * wanted.total + looks * look
    fitting = wanted.fitted(wanted.total, full, how.seconds)
    seconds = full * fitting.total / wanted.total
    return Forecast(
        ready.task.word(),
        ready.decisions,
        described(ready.task, loop.net, ready.shares["train"])["parameters"],
        fitting.total,
        wanted.total,
        seconds,
        found,
        used.times(seconds / probed),
        memory,
    )


def steps(loop: Loop, count: int) -> float:
    """Seconds of so many real steps."""
    started = time.monotonic()
    for _ in range(count):
        loop.advance()
    loop.at.wait()
    return time.monotonic() - started


def looked(loop: Loop) -> float:
    """Seconds of a real look at the validation share."""
    started = time.monotonic()
    loop.look()
    loop.at.wait()
    return time.monotonic() - started
