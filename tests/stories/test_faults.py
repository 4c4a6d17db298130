"""Whatever a user gets wrong ends in one line, exit code 2, no traceback, and untouched files."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import brainwright as bw
from brainwright.__main__ import main

DRAW = np.random.default_rng(0)


def table(path: Path, rows: int = 120) -> Path:
    """A CSV that can be learned: the label follows from the two numbers."""
    frame = pd.DataFrame({"width": DRAW.normal(size=rows), "height": DRAW.normal(size=rows)})
    frame["label"] = np.where(frame["width"] + frame["height"] > 0, "large", "small")
    frame.to_csv(path, index=False)
    return path


def pictures(folder: Path, classes=("cat", "dog"), each: int = 12) -> Path:
    for name in classes:
        (folder / name).mkdir(parents=True)
        for index in range(each):
            Image.fromarray(DRAW.integers(0, 255, (12, 12, 3), np.uint8)).save(folder / name / f"{index}.png")
    return folder


def fault(capsys, *words: str) -> str:
    """Run a command that must fail: its one line."""
    assert main([*words]) == 2
    shown = capsys.readouterr().err.strip().splitlines()
    last = shown[-1]
    assert last.startswith("brainwright: ") and "Traceback" not in "".join(shown)
    return last


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_wrong_path_names_the_nearest(capsys, here):
    table(here / "houses.csv")
    assert "houses.csv" in fault(capsys, "train", "house.csv")


def test_empty_folder(capsys, here):
    (here / "photos").mkdir()
    assert "photos" in fault(capsys, "train", "photos")


def test_one_class(capsys, here):
    assert re.search("class", fault(capsys, "train", str(pictures(here / "photos", ["cat"], 30))))


def test_unreadable_picture_is_named(capsys, here):
    folder = pictures(here / "photos", each=40)
    broken = folder / "cat" / "3.png"
    broken.write_bytes(broken.read_bytes()[:60])
    before = broken.read_bytes()
    assert "3.png" in fault(capsys, "train", str(folder))
    assert broken.read_bytes() == before


def test_missing_target_names_the_columns(capsys, here):
    line = fault(capsys, "train", str(table(here / "a.csv")), "--target", "labell")
    assert "labell" in line and "label" in line.replace("labell", "")


def test_missing_target_values(capsys, here):
    path = table(here / "a.csv")
    frame = pd.read_csv(path)
    frame.loc[5, "label"] = None
    frame.to_csv(path, index=False)
    line = fault(capsys, "train", str(path), "--target", "label")
    assert "label" in line and "7" in line  # the sixth row of data stands on line 7


def test_target_all_missing(capsys, here):
    path = table(here / "a.csv")
    frame = pd.read_csv(path)
    frame["label"] = np.nan
    frame.to_csv(path, index=False)
    assert "label" in fault(capsys, "train", str(path), "--target", "label")


def test_wrong_encoding(capsys, here):
    path = here / "a.csv"
    path.write_bytes("text,label\nein schönes Haus,gut\n".encode("cp1252") * 30)
    line = fault(capsys, "train", str(path))
    assert "a.csv" in line and "UTF-8" in line


def test_too_few_rows(capsys, here):
    assert "row" in fault(capsys, "train", str(table(here / "a.csv", 5)), "--target", "label")


def test_unknown_option_names_the_nearest(capsys, here):
    path = table(here / "a.csv")
    line = fault(capsys, "train", str(path), "--target", "label", "--droput", "0.1")
    assert "droput" in line and "dropout" in line


def test_value_out_of_range(capsys, here):
    line = fault(capsys, "train", str(table(here / "a.csv")), "--target", "label", "--dropout", "2")
    assert "dropout" in line and "2" in line


def test_unknown_command(capsys):
    assert "train" in fault(capsys, "trian", "x")


def test_unknown_task(capsys, here):
    assert "tabular-classification" in fault(
        capsys, "train", str(table(here / "a.csv")), "--task", "tabular-clasification"
    )


def test_no_run_there(capsys):
    assert "run.json" in fault(capsys, "predict", "nowhere", "x.csv")


def heeding() -> None:
    """A process started in the background inherits deafness to Ctrl-C: undo it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def brainwright(*words: str, prepare=heeding):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "brainwright", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment, preexec_fn=prepare,
    )  # fmt: skip


def test_full_disk_is_one_line(here):
    """No file may grow beyond 20 kB: as a full disk, writing fails in the middle."""

    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = ("train", str(table(here / "a.csv")), "--target", "label", "--epochs", "1", "--quiet")
    running = brainwright(*words, prepare=small)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 2, said
    assert "Traceback" not in said and "cannot be written" in said.strip().splitlines()[-1]


def test_interrupted_keeps_what_was_learned_and_resumes(here):
    words = ("train", str(table(here / "a.csv", 600)), "--target", "label", "--epochs", "100000", "--patience", "0")
    running = brainwright(*words, "--name", "broken", "--steps", "1000000", "--budget", "10m")
    for line in running.stderr:
        if line.startswith("step "):
            break
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    shown, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    assert "kept" in shown and (here / "runs/broken/model.safetensors").is_file()
    assert (here / "runs/broken/report.html").is_file()
    again = brainwright("train", "--resume", "runs/broken", "--steps", "40", "--quiet", "--json")
    shown, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert '"interrupted": false' in shown


def test_questions_without_a_column_name_it(here):
    rows = pd.DataFrame({"a": DRAW.normal(size=300), "b": DRAW.normal(size=300)})
    rows["c"] = np.where(rows["a"] + DRAW.normal(size=300) > 0, "much", "little")
    run = bw.train(rows, target="c", out=str(here), name="run", quiet=True, epochs=1, width=8, threads=1, trust="none")
    for asked in ({"a": 1.0}, ["x"], pd.DataFrame({"a": [1.0]})):
        with pytest.raises(bw.errors.Fault, match=r"has no column '[ab]'; there are"):
            run.predict(asked)
