"""Making a run: from a path and options to a trained, judged net in a folder. The split comes before any choice."""

import json
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from brainwright.data.batching import spread
from brainwright.errors import Fault
from brainwright.metrics.metric import Metric
from brainwright.runs.calibrating import calibrated, losses, recast, told, truth_of
from brainwright.runs.evidence import gather
from brainwright.runs.facts import cost, described, health, metric_facts, opening_record
from brainwright.runs.pacing import paced
from brainwright.runs.predictions import write_predictions
from brainwright.runs.preparing import Prepared, prepare
from brainwright.runs.readiness import ready_to_train, strange
from brainwright.runs.record import (
    CHECKPOINTS,
    EVIDENCE,
    FLOORS,
    HISTORY,
    PREDICTIONS,
    RECORD,
    free_folder,
    make_folder,
    plain,
    write_json,
)
from brainwright.runs.results import NET, Contender, Ground, best_of, contender, judge_floor, save_floors, warnings
from brainwright.runs.run import Run
from brainwright.runs.stopping import heeding
from brainwright.runs.telling import Teller
from brainwright.runs.writing import samples
from brainwright.tasks.task import Task
from brainwright.training.checkpoints import sweep, write_whole
from brainwright.training.crew import joined
from brainwright.training.devices import place
from brainwright.training.evaluation import Evaluated, evaluate
from brainwright.training.evaluation import judged as rejudged
from brainwright.training.job import Job
from brainwright.training.limits import limit
from brainwright.training.loop import STATE, Loop
from brainwright.training.watch import Watch

HASTE = 5.0  # seconds for judging each share of a run that was broken off, about
WORTH_ASKING = 30.0  # seconds of training, of which finding its limits takes about one
TRIED = 64  # examples judged to learn how many those seconds bear


def train(source: Any, options: Mapping[str, Any], tell: Teller) -> tuple[Run, Prepared]:
    """Make a run, and say what it was made from.

    Ctrl-C ends the training early and keeps what was learned; the record says so.

    Raises:
        Fault: anything the user can mend.
        Stopped: SIGTERM, or a second Ctrl-C: the run can be gone on with.
    """
    ready = prepare(source, options, tell)
    folder = free_folder(ready.config.choices.out, ready.config.choices.name, ready.table.source)
    make_folder(folder)
    record = opening_record(ready, source, options)
    write_json(folder / RECORD, record)
    return finish(ready, folder, record, tell)


def resume(folder: Path, record: Mapping[str, Any], options: Mapping[str, Any], tell: Teller) -> tuple[Run, Prepared]:
    """Go on with a run from its checkpoint, bit for bit; `options` may ask for more epochs or a longer budget.

    A run that was ended before its first checkpoint begins anew, as it was asked for and decided.

    Raises:
        Fault: the data are gone or changed, or the run is finished and nothing more was asked for.
    """
    if record.get("finished") and not options:
        done = record["steps"]["done"]
        raise Fault(f"{folder} is finished: {done:,} steps were made", "ask for more: --epochs, --steps or --budget")
    sweep(folder)
    asked = {**record["options"], **options}
    ready = prepare(record["source"], asked, tell)
    fresh = opening_record(ready, record["source"], {**record["asked"], **options})
    if fresh["data"]["fingerprint"] != record["data"]["fingerprint"]:
        raise Fault(
            f"{record['source']} has changed since {folder} was begun", "bring the old data back, or train anew"
        )
    for name, value in fresh["environment"].items():
        if (was := record["environment"].get(name)) != value:
            tell.warn(f"{name} was {was!r} and is now {value!r}: the run goes on, but not to the last bit")
    kept = {name: record[name] for name in ("decisions", "results")}  # the old results stand until there are new ones
    return finish(ready, folder, {**record, **fresh, **kept}, tell)


