"""Real runs to report on: every task that there is, on its own example, and one on data that mean harm."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import brainwright as bw
from brainwright.catalogue import catalogue, find
from brainwright.data.table import Column, Kind, Table
from brainwright.tasks.task import Task

SHORT = {"steps": 8, "evaluations": 3, "threads": 1, "device": "cpu", "checkpoint": 0}
HARM = "<script>alert('x')</script>"
HARMS = [HARM, '"><img src=x onerror=alert(1)>', "</td></table><h1>x", "{{ 7 * 7 }}{% raw %}", "a|b`c`*d*\n# e"]


@pytest.fixture(scope="session", params=sorted(catalogue("tasks")))
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run of one task on its own example."""
    table = find("tasks", request.param, Task).example()
    out = tmp_path_factory.mktemp("runs")
    return bw.train(table, quiet=True, task=request.param, out=str(out), name=request.param, **SHORT).folder


@pytest.fixture(scope="session")
def harmful_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose column names, cells, classes, source and name are all written to break out of a page."""
    draw = np.random.default_rng(0)
    width = draw.normal(size=120)
    columns = {
        HARM: Column(width, Kind.NUMBER, HARM),
        HARMS[1]: Column(np.array(HARMS, object)[draw.integers(0, len(HARMS), 120)], Kind.CATEGORY, HARMS[1]),
        "kind": Column(np.where(width > 0, HARM, "</style><b>").astype(object), Kind.CATEGORY, HARMS[3]),
    }
    table = Table.of(columns, source=HARM)
    out = tmp_path_factory.mktemp("runs")
    options = {**SHORT, "task": "tabular-classification", "target": "kind", "out": str(out), "name": "<b onclick=x>"}
    return bw.train(table, quiet=True, **options).folder


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    """`copy(folder)`: a run's folder that may be changed, without its net."""

    def copied(folder: Path) -> Path:
        target = tmp_path / "run"
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.safetensors", "checkpoints", "*.parquet"))
        return target

    return copied


@pytest.fixture
def change() -> Callable[..., None]:
    """`change(file, edit)`: a JSON file read, edited in place and written again."""

    def changed(file: Path, edit: Callable[[dict], object]) -> None:
        content = json.loads(file.read_text(encoding="utf-8"))
        edit(content)
        file.write_text(json.dumps(content), encoding="utf-8")

    return changed
