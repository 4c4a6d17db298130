"""Start-up: processor seconds of `--help`, of `list`, and of a whole small run against `import torch` plus its steps.

python benchmarks/startup.py [ROUNDS]        (one JSON line: medians of 3 rounds, user and system time together)
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

from brainwright.training.devices import hardware

ROUNDS = 3
STEPS = """
import json, pathlib, sys, time
from brainwright.commands.demo import digits
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.training.job import Job
from brainwright.training.loop import Loop
import torch
ready = prepare(digits(), {"threads": 1}, Silent())
torch.manual_seed(0)
net = ready.task.build(ready.fields, ready.config.backbone)
job = Job(ready.task, ready.shares["train"], ready.shares["validation"], ready.config.training, pathlib.Path())
loop = Loop(job, net)
started = time.process_time()
for _ in range(loop.plan.total):
    loop.advance()
print(time.process_time() - started)
"""  # the training steps of the demo alone, as the loop makes them


def spent(words: list[str], folder: str) -> tuple[float, str]:
    """Processor seconds of a process, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main() -> None:
    """All cases, interleaved."""
    cases = {
        "help": [sys.executable, "-m", "brainwright", "--help"],
        "list": [sys.executable, "-m", "brainwright", "list"],
        "import_torch": [sys.executable, "-c", "import torch"],
        "digits_run": [sys.executable, "-m", "brainwright", "demo", "--quiet", "--threads", "1"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in [*cases, "digits_steps"]}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
            for name, words in cases.items():
                seconds[name].append(spent(words, folder)[0])
            seconds["digits_steps"].append(float(spent([sys.executable, "-c", STEPS], folder)[1]))
    middle = {name: statistics.median(times) for name, times in seconds.items()}
    line = {
        "case": "startup",
        "processor_seconds": {name: round(value, 3) for name, value in middle.items()},
        "rounds": len(seconds["help"]),
        "digits_run_over_torch_and_steps": middle["digits_run"] / (middle["import_torch"] + middle["digits_steps"]),
        "wanted": {"digits_run_over_torch_and_steps": 1.3, "help": 0.3, "list": 0.3},
        "hardware": hardware(),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
