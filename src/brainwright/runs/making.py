"""Making a run: from a path and options to a trained, judged net in a folder. The split comes before any choice."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from brainwright.data.batching import batch_of, generator_of
from brainwright.errors import Fault
from brainwright.runs.evidence import gather
from brainwright.runs.facts import cost, described, health, metric_facts, opening_record
from brainwright.runs.predictions import write_predictions
from brainwright.runs.preparing import Prepared, prepare
from brainwright.runs.record import CHECKPOINTS, EVIDENCE, FLOORS, HISTORY, PREDICTIONS, RECORD, free_folder, write_json
from brainwright.runs.results import NET, Contender, Ground, best_of, contender, judge_floor, save_floors, warnings
from brainwright.runs.run import Run
from brainwright.runs.telling import Teller
from brainwright.tasks.task import Decision, Task
from brainwright.training.checkpoints import write_whole
from brainwright.training.devices import place
from brainwright.training.evaluation import Evaluated, evaluate
from brainwright.training.loop import Job, Loop
from brainwright.training.pace import quickest_threads


def train(source: Any, options: Mapping[str, Any], tell: Teller) -> Run:
    """Make a run. Ctrl-C ends the training early and keeps what was learned; the record says so.

    Raises:
        Fault: anything the user can mend.
    """
    ready = prepare(source, options, tell)
    folder = free_folder(ready.config.choices.out, ready.config.choices.name, ready.table.source)
    record = opening_record(ready, source, options)
    write_json(folder / RECORD, record)
    return finish(ready, folder, record, tell)


def resume(folder: Path, record: Mapping[str, Any], options: Mapping[str, Any], tell: Teller) -> Run:
    """Go on with a run from its checkpoint, bit for bit; `options` may ask for more epochs or a longer budget.

    Raises:
        Fault: the data are gone or changed, or there is no checkpoint.
    """
    asked = {**record["options"], **options}
    ready = prepare(record["source"], asked, tell)
    fresh = opening_record(ready, record["source"], {**record["asked"], **options})
    if fresh["data"]["fingerprint"] != record["data"]["fingerprint"]:
        raise Fault(
            f"{record['source']} has changed since {folder} was begun", "bring the old data back, or train anew"
        )
    fresh["decisions"] = record["decisions"]
    return finish(ready, folder, fresh, tell, again=True)


def finish(ready: Prepared, folder: Path, record: dict[str, Any], tell: Teller, again: bool = False) -> Run:
    """Train, judge on the test share beside the floors, and write everything down."""
    task = ready.task
    torch.manual_seed(ready.config.training.seed)
    net = task.build(ready.fields, ready.config.backbone)
    record["net"] = described(task, net, ready.shares["train"])
    ready = paced(ready, net, record, tell)
    config = ready.config
    job = Job(task, ready.shares["train"], ready.shares["validation"], config.training, folder / CHECKPOINTS)
    loop = Loop(job, net)
    if again:
        loop.restore()
    prepared = time.monotonic()
    interrupted = driven(loop, tell)
    net = loop.result()
    trained = time.monotonic()
    judged = {name: evaluate(task, net, ready.shares[name], loop.at) for name in ("validation", "test")}
    rows = {name: one.rows for name, one in judged.items()}
    contenders = [contender(NET, "net", task.metrics(), rows, trained - prepared)]
    grounds = stood_beside(task, ready, contenders)
    first = task.metrics()[0]
    said = warnings(contenders, first)
    for warning in said:
        tell.warn(warning)
    record |= {
        "results": [asdict(one) for one in contenders],
        "selected": best_of(contenders, first).model if config.choices.select == "best" else NET,
        "metrics": [metric_facts(metric) for metric in task.metrics()],
        "warnings": [*record["warnings"], *said],
        "interrupted": interrupted,
        "steps": {"done": loop.step, "planned": loop.plan.total, "epoch": loop.step / loop.plan.per_epoch},
        "layers": health(task, net, ready.shares["train"], loop.at),
        "cost": cost(ready.began, prepared, trained),
    }
    run = Run(folder, config, ready.claim, ready.fields, net, grounds, record)
    leave(run, ready, loop, judged["test"])
    return run


def paced(ready: Prepared, net: nn.Module, record: dict[str, Any], tell: Teller) -> Prepared:
    """The threads decided by measuring, where the user left them open: written down, for they change the last bits."""
    how = ready.config.training
    at = place(how)
    if how.threads or at.device.type != "cpu":
        return ready
    rows = ready.task.sampler(ready.shares["train"], how.batch_size, how.seed)(0)
    batch = batch_of(ready.task.slots(), ready.shares["train"], rows, generator_of(how.seed))
    threads, reason = quickest_threads(ready.task, net, batch, at)
    decision = Decision("threads", threads, reason)
    tell.line(f"decided   threads = {threads}: {reason}")
    config, _ = ready.config.decided([decision])
    record["options"] = config.flat()
    record["decisions"] = [*record["decisions"], asdict(decision)]
    return replace(ready, config=config, decisions=[*ready.decisions, decision])


def driven(loop: Loop, tell: Teller) -> bool:
    """Run the loop to its end; True when the user broke it off."""
    try:
        for moment in loop.run():
            tell.moment(moment)
        loop.save()  # so that more epochs can be asked for
    except KeyboardInterrupt:
        loop.save()
        if not loop.best:
            loop.look()
        return True
    finally:
        tell.done()
    return False


def stood_beside(task: Task, ready: Prepared, contenders: list[Contender]) -> dict[str, Ground]:
    """Fit every floor on the training share and judge it on the same examples as the net."""
    grounds = {}
    shares = {name: ready.shares[name] for name in ("validation", "test")}
    for floor in task.floors(ready.fields):
        started = time.monotonic()
        ground = Ground(floor, floor.fit(ready.shares["train"]))
        grounds[floor.word()] = ground
        contenders.append(judge_floor(task, ground, shares, time.monotonic() - started))
    return grounds


def leave(run: Run, ready: Prepared, loop: Loop, judged: Evaluated) -> None:
    """Write the run's files; the record last, so that a finished record means a whole run."""
    run.save()
    if run.floors:
        save_floors(run.folder / FLOORS, run.floors)
    lines = "".join(json.dumps(line) + "\n" for line in loop.history)
    write_whole(run.folder / HISTORY, lines.encode())
    write_predictions(run.folder / PREDICTIONS, run, ready.shares["test"], ready.table, judged)
    write_json(run.folder / EVIDENCE, gather(run.task, ready.shares, judged, ready.table))
    write_json(run.folder / RECORD, run.record)
