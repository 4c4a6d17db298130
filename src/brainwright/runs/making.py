"""Making a run: from a path and options to a trained, judged net in a folder. The split comes before any choice."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from brainwright.config import Choices, Config, made
from brainwright.data.batching import batch_of, generator_of
from brainwright.data.checking import Finding, check
from brainwright.data.examples import Examples, Portion
from brainwright.data.opening import open_table
from brainwright.data.slots import Fields
from brainwright.data.table import Share, Table
from brainwright.errors import Fault
from brainwright.models.describing import describe
from brainwright.runs.evidence import gather
from brainwright.runs.inference import infer
from brainwright.runs.predictions import write_predictions
from brainwright.runs.record import CHECKPOINTS, EVIDENCE, FLOORS, HISTORY, PREDICTIONS, RECORD, free_folder, write_json
from brainwright.runs.results import NET, Contender, Ground, best_of, contender, judge_floor, save_floors, warnings
from brainwright.runs.run import Run
from brainwright.runs.telling import Teller
from brainwright.tasks.task import Claim, Decision, Task
from brainwright.training.checkpoints import write_whole
from brainwright.training.devices import hardware, peak_memory
from brainwright.training.evaluation import Evaluated, evaluate
from brainwright.training.health import layers
from brainwright.training.loop import Job, Loop
from brainwright.training.recipe import recipe

FINGERPRINT_ROWS = 4096  # read at a time, so that sliding views stay views
SHARES = {"train": Share.TRAIN, "validation": Share.VALIDATION, "test": Share.TEST}


@dataclass(frozen=True)
class Prepared:
    """All that is settled before the first step."""

    table: Table
    claim: Claim
    config: Config
    decisions: Sequence[Decision]
    findings: Sequence[Finding]
    split: Sequence[str]
    """How the shares were made, one reason a line."""
    shares: Mapping[str, Portion]
    fields: Fields

    @property
    def task(self) -> Task:
        """The task, within its techniques."""
        return self.config.task()


def prepare(source: Any, options: Mapping[str, Any], tell: Teller) -> Prepared:
    """Open, claim, check, split, fit fields on the training share, encode, decide.

    Raises:
        Fault: anything the user can mend.
    """
    words = made(Choices, {name: value for name, value in options.items() if name in Choices.model_fields})
    table = open_table(source, words.columns)
    for note in table.notes:
        tell.line(note)
    kind, claim = infer(table, words.target, words.task)
    tell.line(f"task      {kind.word()}: {claim.why}")
    config = Config.of({**options, "task": kind.word()})
    aims = [slot.name for slot in config.task().slots() if slot.side == "target"]
    aim = next((name for slot in aims if isinstance(name := claim.columns.get(slot), str)), "")
    findings = check(table, aim)
    stop = [finding for finding in findings if finding.severity == "stop"]
    for finding in findings:
        if finding.severity != "stop":
            (tell.warn if finding.severity == "warn" else tell.line)(finding.text)
    if stop:
        raise Fault(stop[0].text if len(stop) == 1 else "; ".join(finding.text for finding in stop))
    table, reasons = config.splitting.divide(table, aim, config.training.seed)
    for reason in reasons:
        tell.line(f"split     {reason}")
    task = config.task()
    shares, fields = encoded(task, task.examples(table, claim))
    config, decisions = config.decided([*task.decide(shares["train"]), *recipe(shares["train"])])
    for decision in decisions:
        tell.line(f"decided   {decision.option} = {decision.value}: {decision.reason}")
    return Prepared(table, claim, config, decisions, findings, reasons, shares, fields)


def encoded(task: Task, examples: Examples) -> tuple[dict[str, Portion], Fields]:
    """Fields fitted on the training share alone, and every share encoded by them.

    Raises:
        Fault: a share is empty.
    """
    parts = {name: examples.share(share) for name, share in SHARES.items()}
    for name, part in parts.items():
        if not len(part):
            raise Fault(f"the {name} share is empty", "bring more rows, or other --validation-share and --test-share")
    fields = Fields.fit(task.slots(), parts["train"].values)
    return {name: Portion.of(task.slots(), fields, part) for name, part in parts.items()}, fields


def train(source: Any, options: Mapping[str, Any], tell: Teller) -> Run:
    """Make a run. Ctrl-C ends the training early and keeps what was learned; the record says so.

    Raises:
        Fault: anything the user can mend.
    """
    began = time.monotonic()
    ready = prepare(source, options, tell)
    folder = free_folder(ready.config.choices.out, ready.config.choices.name, ready.table.source)
    record = opening_record(ready, source, options)
    write_json(folder / RECORD, record)
    return finish(ready, folder, record, tell, began)


def resume(folder: Path, record: Mapping[str, Any], options: Mapping[str, Any], tell: Teller) -> Run:
    """Go on with a run from its checkpoint, bit for bit; `options` may ask for more epochs or a longer budget.

    Raises:
        Fault: the data are gone or changed, or there is no checkpoint.
    """
    began = time.monotonic()
    asked = {**record["options"], **options}
    ready = prepare(record["source"], asked, tell)
    fresh = opening_record(ready, record["source"], {**record["asked"], **options})
    if fresh["data"]["fingerprint"] != record["data"]["fingerprint"]:
        raise Fault(f"{record['source']} has changed since {folder} was begun", "bring the old data back, or train anew")
    fresh["decisions"] = record["decisions"]
    return finish(ready, folder, fresh, tell, began, again=True)


def finish(
    ready: Prepared, folder: Path, record: dict[str, Any], tell: Teller, began: float, again: bool = False
) -> Run:
    """Train, judge on the test share beside the floors, and write everything down."""
    config, task = ready.config, ready.task
    torch.manual_seed(config.training.seed)
    net = task.build(ready.fields, config.backbone)
    job = Job(task, ready.shares["train"], ready.shares["validation"], config.training, folder / CHECKPOINTS)
    loop = Loop(job, net)
    if again:
        loop.restore()
    record["net"] = described(task, net, ready.shares["train"])
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
        "layers": health(task, net, ready.shares["train"], loop),
        "cost": cost(began, prepared, trained),
    }
    run = Run(folder, config, ready.claim, ready.fields, net, grounds, record)
    leave(run, ready, loop, judged["test"])
    return run


def driven(loop: Loop, tell: Teller) -> bool:
    """Run the loop to its end; True when the user broke it off."""
    try:
        for moment in loop.run():
            tell.moment(moment)
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


def opening_record(ready: Prepared, source: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """What is known before the first step."""
    table = ready.table
    columns = {name: {"kind": column.kind, "reason": column.reason} for name, column in table.columns.items()}
    return {
        "brainwright": version("brainwright"),
        "begun": time.strftime("%Y-%m-%d %H:%M:%S"),
        "source": str(Path(source).resolve()) if isinstance(source, str | Path) else table.source,
        "asked": dict(options),
        "options": ready.config.flat(),
        "decisions": [asdict(decision) for decision in ready.decisions],
        "claim": asdict(ready.claim),
        "data": {
            "rows": len(table),
            "columns": columns,
            "shares": {name: len(portion) for name, portion in ready.shares.items()},
            "split": list(ready.split),
            "notes": list(table.notes),
            "findings": [{"severity": one.severity, "text": one.text} for one in ready.findings],
            "fingerprint": fingerprint(ready.shares),
        },
        "environment": hardware(),
        "warnings": [one.text for one in ready.findings if one.severity == "warn"],
        "results": [],
    }


def fingerprint(shares: Mapping[str, Portion]) -> str:
    """A short digest of every encoded number of every share: the same data and split give the same."""
    digest = blake2b(digest_size=16)
    for portion in shares.values():
        for name in sorted(portion.encoded):
            for start in range(0, len(portion), FINGERPRINT_ROWS):
                rows = np.arange(start, min(start + FINGERPRINT_ROWS, len(portion)))
                digest.update(np.ascontiguousarray(portion.encoded[name].take(rows).values))
    return digest.hexdigest()


def described(task: Task, net: nn.Module, train: Portion) -> dict[str, Any]:
    """Layers, parameters and operations of the net, on two examples."""
    batch = batch_of(task.slots(), train, np.arange(min(2, len(train))), generator_of(0))
    return asdict(describe(net.eval(), lambda: task.predict(net, batch), len(batch)))


def health(task: Task, net: nn.Module, train: Portion, loop: Loop) -> list[dict[str, Any]]:
    """Gradient and activation of every layer on the first training examples."""
    batch = batch_of(task.slots(), train, np.arange(min(64, len(train))), generator_of(0))
    return [asdict(layer) for layer in layers(task, net, batch, loop.at)]


def metric_facts(metric: Any) -> dict[str, Any]:
    """How to read a metric in tables."""
    doc = sys.modules[type(metric).__module__].__doc__ or ""
    return {
        "name": metric.word(),
        "higher_is_better": metric.higher_is_better,
        "percent": metric.percent,
        "meaning": doc.partition("\n")[0],
    }


def cost(began: float, prepared: float, trained: float) -> dict[str, float]:
    """Seconds of each phase, and the most memory the process held."""
    return {
        "prepare_seconds": prepared - began,
        "train_seconds": trained - prepared,
        "judge_seconds": time.monotonic() - trained,
        "processor_seconds": time.process_time(),
        "peak_memory_mb": peak_memory(),
    }
