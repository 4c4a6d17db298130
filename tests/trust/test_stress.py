"""What a run bears: worst cases that can be worked out by hand, masked gradients found out, and whole runs."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image as Pillow

import brainwright as bw
from brainwright.data.slots import Batch
from brainwright.metrics.rmse import Rmse
from brainwright.runs.telling import Silent
from brainwright.tasks.task import Loss, Player
from brainwright.training.devices import Place
from brainwright.trust.attacks import REACH, Attack, Harm, attacks
from brainwright.trust.case import Case, reopened
from brainwright.trust.keeping import kept
from brainwright.trust.robustness import STRENGTHS, robustness

CPU = Place(torch.device("cpu"), False)


class Squares:
    """A task of one number from four: the squared distance of a net's answer from the truth."""

    def players(self) -> tuple[Player, ...]:
        return (Player(),)

    def loss(self, net: torch.nn.Module, batch: Batch, turn: object) -> Loss:
        return Loss.of((net(batch.values["x"])[:, 0] - batch.values["y"]).square())


class Steps(torch.nn.Module):
    """Answers change in steps, so that slopes are zero nearly everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.line = torch.nn.Linear(4, 1)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.line((given * 4).round() / 4)


def attack(net: torch.nn.Module, box: torch.Tensor) -> Attack:
    draw = torch.Generator().manual_seed(0)
    batch = Batch({"x": torch.randn(32, 4, generator=draw), "y": torch.randn(32, generator=draw)}, torch.arange(32))
    slot = SimpleNamespace(name="x", side="input")
    return Attack(Squares(), net, batch, slot, box, (-torch.inf, torch.inf), CPU)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy's slot is known by its name alone."""
    plain = Batch.__getitem__
    monkeypatch.setattr(
        Batch, "__getitem__", lambda self, slot: self.values["x"] if slot.name == "x" else plain(self, slot)
    )


def test_a_straight_line_is_pushed_to_the_worst_corner() -> None:
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 1)
    box = torch.tensor([0.1, 0.2, 0.0, 0.4])
    one = attack(net, box)
    found = one.by_gradient(1.0, 10, torch.Generator().manual_seed(1))
    start, weight = one.batch.values["x"], net.weight.detach()[0]
    gap = net(start)[:, 0].detach() - one.batch.values["y"]
    worst = start + torch.where(gap >= 0, 1.0, -1.0)[:, None] * weight.sign() * box
    reached, possible = one.losses(found), one.losses(worst)
    assert (reached <= possible + 1e-5).all()
    assert (reached > 0.98 * possible).float().mean() > 0.9
    assert torch.equal(found[:, 2], start[:, 2]), "what may not move does not"


def test_blind_search_never_leaves_the_box_and_never_helps() -> None:
    torch.manual_seed(0)
    one = attack(torch.nn.Linear(4, 1), torch.full((4,), 0.3))
    start = one.batch.values["x"]
    found = one.blindly(2.0, 20, torch.Generator().manual_seed(1))
    assert (found - start).abs().max() <= 0.6 + 1e-6
    assert (one.losses(found) >= one.losses(start)).all()


def test_slopes_that_say_nothing_are_found_out() -> None:
    torch.manual_seed(0)
    one = attack(Steps(), torch.full((4,), 0.3))
    by_slope = one.losses(one.by_gradient(1.0, 10, torch.Generator().manual_seed(1))).mean()
    blind = one.losses(one.blindly(1.0, 50, torch.Generator().manual_seed(1))).mean()
    assert blind > 1.05 * by_slope
    metric = Rmse(slot="y")
    clean = (1.0, 0.9, 1.1)
    reach = tuple((1.0 + 0.1 * size, 0.0, 2.0) for size in REACH)
    assert not Harm(clean, reach, more=1.11, blind=1.05, huge=9.0).masked(metric, 3.0)
    assert "blind" in Harm(clean, reach, more=1.11, blind=1.2, huge=9.0).masked(metric, 3.0)
    assert "hurt less" in Harm(clean, reach, more=1.05, blind=1.0, huge=9.0).masked(metric, 3.0)
    assert "huge" not in Harm(clean, reach, more=1.11, blind=1.0, huge=2.0).masked(metric, 1.5)
    assert "nothing is safe" in Harm(clean, reach, more=1.11, blind=1.0, huge=2.0).masked(metric, 3.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stress")


@pytest.fixture(scope="module")
def table_run(home: Path) -> bw.Run:
    draw = np.random.default_rng(0)
    one, two = draw.normal(size=(2, 600))
    kind = draw.choice(["x", "y"], 600)
    answer = np.where(one + 0.5 * (kind == "x") > 0.2, "yes", "no")
    pd.DataFrame({"one": one, "two": two, "kind": kind, "answer": answer}).to_csv(home / "data.csv", index=False)
    return bw.train(str(home / "data.csv"), quiet=True, target="answer", epochs=15, out=str(home), name="table")


@pytest.fixture(scope="module")
def picture_run(home: Path) -> bw.Run:
    draw = np.random.default_rng(0)
    for index in range(120):
        kind = ("left", "right")[index % 2]
        pixels = draw.integers(0, 60, (12, 12)).astype(np.uint8)
        pixels[:, (slice(0, 6), slice(6, 12))[index % 2]] += 120
        (home / "pictures" / kind).mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(pixels).save(home / "pictures" / kind / f"{index}.png")
    return bw.train(str(home / "pictures"), quiet=True, epochs=6, augment=0, out=str(home), name="pictures-run")


def test_a_table_is_stressed_and_its_findings_are_kept(table_run: bw.Run) -> None:
    found = table_run.stress()
    assert len(found) == 7
    assert {one.verdict for one in found} <= {"passed", "failed", "undecided"}
    assert all(np.isfinite([one.value, one.low, one.high]).all() and one.low <= one.value <= one.high for one in found)
    shift = next(one for one in found if one.what.startswith("shift"))
    assert len(shift.evidence["values"]) == STRENGTHS
    told = kept(table_run.folder)["stress"]
    assert [one["what"] for one in told] == [one.what for one in found]


def test_stress_of_pictures_on_the_command_line(picture_run: bw.Run) -> None:
    words = [sys.executable, "-m", "brainwright", "stress", str(picture_run.folder), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
    found = json.loads(done.stdout)
    assert len(found) == 1 + 19
    saturate = next(one for one in found if one["what"].startswith("saturate"))
    assert saturate["value"] == saturate["evidence"]["clean"][0], "grey pictures have no colours to lose"


def test_the_same_seed_finds_the_same(table_run: bw.Run) -> None:
    case = reopened(table_run.kept, Silent())
    assert [one.value for one in robustness(case)] == [one.value for one in robustness(case)]


def test_a_model_without_slopes_says_so(table_run: bw.Run) -> None:
    case = reopened(table_run.kept, Silent())
    record = {**case.run.record, "selected": "majority"}
    by_floor = Case(type(case.run)(**{**vars(case.run), "record": record}), case.table, case.shares)
    (told,) = attacks(by_floor)
    assert told.verdict == "missing"
    assert "majority" in told.says