def finish(ready: Prepared, folder: Path, record: dict[str, Any], tell: Teller) -> tuple[Run, Prepared]:
    """Train, judge on the test share beside the floors, and write everything down."""
    with heeding(folder) as signals:
        task = ready.task
        torch.manual_seed(ready.config.training.seed)
        net = task.build(ready.fields, ready.config.backbone)
        if not (folder / CHECKPOINTS / STATE).is_file():
            record |= begun(task, net, tell)
        record["net"] = described(task, net, ready.shares["train"])
        ready, found = paced(ready, net, tell)
        record |= {"options": ready.config.flat(), "decisions": [*record["decisions"], *map(asdict, found)]}
        write_json(folder / RECORD, record)  # whoever goes on with this run must decide nothing anew
        ready_to_train(ready, net, folder, record, tell)
        how, shares = ready.config.training, ready.shares
        crew = joined(place(how).device)
        job = Job(task, shares["train"], shares["validation"], how, folder / CHECKPOINTS, ready.table.where, crew)
        loop = Loop(job, net)
        if loop.restore():
            tell.line(f"resumed   after step {loop.step:,} of {loop.plan.total:,}")
            record["warnings"] = [*record["warnings"], *loop.notes]
        prepared = time.monotonic()
        signals.loops.append(loop)
        watch = driven(loop, folder, record, tell)
        signals.loops.clear()
        if signals.heard == signal.SIGTERM:
            raise signals.stopped(f"stopped after step {loop.step:,} of {loop.plan.total:,}", signals.heard)
        record |= {"interrupted": bool(signals.heard)}
        return concluded(ready, loop, folder, record, (tell, prepared, watch)), ready


def begun(task: Task, net: nn.Module, tell: Teller) -> dict[str, Any]:
    """Put in weights that were learned elsewhere, if the run begins with such, and say from where they came."""
    found = task.before_training(net)
    if not found:
        return {}
    fresh = f"; fresh are {', '.join(found['fresh'])}" if found["fresh"] else ""
    tell.line(f"weights   {found['numbers']:,} numbers from {found['weights']} ({found['licence']}){fresh}")
    return {"begun_from": found}


def concluded(
    ready: Prepared, loop: Loop, folder: Path, record: dict[str, Any], since: tuple[Teller, float, Watch]
) -> Run:
    """Judge the net beside the floors and write everything down; of a run that was broken off what can be afforded."""
    tell, prepared, watch = since
    task, config = ready.task, ready.config
    net = loop.result()
    trained = time.monotonic()
    missing: list[str] = []
    if record["interrupted"]:
        ready, missing = hastened(ready, net, loop)
    judged = {name: evaluate(task, net, ready.shares[name], loop.at) for name in ("validation", "test")}
    rows = {name: one.rows for name, one in judged.items()}
    contenders = [contender(NET, "net", task.metrics(), rows, trained - prepared)]
    grounds = {} if record["interrupted"] else stood_beside(task, ready, contenders, tell)
    first = task.metrics()[0]
    said = [*missing, *strange(watch, ready, net, loop.at, judged["validation"]), *warnings(contenders, first)]
    for warning in said:
        tell.warn(warning)
    answering = settled(ready, judged, contenders, grounds)
    record |= {
        "results": [asdict(one) for one in contenders],
        **answering,
        "metrics": [metric_facts(metric) for metric in task.metrics()],
        "warnings": [*record["warnings"], *said],
        "finished": not record["interrupted"],
        "steps": {"done": loop.step, "planned": loop.plan.total, "epoch": loop.step / loop.plan.per_epoch},
        "examples_at_a_time": loop.micro or config.training.batch_size,
        "layers": health(task, net, ready.shares["train"], loop.at),
        "cost": cost(ready.meter, prepared, trained) | {"limit": limits(loop, trained - prepared, tell)},
    }
    run = Run(folder, config, ready.claim, ready.fields, net, grounds, record)
    leave(run, ready, loop, judged["test"])
    return run


