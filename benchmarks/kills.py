"""Kills in the long form: trainings of all tasks killed again and again, compared with ones left alone; one JSON line.

    python benchmarks/kills.py [--kills 1000] [--seed 0]

Every other kill falls inside a save: on a drawn call of open, write, fsync or rename. The others fall on an instant.
"""

import argparse
import json
import platform
import random
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from exactness.trials import CALLS, STEPS, Server, digest, killed_run, logged_once  # noqa: E402
from trial import TASKS  # noqa: E402


def main() -> None:
    """Kill, go on, compare."""
    words = argparse.ArgumentParser(description="Kill trainings and compare their ends with ones left alone.")
    words.add_argument("--kills", type=int, default=1000)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--minutes", type=float, default=60.0, help="stop after so many, whatever was asked")
    asked = words.parse_args()
    started, draw, kills, runs, wrong = time.monotonic(), random.Random(asked.seed), Counter(), 0, []
    with TemporaryDirectory() as home:
        server, alone = Server(Path(home)), {}
        for word in TASKS:
            folder = Path(home) / word
            folder.mkdir()
            answer = server.ask(word=word, folder=folder)
            assert answer["status"] == 0, word
            alone[word] = digest(folder), answer["seconds"]
        while kills.total() < asked.kills and time.monotonic() - started < asked.minutes * 60:
            word = TASKS[runs % len(TASKS)]
            folder = Path(home) / f"{word}-{runs}"
            folder.mkdir()
            kills.update(killed_run(server, {"word": word, "folder": folder}, draw, alone[word][1], CALLS))
            runs += 1
            if digest(folder) != alone[word][0] or not logged_once(folder):
                wrong.append(folder.name)
        server.close()
    told = {
        "what": "kills", "kills": kills.total(), "inside_a_save": kills["call"], "runs": runs, "wrong": wrong,
        "tasks": len(TASKS), "steps": STEPS, "seed": asked.seed, "seconds": round(time.monotonic() - started),
        "torch": torch.__version__, "python": platform.python_version(), "processor": platform.machine(),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
