"""What driving reads of a log, what it never reads, and how it mirrors."""

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
from brainwright.tasks.driving import Driving

SHORT = {"quiet": True, "steps": 3, "threads": 1, "checkpoint": 0, "cache_room": 0}


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
    assert claim.columns == {"image": "center", "control": "steering", "sensors": ("speed",)}
    assert "without 'left', 'right', 'throttle', 'brake'" in claim.why
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


def test_a_frame_that_is_missing_is_named(tmp_path: Path) -> None:
    path = log(tmp_path)
    (tmp_path / "07.png").unlink()
    with pytest.raises(bw.Fault, match=r"log.csv, row 9 .there is no such file"):
        bw.train(str(path), out=str(tmp_path / "runs"), name="run", **SHORT)
