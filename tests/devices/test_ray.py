"""The page's own example under Ray, on a cluster of this machine; skipped where Ray is not installed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="Ray is not installed (the extra `cluster`)")

PAGE = Path(__file__).parents[2] / "docs/processes.md"
ROWS = "\n".join(f"{area},{area % 5},{3 * area + 10 * (area % 5)}" for area in range(60, 360))


@pytest.mark.network
@pytest.mark.slow
def test_processes_that_ray_starts_train_together(tmp_path):
    (example,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "houses.csv").write_text(f"area,rooms,price\n{ROWS}")
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("0 [") == 2, done.stdout + done.stderr
    record = json.loads((tmp_path / "runs/rays/run.json").read_text())
    assert record["finished"]
