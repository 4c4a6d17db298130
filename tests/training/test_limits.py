"""The limits of a step: counted where they can be counted, and never above what was measured by more than chance."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from brainwright.models.describing import Counter
from brainwright.training import energy
from brainwright.training.energy import HOUR, MEMORY, METERED, MODELLED, PROCESSOR, Meter, modelled
from brainwright.training.limits import Limit, limit, quickest
from trial import TASKS, Trial


def test_products_calls_and_bytes_are_counted_forward_and_back() -> None:
    layer = nn.Linear(30, 20, bias=False)
    given = torch.randn(7, 30, requires_grad=True)
    with Counter() as counter:
        answer = layer(given)
        assert counter.total == 2 * 7 * 30 * 20
        assert counter.calls == 1
        assert counter.moved == 4 * (7 * 30 + 30 * 20 + 7 * 20)
        answer.sum().backward()
    assert counter.total == 3 * 2 * 7 * 30 * 20


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("both", [False, True])
def test_recurrent_layers_are_counted_by_their_matrices(kind: type[nn.RNNBase], layers: int, both: bool) -> None:
    net = kind(8, 16, layers, batch_first=True, bidirectional=both)
    matrices = sum(weight.numel() for weight in net.parameters() if weight.ndim == 2)
    with Counter() as counter:
        answer, _ = net(torch.randn(5, 11, 8, requires_grad=True))
        assert counter.total == 2 * matrices * 5 * 11
        answer.sum().backward()
    assert 2.8 < counter.total / (2 * matrices * 5 * 11) <= 3.0  # a state before the first step asks for no slope


@pytest.mark.parametrize("word", TASKS)
def test_every_roof_is_found_and_the_learner_is_left_as_it_was(word: str) -> None:
    loop = Trial(word).loop()
    step = quickest(loop.advance, loop.at.wait)
    before, chance = loop.state.aside(), torch.get_rng_state()
    found = limit(loop, step)
    assert torch.equal(chance, torch.get_rng_state())
    assert all(torch.equal(before[name], one) for name, one in loop.state.aside().items())
    assert set(found.roofs) == {"compute", "memory", "calls", "data"}
    assert all(np.isfinite(seconds) and seconds >= 0 for seconds in found.roofs.values())
    assert found.fraction > 0


def test_the_highest_demand_binds() -> None:
    found = Limit(0.1, {"compute": 0.02, "memory": 0.05, "calls": 0.01, "data": 0.0})
    assert (found.binds, found.fraction) == ("memory", 0.5)
    assert "50%" in found.told
    assert "memory binds" in found.told


def test_energy_is_modelled_where_there_is_no_meter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "METERS", tmp_path)
    used = Meter().used(1024)
    assert used.how.startswith(MODELLED)
    assert 0 <= used.low < used.high
    low, high = modelled(100.0, 50.0, 2048.0)
    assert low == pytest.approx((PROCESSOR[0] * 50 + MEMORY[0] * 2 * 100) / HOUR)
    assert high == pytest.approx((PROCESSOR[1] * 50 + MEMORY[1] * 2 * 100) / HOUR)
    assert modelled(100.0, 50.0, float("nan"))[0] == pytest.approx(PROCESSOR[0] * 50 / HOUR)


def test_a_meter_is_read_even_where_it_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "METERS", tmp_path)
    package = tmp_path / "intel-rapl:0"
    package.mkdir()
    (package / "max_energy_range_uj").write_text("1000000000\n")
    (package / "energy_uj").write_text("999000000\n")
    meter = Meter()
    (package / "energy_uj").write_text("35000000\n")  # a joule to the end, and 35 more
    used = meter.used(100)
    assert used.how == METERED
    assert used.low == used.high == pytest.approx(36 / HOUR)
    assert used.times(2).low == pytest.approx(72 / HOUR)
