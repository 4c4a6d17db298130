"""A run at the wheel of a made world: what it is shown, what is counted, what is written down and learned from."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright.data.table import Kind
from brainwright.deliver.driving import as_lines
from brainwright.trust.closed_loop import FIRST, Driven, Pilot, compared, driven, experts, judged
from brainwright.trust.logbook import Logbook
from brainwright.worlds.world import Deed, Drive, World

SHORT = {"quiet": True, "steps": 4, "threads": 1, "checkpoint": 0, "cache_room": 0, "trust": "none", "allow": "copies"}


class Lane(World):
    """Twelve moments on a line from -1 to 1: who steers against where it is stays in the middle."""

    sensors: ClassVar[tuple[str, ...]] = ("speed",)
    controls: ClassVar[Mapping[str, Kind]] = {"steering": Kind.NUMBER}
    idle: ClassVar[Deed] = {"steering": 0.5}
    crash: ClassVar[str] = "left the line"
    frames: ClassVar[int] = 2

    def begin(self, seed: int) -> "Way":
        return Way(seed)


class Way(Drive):
    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        self.place, self.moment = self.draw.uniform(-0.5, 0.5), 0

    def sees(self) -> Mapping[str, Any]:
        pixels = np.full((8, 12), self.moment, np.uint8)
        pixels[:, int(np.clip(self.place * 6 + 6, 0, 11))] = 250
        return {"frame": pixels, "speed": 10.0 + self.place}

    def expert(self) -> Deed:
        return {"steering": float(-self.place)}

    def act(self, deed: Deed) -> None:
        self.place += deed["steering"] + self.draw.uniform(-0.2, 0.2)
        self.moment += 1
        self.returned += 1 - abs(self.place)
        self.crashed = abs(self.place) > 1
        self.over = self.crashed or self.moment == 12


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[bw.Run, Logbook]:
    folder = tmp_path_factory.mktemp("lane")
    book = Logbook(folder / "log", Lane())
    book.begin()
    assert not book.add(range(10), "expert", experts).crashed.any()
    return bw.train(str(book.log), out=str(folder / "runs"), name="one", frames=2, **SHORT), book


def test_the_log_tells_what_the_expert_did(taught: tuple[bw.Run, Logbook]) -> None:
    run, book = taught
    told = pd.read_csv(book.log)
    assert len(told) == 120 and told["drive"].nunique() == 10
    assert told.groupby("split")["drive"].nunique().to_dict() == {"train": 8, "validation": 1, "test": 1}
    assert all((book.folder / name).is_file() for name in told["frame"])
    assert np.allclose(told["steering"], 10 - told["speed"], atol=2e-4), "it steers against where it is"
    assert run.record["claim"]["columns"]["sensors"] == ("speed",)
    assert run.record["data"]["shares"] == {"train": 96, "validation": 12, "test": 12}


def test_the_pilot_is_shown_each_drive_with_its_own_past(taught: tuple[bw.Run, Logbook], monkeypatch) -> None:
    pilot, world = Pilot(taught[0].kept, Lane()), Lane()
    asked = []
    answer = type(pilot.run).predict
    monkeypatch.setattr(type(pilot.run), "predict", lambda run, table: asked.append(table) or answer(run, table))
    driven(world, [1, 2], pilot)
    first, second = asked[:2]
    assert first["drive"].values.tolist() == ["0", "1"]
    assert second["drive"].values.tolist() == ["0", "0", "1", "1"]
    assert second["frame"].values[:, 0].min(1).tolist() == [0, 1, 0, 1], "the moment before, then this one"


def test_the_net_corrected_by_the_expert_is_added(taught: tuple[bw.Run, Logbook], tmp_path: Path) -> None:
    run = taught[0]
    shutil.copytree(taught[1].folder, tmp_path / "log")
    book = Logbook(tmp_path / "log", Lane())
    before = book.rows()
    book.add(range(100, 103), "net 1", Pilot(run.kept, Lane()))
    after = book.rows()
    pd.testing.assert_frame_equal(after.iloc[: len(before)], before)
    fresh = after.iloc[len(before) :]
    assert (
        fresh["drive"].unique().tolist() == ["drive 10", "drive 11", "drive 12"] and (fresh["driver"] == "net 1").all()
    )
    assert np.allclose(fresh["steering"], 10 - fresh["speed"], atol=2e-4), "what the expert says, not what the net did"
    with pytest.raises(bw.Fault, match="is not empty"):
        book.begin()


def test_what_is_found_stands_in_report_and_terminal(taught: tuple[bw.Run, Logbook]) -> None:
    run, _ = taught
    found = compared(run.kept, Lane(), 6)
    findings = judged(Lane(), found)
    assert found["idle"].crashed.all() and not found["expert"].crashed.any()
    assert findings[0].count == 6 and findings[0].low <= findings[0].value <= findings[0].high
    run.keep("driven-in-lane", findings)
    report = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "Driven in lane" in report and "NOT for vehicles on roads" in report
    lines = as_lines(findings, run.record["warnings"], run.folder)
    assert (
        lines[0].startswith(f"return in closed-loop: 6 drives, seeds {FIRST} to {FIRST + 5}") or "6 drives" in lines[0]
    )
    assert any("NOT for vehicles on roads" in line for line in lines)


def test_shares_are_of_the_same_drives() -> None:
    expert = Driven(np.array([10.0, 20, 30, 40]), np.zeros(4, bool))
    half = Driven(expert.returns / 2, np.ones(4, bool))
    assert half.share(expert) == pytest.approx((0.5, 0.5, 0.5)), "drive by drive it is half, however drives differ"
    mean, low, high = expert.mean()
    assert mean == 25 and 10 <= low < 25 < high <= 40
    good, bad = (judged(Lane(), {"net": net, "expert": expert, "idle": half})[0] for net in (expert, half))
    assert (good.verdict, bad.verdict) == ("passed", "failed") and bad.advice


def test_a_run_of_another_world_is_refused(taught: tuple[bw.Run, Logbook]) -> None:
    class Pedals(Lane):
        controls: ClassVar[Mapping[str, Kind]] = {"steering": Kind.NUMBER, "brake": Kind.NUMBER}

    class Blind(Lane):
        sensors: ClassVar[tuple[str, ...]] = ()

    with pytest.raises(bw.Fault, match="does not say 'brake'"):
        Pilot(taught[0].kept, Pedals())
    with pytest.raises(bw.Fault, match="reads 'speed', which"):
        Pilot(taught[0].kept, Blind())


def test_a_log_needs_a_folder_that_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(bw.Fault, match=r"cannot be (made|read)|is not empty"):
        Logbook(tmp_path / "file" / "log", Lane()).begin()
