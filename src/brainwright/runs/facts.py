"""Facts: what a run's record says about its data, its net, its metrics and its cost."""

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from brainwright.data.batching import batch_of, generator_of
from brainwright.data.examples import Portion
from brainwright.data.finding import flaws
from brainwright.metrics.metric import Metric
from brainwright.models.describing import describe
from brainwright.runs.gate import said
from brainwright.runs.preparing import Prepared
from brainwright.tasks.task import Task
from brainwright.training.devices import Place, hardware, peak_memory
from brainwright.training.energy import Meter
from brainwright.training.health import layers

FINGERPRINT_ROWS = 4096  # read at a time, so that sliding views stay views


def opening_record(ready: Prepared, source: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """What is known before the first step."""
    table = ready.table
    allowed = flaws(ready.config.choices.allow)
    notice = [ready.task.notice] if ready.task.notice else []
    columns = {name: {"kind": column.kind, "reason": column.reason} for name, column in table.columns.items()}
    return {
        "brainwright": version("brainwright"),
        "begun": time.strftime("%Y-%m-%d %H:%M:%S"),
        "source": str(Path(source).resolve()) if isinstance(source, str | Path) else table.source,
        "asked": dict(options),
        "options": ready.config.flat(),
        "backbone": ready.config.backbone.word() if ready.task.backbones else "",
        "decisions": [asdict(decision) for decision in ready.decisions],
        "claim": asdict(ready.claim),
        "data": {
            "rows": len(table),
            "columns": columns,
            "shares": {name: len(portion) for name, portion in ready.shares.items()},
            "split": list(ready.split),
            "notes": list(table.notes),
            "findings": [
                {"severity": one.severity, "flaw": one.flaw, "text": one.text, "allowed": one.flaw in allowed}
                for one in ready.findings
            ],
            "allowed": list(allowed),
            "fingerprint": fingerprint(ready.shares),
        },
        "environment": hardware(),
        "warnings": [*notice, *(said(one, allowed) for one in ready.findings if one.severity != "note")],
        "results": [],
        "finished": False,
    }


def fingerprint(shares: Mapping[str, Portion]) -> str:
    """A short digest of every share: of its encoded numbers or, where they were decoded, of what from and how."""
    digest = blake2b(digest_size=16)
    for portion in shares.values():
        for name in sorted(portion.encoded):
            if name in portion.examples.digests:
                digest.update(portion.fields.fitted[name].recipe.encode())
                digest.update(portion.examples.digests[name].tobytes())
                continue
            for start in range(0, len(portion), FINGERPRINT_ROWS):
                rows = np.arange(start, min(start + FINGERPRINT_ROWS, len(portion)))
                values = np.ascontiguousarray(portion.encoded[name].take(rows).values)
                digest.update(values.tobytes())
    return digest.hexdigest()


def described(task: Task, net: nn.Module, train: Portion) -> dict[str, Any]:
    """Layers, parameters and operations of the net, on two examples."""
    batch = batch_of(task.slots(), train, np.arange(min(2, len(train))), generator_of(0))
    return asdict(describe(net.eval(), lambda: task.predict(net, batch), len(batch)))


def health(task: Task, net: nn.Module, train: Portion, at: Place) -> list[dict[str, Any]]:
    """Gradient and activation of every layer on the first training examples."""
    batch = batch_of(task.slots(), train, np.arange(min(64, len(train))), generator_of(0))
    return [asdict(layer) for layer in layers(task, net, batch, at)]


def metric_facts(metric: Metric) -> dict[str, Any]:
    """How to read a metric in tables."""
    doc = sys.modules[type(metric).__module__].__doc__ or ""
    return {
        "name": metric.word(),
        "higher_is_better": metric.higher_is_better,
        "percent": metric.percent,
        "meaning": doc.partition("\n")[0],
    }


def cost(meter: Meter, prepared: float, trained: float) -> dict[str, Any]:
    """Seconds of each phase, the most memory the process held, and the energy in watt-hours."""
    return {
        "prepare_seconds": prepared - meter.clock,
        "train_seconds": trained - prepared,
        "judge_seconds": time.monotonic() - trained,
        "processor_seconds": time.process_time(),
        "peak_memory_mb": peak_memory(),
        "energy": asdict(meter.used(peak_memory())),
    }
