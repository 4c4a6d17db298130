"""The arithmetic of a run is the quicker one, found by trying; the net and its chance stay as they were."""

import pytest
import torch
from torch import nn

from brainwright.data.slots import Batch
from brainwright.tasks.task import Task
from brainwright.training import pace
from brainwright.training.devices import Place
from brainwright.training.pace import quickest_arithmetic


def chosen(monkeypatch: pytest.MonkeyPatch, half: float) -> tuple[str, str]:
    """What is chosen where a step in float32 takes a second, and one in bfloat16 `half` of it."""

    def told(task: Task, net: nn.Module, batch: Batch, at: Place) -> float:
        torch.rand(1)
        return half if at.half else 1.0

    monkeypatch.setattr(pace, "tried", told)
    net, before = nn.Linear(2, 2), torch.get_rng_state()
    found = quickest_arithmetic(None, net, Batch({}), Place(torch.device("cpu"), True))  # type: ignore[arg-type]
    assert torch.equal(torch.get_rng_state(), before)
    return found


def test_the_quicker_one_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "has_bfloat16", lambda _: True)
    assert chosen(monkeypatch, 0.5) == (
        "bfloat16",
        "a step's forward and backward in float32 took 1e+03 ms, bfloat16 took 500 ms",
    )
    assert chosen(monkeypatch, 0.95)[0] == "float32"
    monkeypatch.setattr(pace, "has_bfloat16", lambda _: False)
    assert chosen(monkeypatch, 0.5) == ("float32", "the hardware does not multiply in bfloat16")
