"""What to label next: doubtful and different examples first, with the gain over chance replayed and said plainly."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright.__main__ import main
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.log_loss import LogLoss
from brainwright.trust.replaying import judged
from brainwright.trust.suggestions import Pool, picked

SHORT = {"backbone": "mlp", "threads": 1, "preflight": "off", "checkpoint": 0}


def test_the_most_doubtful_come_first_and_none_twice() -> None:
    draw = np.random.default_rng(0)
    pool = Pool(draw.random(500), draw.normal(size=(500, 3)).astype(np.float32))
    chosen = picked(pool, 20)
    assert len(set(chosen.tolist())) == 20
    assert (np.diff(pool.doubts[chosen]) <= 0).all()
    assert pool.doubts[chosen].min() >= np.sort(pool.doubts)[-200]  # ten times as many are looked through


def test_a_batch_does_not_ask_the_same_thing_twice() -> None:
    """Ninety copies of the most doubtful example and ten less doubtful kinds: each kind is asked for once."""
    kinds = np.eye(11, dtype=np.float32)
    pool = Pool(np.concatenate([np.full(90, 0.9), np.full(10, 0.8)]), np.concatenate([kinds[[0] * 90], kinds[1:]]))
    chosen = picked(pool, 11)
    assert len(set(pool.features[chosen].argmax(1).tolist())) >= 9
    assert chosen[0] < 90
    alike = Pool(np.ones(40), np.ones((40, 4), np.float32))
    assert len(set(picked(alike, 8).tolist())) == 8
    assert picked(alike, 400).tolist() == list(range(40))


def test_a_gain_is_said_only_where_its_interval_is_above_chance() -> None:
    sure = judged(Accuracy(slot="kind"), np.array([[0.9, 0.8], [0.91, 0.8], [0.9, 0.81]]), (50, 100, 60))
    assert sure.verdict == "passed" and sure.value == pytest.approx(0.1)
    half = 4.302653 * np.std([0.1, 0.11, 0.09], ddof=1) / 3**0.5  # Student's 97.5 % point of two degrees
    assert (sure.low, sure.high) == pytest.approx((0.1 - half, 0.1 + half), abs=1e-6)
    loss = judged(LogLoss(slot="kind"), np.array([[0.9, 0.8], [0.91, 0.8], [0.9, 0.81]]), (50, 100, 60))
    assert loss.verdict == "failed" and loss.value == pytest.approx(-0.1) and "by chance" in loss.advice
    open_ = judged(Accuracy(slot="kind"), np.array([[0.9, 0.8], [0.8, 0.9], [0.85, 0.8]]), (50, 100, 60))
    assert open_.verdict == "undecided" and "includes 0" in open_.says


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(700, 2)).round(3), columns=["one", "two"])
    frame["kind"] = np.where(frame["one"] + frame["two"] > 0, "up", "down")
    frame[:300].to_csv(folder / "data.csv", index=False)
    frame[300:].drop(columns="kind").to_csv(folder / "pool.csv", index=False)
    frame[300:].assign(kind=np.where(np.arange(400) < 390, frame["kind"][300:], None)).to_csv(
        folder / "mixed.csv", index=False
    )
    bw.train(str(folder / "data.csv"), quiet=True, target="kind", steps=60, out=str(folder), name="run", **SHORT)
    return folder


def test_doubtful_rows_are_suggested(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (home / "pool.csv").read_bytes()
    assert main(["suggest", str(home / "run"), str(home / "pool.csv"), "--count", "12", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "and 2 more of 400" in said and "a gain of" in said and "suggestions.html" in said
    assert (home / "pool.csv").read_bytes() == before
    facts = json.loads((home / "run" / "suggestions.json").read_text(encoding="utf-8"))
    rows = [int(one["where"].rsplit(" ", 1)[1]) - 2 for one in facts["list"]]
    frame = pd.read_csv(home / "pool.csv")
    edge = (frame["one"] + frame["two"]).abs()
    assert len(set(rows)) == 12
    assert edge[rows].mean() < 0.5 * edge.mean()  # near where the classes meet
    page = (home / "run" / "suggestions.html").read_text(encoding="utf-8")
    assert "What to label next" in page and "<script" not in page
    assert "What to label next" in (home / "run" / "report.html").read_text(encoding="utf-8")


def test_the_replay_is_made_once_and_labelled_rows_are_left_out(home: Path) -> None:
    run = bw.load(home / "run")
    first = run.suggest(str(home / "pool.csv"), 5)
    again = run.suggest(str(home / "mixed.csv"), 50)
    assert again.gain == first.gain
    assert (again.among, len(again.examples)) == (10, 10)
    with pytest.raises(bw.Fault, match=r"every row of .* has its 'kind' already"):
        run.suggest(str(home / "data.csv"), 5)
    with pytest.raises(bw.Fault, match="no number of examples"):
        run.suggest(str(home / "pool.csv"), 0)
