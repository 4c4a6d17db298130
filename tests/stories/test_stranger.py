"""A stranger's task, as CONTRIBUTING.md shows it: ONE file in a package of its own trains, reports and predicts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
(TASK,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL)


def package(home: Path) -> None:
    """What `pip install` of a stranger's package would leave on the path."""
    (home / "larger/tasks").mkdir(parents=True)
    (home / "larger/__init__.py").write_text('"""A stranger\'s parts."""\n')
    (home / "larger/tasks/__init__.py").write_text('"""Tasks."""\n')
    (home / "larger/tasks/larger_number.py").write_text(TASK)
    facts = home / "larger-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: larger\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[brainwright.parts]\nlarger = larger\n")


def run(home: Path, *words: str) -> str:
    path = os.pathsep.join([str(home), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "brainwright", *words], cwd=home, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_file_is_a_task(tmp_path):
    package(tmp_path)
    assert "larger-number" in run(tmp_path, "list", "tasks")
    rows = "\n".join(f"{i % 7},{i % 5},{max(i % 7, i % 5)}" for i in range(400))
    (tmp_path / "pairs.csv").write_text(f"left,right,larger\n{rows}\n")
    said = json.loads(run(tmp_path, "train", "pairs.csv", "--json", "--epochs", "60", "--lr", "0.01"))
    values = {one["model"]: one["test"]["mae"][0] for one in said["results"]}
    assert values["net"] < values["mean"] / 2
    assert (tmp_path / said["run"] / "report.html").stat().st_size > 5_000
    (tmp_path / "asked.csv").write_text("left,right\n1,6\n")
    answer = json.loads(run(tmp_path, "predict", said["run"], "asked.csv", "--json"))
    assert abs(answer["larger"] - 6) < 1
