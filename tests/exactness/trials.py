"""Trials: a process that has loaded everything forks a child for each training, so that one more costs no start."""

import contextlib
import importlib
import json
import math
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from brainwright.__main__ import main
from brainwright.training import learner, loop, saving, state
from brainwright.training.checkpoints import read_tensors
from brainwright.training.devices import Place
from exactness.breaking import observed
from trial import Trial

TESTS = Path(__file__).resolve().parents[1]
STEPS = 24
CALLS = 6 * STEPS  # that change the disk, in a run left alone, about
KILLS_A_RUN = 4
OPTIONS = {
    "lr": 0.2,
    "steps": STEPS,
    "evaluations": 6,
    "ema": 0.9,
    "checkpoint": 1e-6,
    "batch_size": 8,
    "schedule": "constant",
}
"""Short, with a save as often as one fits; a high rate makes the looks go up and down."""


# ---- the child ----------------------------------------------------------------------------------


def ended_at(number: int) -> Callable[[str], None]:
    """Counts calls, and ends the process by SIGKILL at one of them; 0 = never."""
    count = 0

    def told(word: str) -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return told


def train(word: str, folder: Path, call: int, bug: str) -> None:
    """Train a task on its own example to the end, or to the call that ends it; go on from what is in the folder."""
    saving.SHARE = math.inf  # saves as often as they fit: the share of time that they take is another test's
    loop.QUIET, loop.MOMENTS = 0.0, STEPS // 3  # after any step, also between two lines of the log
    if bug:
        BUGS[bug]()
    trial = prepared(word)
    running = trial.loop(folder, **OPTIONS)
    with observed(ended_at(call), folder):
        running.restore()
        for _ in running.run():
            pass
        running.save()


@cache
def prepared(word: str) -> Trial:
    """A task's own example, opened and encoded once."""
    return Trial(word)


def command(words: list[str], fail: tuple[int, int], folder: Path) -> int:
    """Run the command line; the n-th call that changes a disk fails. Its calls and words stand in the folder."""
    calls: list[str] = []

    def told(call: str) -> None:
        calls.append(call)
        if len(calls) == fail[0]:
            raise OSError(fail[1], os.strerror(fail[1]))

    said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    with observed(told, folder):
        code = main(words)
    sys.stdout.flush()
    (folder / "calls.json").write_text(json.dumps(calls))
    (folder / "modules.json").write_text(json.dumps(list(sys.modules)))
    return code


# ---- bugs that a resume may have ----------------------------------------------------------------

taken_up = learner.Learner.take_up


def after_resume(change: Callable[[learner.Learner], Any]) -> None:
    """A resume that does everything, and then something wrong."""

    def wrong(self: learner.Learner, tensors: Any, facts: Any) -> None:
        taken_up(self, tensors, facts)
        change(self)

    learner.Learner.take_up = wrong  # type: ignore[method-assign]


def no_optimizer() -> None:
    """The optimizers begin anew."""
    state.remind = lambda optimizer, tensors: None


def no_average() -> None:
    """The averaged net begins at the net."""
    after_resume(lambda self: self.average.net.load_state_dict(self.net.state_dict()))


def step_off() -> None:
    """One step is made twice."""
    after_resume(lambda self: setattr(self, "step", self.step - 1))


def chance_of_process() -> None:
    """Random numbers hang on how long the process has run."""
    torch.default_generator.manual_seed(0)
    Place.seed = lambda self, number: None  # type: ignore[method-assign]


def best_lost() -> None:
    """The best net so far is forgotten."""

    def forget(self: learner.Learner) -> None:
        self.best, self.best_value, self.stale = {}, math.nan, 0

    after_resume(forget)


def log_doubled() -> None:
    """The last line of the log is written again."""
    after_resume(lambda self: self.log.lines.extend(self.log.lines[-1:]))


def open_lost() -> None:
    """Steps since the last line are left out of the next one."""
    after_resume(lambda self: setattr(self.log, "open", self.log.open[:0]))


BUGS = {
    one.__name__: one
    for one in (no_optimizer, no_average, step_off, chance_of_process, best_lost, log_doubled, open_lost)
}


# ---- the server ---------------------------------------------------------------------------------


def serve() -> None:
    """Fork a child for each line that is asked; answer with how it ended, after how many seconds."""
    for line in sys.stdin:
        asked = json.loads(line)
        if "word" in asked:
            prepared(asked["word"])
        started = time.monotonic()
        child = os.fork()
        if not child:
            born(asked)
        if asked.get("seconds"):
            handle = os.pidfd_open(child)
            if not select.select([handle], [], [], asked["seconds"])[0]:
                os.kill(child, signal.SIGKILL)
            os.close(handle)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if (Path(asked["folder"]) / "modules.json").is_file():
            load(Path(asked["folder"]) / "modules.json")
        print(json.dumps({"status": status, "seconds": time.monotonic() - started}), flush=True)


def load(names: Path) -> None:
    """What a child had to load is there for the next one."""
    for name in json.loads(names.read_text()):
        if name not in sys.modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def born(asked: Mapping[str, Any]) -> None:
    """What a child does; it never comes back."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # the answers are the server's
        if "words" in asked:
            code = command(asked["words"], tuple(asked["fail"]), Path(asked["folder"]))
        else:
            train(asked["word"], Path(asked["folder"]), asked.get("call", 0), asked.get("bug", ""))
            code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


class Server:
    """The process that forks, seen from the test."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        environment["PYTHONPATH"] = os.pathsep.join([str(TESTS), *sys.path])
        words = [sys.executable, "-c", "from exactness.trials import serve; serve()"]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
        )

    def ask(self, **asked: Any) -> dict[str, Any]:
        """One trial; {"status": exit code, or minus the signal, "seconds"}."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked, default=str) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


# ---- what is compared ---------------------------------------------------------------------------


def digest(folder: Path) -> str:
    """SHA-256 of all that a checkpoint holds, save how long it took."""
    tensors, facts = read_tensors(folder / loop.STATE)
    del facts["seconds"]
    found = sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(tensors):
        found.update(name.encode() + tensors[name].contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def logged_once(folder: Path) -> bool:
    """Whether the lines of the log follow one another, each over the steps since the one before."""
    tensors, facts = read_tensors(folder / loop.STATE)
    ends = [0]
    for line in facts["lines"]:
        if line["step"] - ends[-1] != line["steps"]:
            return False
        ends.append(line["step"])
    return len(set(ends)) == len(ends) and ends[-1] + len(tensors["log"]) == facts["step"]


def killed_run(server: Server, asked: dict[str, Any], draw: random.Random, seconds: float, calls: int) -> list[str]:
    """Train in one folder until it ends by itself, killed again and again; where each kill fell, "call" or "instant".

    Every other kill falls on a call that changes the disk, drawn from `calls`; the others on an instant.
    """
    kills: list[str] = []
    for number in range(KILLS_A_RUN):
        inside = number % 2 == 0
        how = {"call": draw.randint(1, calls)} if inside else {"seconds": draw.uniform(0.02, seconds)}
        status = server.ask(**asked, **how)["status"]
        if status == 0:
            return kills
        assert status == -signal.SIGKILL, f"{asked} ended with {status}"
        kills.append("call" if inside else "instant")
    assert server.ask(**asked)["status"] == 0
    return kills
