"""Signals and folders: Ctrl-C, SIGTERM and a folder that is removed end a training in one line, and it can go on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from brainwright import api
from brainwright.errors import Fault
from brainwright.runs.record import CHECKPOINTS
from exactness.trials import digest

LONG = ("--steps", "1000000", "--budget", "10m", "--threads", "1")
SECONDS = 30.0  # within which a signal must end a run


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"width": draw.normal(size=300), "height": draw.normal(size=300)})
    frame["label"] = np.where(frame["width"] + frame["height"] > 0, "large", "small")
    frame.to_csv(tmp_path / "a.csv", index=False)
    return tmp_path / "a.csv"


def heeding() -> None:
    """A process started in the background inherits deafness to Ctrl-C: undo it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def training(*words: str) -> subprocess.Popen[str]:
    """A training that has made its first steps."""
    running = subprocess.Popen(
        [sys.executable, "-m", "brainwright", "train", *words],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=heeding,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    for line in running.stderr:
        if line.startswith("step "):
            break
    return running


@pytest.mark.slow
def test_sigterm_ends_after_the_step_and_resume_goes_on(table):
    running = training(str(table), "--target", "label", "--name", "ended", *LONG)
    started = time.monotonic()
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=SECONDS)
    assert running.returncode == 143, said
    last = said.strip().splitlines()[-1]
    assert "Traceback" not in said and last.endswith("go on with it: brainwright train --resume runs/ended")
    assert time.monotonic() - started < SECONDS
    done = int(last.split("step ")[1].split(" of")[0].replace(",", ""))
    api.resume("runs/ended", quiet=True, steps=done + 7)
    record = json.loads(Path("runs/ended/run.json").read_text())
    assert record["finished"] and record["steps"]["done"] == done + 7


@pytest.mark.slow
def test_ctrl_c_leaves_a_usable_run_that_can_be_finished(table):
    running = training(str(table), "--target", "label", "--name", "broken", *LONG)
    started = time.monotonic()
    running.send_signal(signal.SIGINT)
    shown, said = running.communicate(timeout=SECONDS)
    assert running.returncode == 130 and time.monotonic() - started < SECONDS, said
    assert "simpler models were not fitted" in shown and "--resume" in shown
    run = api.load("runs/broken")
    assert run.predict({"width": 1.0, "height": 1.0})[0]["label"] in ("large", "small")
    assert run.record["interrupted"] and not run.record["finished"]
    assert "not fitted" in Path("runs/broken/report.html").read_text()
    again = api.resume("runs/broken", quiet=True, steps=run.record["steps"]["done"] + 3)
    assert len(again.record["results"]) > 1 and again.record["finished"] and not again.record["interrupted"]


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once(table):
    running = training(str(table), "--target", "label", "--name", "twice", *LONG)
    running.send_signal(signal.SIGINT)
    time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=SECONDS)
    assert running.returncode == 130 and "Traceback" not in said, said
    assert api.resume("runs/twice", quiet=True, steps=3).record["finished"]


def test_a_finished_run_says_so_and_takes_more_epochs(table):
    first = api.train(str(table), target="label", name="done", epochs=1, threads=1, quiet=True)
    with pytest.raises(Fault, match="is finished"):
        api.resume(first.folder, quiet=True)
    more = api.resume(first.folder, quiet=True, epochs=2)
    assert more.record["steps"]["done"] == 2 * first.record["steps"]["done"]


def test_a_run_without_a_checkpoint_begins_anew(table):
    first = api.train(str(table), target="label", name="bare", epochs=1, quiet=True)
    before = digest(first.folder / CHECKPOINTS)
    record = json.loads((first.folder / "run.json").read_text())
    record |= {"finished": False, "results": []}
    (first.folder / "run.json").write_text(json.dumps(record))
    shutil.rmtree(first.folder / CHECKPOINTS)
    (first.folder / CHECKPOINTS).mkdir()
    again = api.resume(first.folder, quiet=True)
    assert digest(again.folder / CHECKPOINTS) == before


@pytest.mark.slow
def test_a_removed_folder_is_one_line(table):
    running = training(str(table), "--target", "label", "--name", "gone", "--checkpoint", "0.5", *LONG)
    shutil.rmtree("runs/gone")
    _, said = running.communicate(timeout=SECONDS)
    assert running.returncode == 2 and "Traceback" not in said, said
    assert "cannot be written" in said.strip().splitlines()[-1] and "the folder is gone" in said
