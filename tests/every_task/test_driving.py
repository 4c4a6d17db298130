"""What driving reads of a log, what it never reads, and how it mirrors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import brainwright as bw
from brainwright.data.batching import generator_of
from brainwright.data.slots import Batch
from brainwright.data.table import Column, Kind, Table
from brainwright.runs.sharing import encoded
from brainwright.tasks.driving import Driving

SHORT = {"quiet": True, "steps": 3, "threads": 1, "checkpoint": 0, "cache_room": 0, "trust": "none"}


def log(folder: Path, count: int = 30) -> Path:
    """Frames with what was done at each."""
    draw = np.random.default_rng(0)
    for place in range(count):
        pixels = draw.integers(0, 255, (8, 12, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{place:02d}.png")
    names = [f"{place:02d}.png" for place in range(count)]
    done = {"steering": draw.uniform(-1, 1, count).round(3), "throttle": draw.random(count).round(3)}
    pd.DataFrame({"center": names, **done, "speed": draw.uniform(0, 30, count).round(2)}).to_csv(
        folder / "log.csv", index=False
    )
    return folder / "log.csv"


def test_what_is_decided_in_the_same_moment_is_no_input() -> None:
    numbers = {name: Column(np.arange(4.0), Kind.NUMBER) for name in ("throttle", "brake", "speed", "steering")}
    frames = {name: Column(np.zeros((4, 8, 8), np.uint8), Kind.IMAGE) for name in ("left", "center", "right")}
    claim = Driving.claim(Table.of({**frames, **numbers}, "log"), "")
    assert claim is not None
    pedals = {"throttle": "throttle", "brake": "brake"}
    assert claim.columns == {"image": "center", "control": "steering", **pedals, "sensors": ("speed",)}
    assert "without 'left', 'right'" in claim.why
    only = Driving.claim(Table.of({**frames, **numbers}, "log"), "steering")
    assert only is not None and only.columns == {"image": "center", "control": "steering", "sensors": ("speed",)}
    alone = Driving.claim(Table.of({"view": frames["left"], "angle": numbers["steering"]}, "log"), "angle")
    assert alone is not None and "sensors" not in alone.columns


def test_a_mirrored_view_turns_the_wheel_the_other_way() -> None:
    views = torch.rand(64, 1, 8, 12, generator=generator_of(0)) * 255
    batch = Batch({"image": views, "control": torch.arange(1.0, 65)})
    task = Driving(both_turns=True)
    changed = task.augment(batch, 1e-9, generator_of(1))
    turned = changed.values["control"] < 0
    assert 10 < turned.sum() < 54
    torch.testing.assert_close(changed.values["image"][turned], views[turned].flip(3))
    torch.testing.assert_close(changed.values["image"][~turned], views[~turned])
    straight = Driving(both_turns=False).augment(batch, 1e-9, generator_of(1))
    assert (straight.values["control"] > 0).all()


def test_a_drive_is_cut_at_its_end(tmp_path: Path) -> None:
    run = bw.train(str(log(tmp_path)), out=str(tmp_path / "runs"), name="run", **SHORT)
    assert run.record["claim"]["columns"]["sensors"] == ("speed",)
    tested = pd.read_parquet(run.folder / "predictions.parquet")["where"]
    places = [int(where.rpartition(" ")[2]) for where in tested]
    assert places == list(range(32 - len(places), 32)), "the last rows of the log"


def test_a_log_without_sensors_is_looked_into_and_learned(tmp_path: Path) -> None:
    path = log(tmp_path)
    pd.read_csv(path).drop(columns="speed").to_csv(path, index=False)
    run = bw.train(str(path), out=str(tmp_path / "runs"), name="run", **{**SHORT, "preflight": "on"})
    assert "sensors" not in run.record["claim"]["columns"]
    looked = {one["name"]: one["state"] for one in run.record["preflight"]["checks"]}
    assert looked["inputs differ"] == looked["augmentation"] == "passed"


def test_all_that_is_done_is_learned_at_once_and_said_at_once(tmp_path: Path) -> None:
    path = log(tmp_path)
    told = pd.read_csv(path)
    told["action"] = np.where(told["steering"] > 0.3, "right", np.where(told["steering"] < -0.3, "left", "keep"))
    told.to_csv(path, index=False)
    run = bw.train(str(path), out=str(tmp_path / "runs"), name="run", frames=2, **SHORT)
    assert run.record["options"]["deeds"] == "decision,control,throttle"
    assert not run.record["options"]["both_turns"], "a mirrored view would need another class"
    assert [one["name"] for one in run.record["metrics"]] == [
        "accuracy", "balanced-accuracy", "log-loss", "rmse", "mae", "r2", "rmse-others"
    ]  # fmt: skip
    (said, *_) = run.predict(str(path))
    assert {"action", "steering", "throttle", "scores"} <= set(said)
    assert "NOT for vehicles on roads" in run.record["warnings"][0]
    for page in ("report.html", "card.md"):
        assert "NOT for vehicles on roads" in (run.folder / page).read_text(encoding="utf-8")


def test_the_frames_of_an_example_are_those_before_it(tmp_path: Path) -> None:
    pixels = np.arange(6, dtype=np.uint8)[:, None, None] * np.ones((6, 8, 12), np.uint8)
    columns = {"camera": Column(pixels, Kind.IMAGE), "steering": Column(np.linspace(-1, 1, 6), Kind.NUMBER)}
    columns["drive"] = Column(np.array(list("aaaabb"), object), Kind.CATEGORY)
    table = replace(Table.of(columns), shares=np.array([0, 0, 0, 1, 1, 1], np.uint8))
    task, claim = Driving(frames=3), Driving.claim(table, "")
    assert claim is not None and task.reach == 2
    seen = np.asarray(task.examples(table, claim).values["image"])[:, :, 0, 0].tolist()
    assert seen == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [3, 3, 3], [4, 4, 4], [4, 4, 5]]


def test_a_mirror_is_legal_only_where_nothing_else_has_a_side() -> None:
    for name, legal in {"speed": True, "yaw_rate": False, "last_steering": False}.items():
        columns = {
            "camera": Column(np.zeros((20, 8, 12), np.uint8), Kind.IMAGE),
            "steering": Column(np.linspace(-1, 1, 20), Kind.NUMBER),
            name: Column(np.linspace(0, 9, 20), Kind.NUMBER),
        }
        table = replace(Table.of(columns), shares=np.repeat(np.array([0, 1, 2], np.uint8), [14, 3, 3]))
        task, claim = Driving(), Driving.claim(table, "")
        assert claim is not None and claim.columns["sensors"] == (name,)
        shares, _ = encoded(task, task.examples(table, claim))
        found = {one.option: one for one in task.decide(shares["train"])}
        assert found["both_turns"].value is legal, found["both_turns"].reason


def test_what_the_log_does_not_tell_cannot_be_learned(tmp_path: Path) -> None:
    with pytest.raises(bw.Fault, match="deeds names 'brake'"):
        bw.train(str(log(tmp_path)), out=str(tmp_path / "runs"), deeds="control,brake", **SHORT)


def test_a_frame_that_is_missing_is_named(tmp_path: Path) -> None:
    path = log(tmp_path)
    (tmp_path / "07.png").unlink()
    with pytest.raises(bw.Fault, match=r"log.csv, row 9 .there is no such file"):
        bw.train(str(path), out=str(tmp_path / "runs"), name="run", **SHORT)
