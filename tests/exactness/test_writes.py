"""Writes: every single one that a training makes fails in turn; one line each time, and nothing is lost."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from brainwright.runs.record import CHECKPOINTS, RECORD
from exactness.trials import Server, digest

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
OPTIONS = {"steps": 3, "evaluations": 1, "batch-size": 16, "threads": 1, "precision": "float32", "name": "run"}
"""Nothing is left to be decided by the time that it takes: a run that begins anew decides alike."""


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """The server, the words of a training, and the folder in which it left its run when nothing failed."""
    home = tmp_path_factory.mktemp("writes")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"width": draw.normal(size=60), "height": draw.normal(size=60)})
    frame["label"] = np.where(frame["width"] + frame["height"] > 0, "large", "small")
    frame.to_csv(home / "a.csv", index=False)
    server = Server(home)
    words = ["train", str(home / "a.csv"), "--target", "label", "--quiet"]
    words += [f"--{name}={value}" for name, value in OPTIONS.items()]
    whole = home / "whole"
    whole.mkdir()
    answer = server.ask(words=[*words, "--out", str(whole)], fail=[0, 0], folder=whole)
    assert answer["status"] == 0, (whole / "said.txt").read_text()
    yield server, words, whole
    server.close()


def failing(trial, folder: Path, number: int, error: int) -> str:
    """Train with the n-th write failing; what was said last."""
    server, words, _ = trial
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    answer = server.ask(words=[*words, "--out", str(folder)], fail=[number, error], folder=folder)
    said = (folder / "said.txt").read_text()
    assert answer["status"] == 2, f"write {number} failed unsaid: {said}"
    assert "Traceback" not in said, said
    return said.strip().splitlines()[-1]


def gone_on(trial, run: Path) -> None:
    """The run can be gone on with, or begun anew where it never began, and ends as the one in which nothing failed."""
    server, words, whole = trial
    begun = (run / RECORD).is_file()
    again = ["train", "--resume", str(run), "--quiet"] if begun else [*words, "--out", str(run.parent)]
    if not begun:
        shutil.rmtree(run, ignore_errors=True)
    answer = server.ask(words=again, fail=[0, 0], folder=run.parent)
    said = (run.parent / "said.txt").read_text()
    finished = "is finished" in said and json.loads((run / RECORD).read_text())["finished"]
    assert answer["status"] == 0 or finished, said
    assert digest(run / CHECKPOINTS) == digest(whole / "run" / CHECKPOINTS)
    assert not list(run.rglob(".*.part"))


@pytest.mark.slow
def test_every_write_may_fail(trial, tmp_path):
    """Open, write, fsync, rename, fsync of the folder, mkdir: each in turn; a full disk, an I/O error, no right.

    Of the many writes into one file the first and the last.
    """
    calls = json.loads((trial[2] / "calls.json").read_text())
    assert {"open", "write", "fsync", "rename", "folder", "mkdir"} == set(calls)
    edges = zip(["", *calls], calls, [*calls[1:], ""], strict=False)
    points = [number for number, one in enumerate(edges, 1) if set(one) != {"write"}]
    assert len(points) > 60
    for number in points:
        error = ERRORS[number % len(ERRORS)]
        line = failing(trial, tmp_path / "out", number, error)
        assert line.startswith("brainwright: "), line
        gone_on(trial, tmp_path / "out" / "run")
