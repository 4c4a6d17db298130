"""Readiness: preflight before a long run, told and kept in its record; and what was strange during and after it."""

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from brainwright.data.batching import batch_of, generator_of, spread
from brainwright.runs.preparing import Prepared
from brainwright.runs.record import CHECKPOINTS, RECORD, write_json
from brainwright.runs.telling import Teller
from brainwright.training.budget import plan
from brainwright.training.devices import Place
from brainwright.training.evaluation import Evaluated, evaluate
from brainwright.training.health import dead
from brainwright.training.job import Job
from brainwright.training.learner import Learner
from brainwright.training.loop import STATE
from brainwright.training.preflight import LONG, MOST, PART, Preflight, preflight, refuse
from brainwright.training.subject import SAMPLE, Subject
from brainwright.training.watch import Watch

PROBE = 3  # steps that are timed, after one that is not: first steps allocate


def ready_to_train(ready: Prepared, net: nn.Module, folder: Path, record: dict[str, Any], tell: Teller) -> None:
    """Preflight as the user asked for it, told and written into the record; none where a checkpoint is gone on with.

    Raises:
        Fault: it found what no run can come to good with.
    """
    how = ready.config.training
    begun = (folder / CHECKPOINTS / STATE).is_file()
    if begun or how.preflight == "off" or (how.preflight == "auto" and how.seconds < LONG):
        return
    job = Job(ready.task, ready.shares["train"], ready.shares["validation"], how, folder)
    expected = predicted(job, net)
    if how.preflight == "auto" and expected < LONG:
        return
    most = MOST if how.preflight == "on" else min(MOST, PART * expected)
    found = preflight(Subject(job, net, ready.config.backbone, time.monotonic() + most))
    record["preflight"] = {"expected_seconds": expected, **found.told()}
    record["warnings"] = [*record["warnings"], *(one.line() for one in found.found("doubtful"))]
    write_json(folder / RECORD, record)
    told(found, tell)
    refuse(found)


def predicted(job: Job, net: nn.Module) -> float:
    """Seconds that the training will take, the looks at the validation share left out, from real steps of a copy."""
    state = torch.get_rng_state()
    loop = Learner(job, deepcopy(net))
    wanted = plan(job.how, len(job.train))
    loop.plan = replace(wanted, total=max(PROBE + 1, wanted.total))
    loop.advance()
    loop.at.wait()
    started = time.monotonic()
    for _ in range(PROBE):
        loop.advance()
    loop.at.wait()
    torch.set_rng_state(state)
    return min(job.how.seconds, (time.monotonic() - started) / PROBE * wanted.total)


def told(found: Preflight, tell: Teller) -> None:
    """One line for all that is well, one for each doubt; what failed is told by the fault that follows."""
    passed, left = len(found.found("passed")), len(found.found("left out"))
    later = f", {left} left out for want of time" if left else ""
    tell.line(f"preflight {passed} of {len(found.checks)} checks passed in {found.seconds:.1f} s{later}")
    for one in found.found("doubtful"):
        tell.warn(f"preflight: {one.line()}")


def strange(watch: Watch, ready: Prepared, net: nn.Module, at: Place, judged: Evaluated) -> Sequence[str]:
    """What was strange at the end of a training: answers, losses, silent layers; `judged` is the validation share."""
    train = ready.shares["train"]
    learned = evaluate(ready.task, net, train.take(spread(len(train), SAMPLE)), at)
    said = watch.after(ready.task, learned, judged)
    batch = batch_of(ready.task.slots(), train, spread(len(train), 64), generator_of(0))
    if silence := dead(ready.task, net, batch, at):
        said.append(f"dead layer: nearly all outputs of {silence} are zero for every example; lower --lr")
    return said