def settled(
    ready: Prepared, judged: dict[str, Evaluated], contenders: list[Contender], grounds: Mapping[str, Ground]
) -> dict[str, Any]:
    """Who answers, and the temperature of its scores; what was judged of it before is put right in place."""
    task, config = ready.task, ready.config
    shares = {name: ready.shares[name] for name in judged}
    selected = best_of(contenders, task.metrics()[0]).model if config.choices.select == "best" else NET
    raw = {name: one.prediction for name, one in judged.items()}
    if selected != NET:
        raw = {name: grounds[selected].answer(portion) for name, portion in shares.items()}
    truth = {name: truth_of(task, portion) for name, portion in shares.items()}
    found = calibrated(raw["validation"], truth["validation"], config.training.seed)
    said = {name: recast(one, found.temperature) for name, one in raw.items()}
    if selected != NET or found.temperature != 1.0:
        place = next(index for index, one in enumerate(contenders) if one.model == selected)
        rows = {name: rejudged(task, said[name], portion) for name, portion in shares.items()}
        old = contenders[place]
        contenders[place] = contender(old.model, old.kind, task.metrics(), rows, old.seconds)
        judged |= {name: replace(judged[name], prediction=said[name], rows=rows[name]) for name in said}
    if selected != NET:
        metric = task.metrics()[0]
        judged |= {name: replace(judged[name], losses=lost(metric, judged[name], truth[name])) for name in said}
    return {"selected": selected, "calibration": told(found, raw["test"], truth["test"])}


def lost(metric: Metric, judged: Evaluated, truth: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """How wrong a floor is on each example [N]: its log-loss where it gives probabilities, else the metric's word."""
    if judged.prediction.scores is not None and truth is not None:
        return losses(judged.prediction.scores.double().numpy(), truth, 1.0)
    sign = -1.0 if metric.higher_is_better else 1.0
    rows = judged.rows[metric.word()]
    return sign * np.array([metric.value(rows[place : place + 1]) for place in range(len(rows))])


def limits(loop: Loop, seconds: float, tell: Teller) -> dict[str, Any]:
    """How far the training stayed below what the machine allows; {} where it was too short to be worth asking."""
    if seconds < WORTH_ASKING or not loop.step:
        return {}
    found = limit(loop, loop.seconds / loop.step)
    tell.line(f"limit     {found.told}")
    return {**asdict(found), "binds": found.binds, "fraction": found.fraction}


def hastened(ready: Prepared, net: nn.Module, loop: Loop) -> tuple[Prepared, list[str]]:
    """Shares as large as can be judged in seconds, spread evenly over the whole ones; and what is left out."""
    started = time.monotonic()
    tried = ready.shares["validation"].take(spread(len(ready.shares["validation"]), TRIED))
    evaluate(ready.task, net, tried, loop.at)
    room = max(TRIED, int(HASTE * len(tried) / (time.monotonic() - started)))
    shares = dict(ready.shares)
    missing = "the simpler models were not fitted"
    for name in ("validation", "test"):
        if len(shares[name]) > room:
            missing += f", {room:,} of {len(shares[name]):,} {name} examples were judged"
            shares[name] = shares[name].take(spread(len(shares[name]), room))
    return replace(ready, shares=shares), [f"broken off, so {missing}: --resume finishes it"]


def driven(loop: Loop, folder: Path, record: dict[str, Any], tell: Teller) -> Watch:
    """Run the loop to its end, or to its next step where it is told to stop; what is said is written down at once."""
    watch = Watch(len(loop.seats))
    try:
        for moment in loop.run():
            said = [*moment.said, *watch.see(moment)]
            for warning in said:
                tell.warn(warning)
            if said:
                record["warnings"] = [*record["warnings"], *said]
                write_json(folder / RECORD, record)
            tell.moment(moment)
        loop.save()
    finally:
        tell.done()
    return watch


def stood_beside(task: Task, ready: Prepared, contenders: list[Contender], tell: Teller) -> dict[str, Ground]:
    """Fit every floor on the training share and judge it on the same examples as the net."""
    grounds = {}
    shares = {name: ready.shares[name] for name in ("validation", "test")}
    for floor in task.floors(ready.fields):
        if 0 < floor.most < len(ready.shares["train"]):
            tell.line(f"floor     {floor.word()} learns from {floor.most:,} of {len(ready.shares['train']):,} examples")
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
    lines = "".join(json.dumps(plain(line)) + "\n" for line in loop.log.lines)
    write_whole(run.folder / HISTORY, lines.encode())
    write_predictions(run.folder / PREDICTIONS, run, ready.shares["test"], ready.table, judged)
    evidence = gather(run.task, ready.shares, judged, ready.table)
    write_json(run.folder / EVIDENCE, {**evidence, "written": samples(run)})
    write_json(run.folder / RECORD, run.record)
