"""Memory stays flat however much is decoded: everything that touches all pictures before, in and after training."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIDE, FEW, TIMES = 224, 360, 4  # few are enough to fill the pieces that are decoded at a time
GROWTH = 1.15
SCRIPT = """
import sys
from brainwright.data import cache, entries
from brainwright.data.batching import in_order
from brainwright.runs.facts import fingerprint
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.training.devices import peak_memory
entries.HELD = 0  # so that these few are treated as many
ready = prepare(sys.argv[1], {"cache": sys.argv[2], "cache_room": float(sys.argv[3])}, Silent())
task, shares = ready.task, ready.shares
for portion in shares.values():
    assert sum(len(batch) for batch in in_order(task.slots(), portion, 32)) == len(portion)
for floor in task.floors(ready.fields):
    state = floor.fit(shares["train"])
    assert len(floor.predict(state, shares["test"]).scores) == len(shares["test"])
assert fingerprint(shares)
print(peak_memory())
"""


def pictures(home: Path, count: int) -> Path:
    draw = np.random.default_rng(0)
    for index in range(count):
        place = home / ("light" if index % 2 else "dark")
        place.mkdir(parents=True, exist_ok=True)
        coarse = draw.integers(0, 160, (8, 8, 3), dtype=np.uint8) + np.uint8(80 * (index % 2))
        Image.fromarray(coarse).resize((SIDE, SIDE)).save(place / f"{index}.jpg")
    return home


def peak(source: Path, room: float) -> float:
    """MiB that a process over these pictures held at most."""
    words = [sys.executable, "-c", SCRIPT, str(source), str(source.parent / "cache"), str(room)]
    ended = subprocess.run(words, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return float(ended.stdout)


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="this system maps files instead, and mapped pages count")
def test_many_times_the_pictures_take_no_more_memory(tmp_path: Path) -> None:
    few, many = pictures(tmp_path / "few", FEW), pictures(tmp_path / "many", FEW * TIMES)
    once, cold, warm = peak(few, 1.0), peak(many, 1.0), peak(many, 1.0)
    assert max(cold, warm) < GROWTH * once
    assert peak(many, 0.0) > GROWTH * once, "held in memory they would take more: else this test sees nothing"
