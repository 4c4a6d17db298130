"""What a training looks into by itself keeps to its time, and what it left out is said."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import brainwright as bw
from brainwright.runs.record import read_json
from brainwright.runs.telling import Silent
from brainwright.trust import allowance
from brainwright.trust.case import Case, reopened
from brainwright.trust.doubt import doubted
from brainwright.trust.finding import Finding

SHORT = {
    "target": "kind",
    "backbone": "mlp",
    "threads": 1,
    "preflight": "off",
    "checkpoint": 0,
    "steps": 30,
}
PAGE = "report.html"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(900, 2)).round(3), columns=["one", "two"])
    frame["kind"] = np.where(frame["one"] + frame["two"] > 0, "up", "down")
    path = tmp_path_factory.mktemp("data") / "data.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def fast(data: Path) -> Case:
    run = bw.train(str(data), quiet=True, out=str(data.parent), name="fast", **SHORT)
    return reopened(run.kept, Silent())


def test_a_net_is_late_when_its_time_is_over_and_free_again_afterwards() -> None:
    net = torch.nn.Linear(2, 1)
    with allowance.within(net, 60):
        net(torch.zeros(1, 2))
    with allowance.within(net, 0.01):
        time.sleep(0.02)
        with pytest.raises(allowance.Late):
            net(torch.zeros(1, 2))
    net(torch.zeros(1, 2))


def test_fast_is_what_a_training_does(fast: Case) -> None:
    facts = read_json(fast.run.folder / allowance.FACTS)
    assert facts["asked"] == "fast" and facts["limit"] == 60 and 0 < facts["seconds"] < 60
    assert (fast.run.folder / "doubt.json").is_file()
    page = (fast.run.folder / PAGE).read_text(encoding="utf-8")
    assert "--trust fast allows" in page and "brainwright stress RUN" in page


def test_none_looks_into_nothing_and_says_so(data: Path) -> None:
    run = bw.train(str(data), quiet=True, out=str(data.parent), name="none", trust="none", **SHORT)
    assert not (run.folder / "doubt.json").is_file()
    assert "told by --trust none to look into nothing" in (run.folder / PAGE).read_text(encoding="utf-8")
    with pytest.raises(bw.Fault, match="keeps no sets"):
        run.predict([{"one": 0.0, "two": 1.0}], level=0.9)


def test_what_does_not_fit_is_left_out_and_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def passes(case: Case, tell: object) -> list[Finding]:
        return [Finding("a look", "passed", "it held")]

    def lasts(case: Case, tell: object) -> list[Finding]:
        while True:
            case.run.answer(case.shares["test"])

    def fails(case: Case, tell: object) -> list[Finding]:
        raise bw.Fault("this net has no such thing", "")

    pieces = {"explain": (0.0, passes), "audit": (0.0, fails), "labels": (1e9, passes), "stress": (0.0, lasts)}
    monkeypatch.setattr(allowance, "PIECES", pieces)
    monkeypatch.setattr(allowance, "LEAST", 4.0)
    started = time.monotonic()
    run = bw.train(str(data), quiet=True, out=str(data.parent), name="full", trust="full", **SHORT)
    facts = read_json(run.folder / allowance.FACTS)
    assert facts["done"] == ["explain"]
    assert facts["left_out"]["audit"] == "this net has no such thing"
    assert "times the training, more than was left" in facts["left_out"]["labels"]
    assert "broken off" in facts["left_out"]["stress"]
    assert facts["seconds"] < time.monotonic() - started
    page = (run.folder / PAGE).read_text(encoding="utf-8")
    assert "it was broken off when the" in page and "It held" in page


def test_every_piece_fits_into_a_full_look(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "LEAST", 300.0)
    run = bw.train(str(data), quiet=True, out=str(data.parent), name="whole", trust="full", **{**SHORT, "steps": 10})
    facts = read_json(run.folder / allowance.FACTS)
    assert facts["done"] == list(allowance.PIECES) and not facts["left_out"]
    assert (run.folder / "labels.html").is_file()


def test_large_shares_are_thinned_where_time_is_short(fast: Case) -> None:
    found = doubted(fast, 1e-6)
    assert found[-1].verdict == "missing"
    assert "64 of" in found[-1].says and "train examples" in found[-1].says
    assert all(one.count <= 64 for one in found)
