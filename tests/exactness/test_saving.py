"""Saving: beside the training, one at a time, no error lost, and no dearer than its share of the time."""

import time

import pytest
import torch

from brainwright.errors import Fault
from brainwright.training import saving
from brainwright.training.checkpoints import read_tensors, sweep, write_tensors
from brainwright.training.saving import SHARE, Saver

KEPT = {"a": torch.arange(3)}, {"step": 1}


def slow(seconds):
    def write(path, tensors, facts):
        time.sleep(seconds)
        write_tensors(path, tensors, facts)

    return write


def test_the_training_goes_on_while_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "write_tensors", slow(0.3))
    saver = Saver(tmp_path / "state", 1e-9)
    started = time.monotonic()
    saver.begin(lambda: KEPT)
    assert time.monotonic() - started < 0.2
    assert not saver.due()  # never two at once
    saver.wait()
    assert read_tensors(tmp_path / "state")[1] == {"step": 1}


def test_what_it_cost_says_when_the_next_is_due(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "write_tensors", slow(0.1))
    saver = Saver(tmp_path / "state", 1e-9)
    saver.begin(lambda: KEPT)
    saver.wait()
    assert saver.cost >= 0.1 and not saver.due()
    saver.last -= 0.9 * saver.cost / SHARE - 1
    assert not saver.due()
    saver.last -= saver.cost / SHARE
    assert saver.due()


def test_an_error_in_the_background_is_raised_once(tmp_path):
    saver = Saver(tmp_path / "gone" / "state", 1e-9)
    saver.begin(lambda: KEPT)
    while saver.running is not None and not saver.running.done():
        time.sleep(0.01)
    with pytest.raises(Fault, match="the folder is gone"):
        saver.due()
    saver.wait()


def test_never_unless_asked(tmp_path):
    saver = Saver(tmp_path / "state", 0.0)
    saver.last -= 1e6
    assert not saver.due()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.uint8, torch.bool])
def test_tensors_come_back_to_the_bit(tmp_path, dtype):
    tensors = {
        "scalar": torch.ones((), dtype=dtype),
        "empty": torch.ones((0, 3), dtype=dtype),
        "odd": torch.ones(3, dtype=torch.bool),
        "last": (torch.arange(2 * 3 * 4 * 5) % 2).view(2, 3, 4, 5).to(dtype).to(memory_format=torch.channels_last),
    }
    write_tensors(tmp_path / "x", tensors, {"nan": float("inf"), "word": "ü"})
    found, facts = read_tensors(tmp_path / "x")
    assert facts == {"nan": float("inf"), "word": "ü"}
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in tensors.items()
    )


def test_orphans_are_swept(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / ".state.safetensors.part").write_bytes(b"half")
    (tmp_path / "run.json").write_text("{}")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["run.json"]
