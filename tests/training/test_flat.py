"""Flat weights and our optimizers do what torch's do, weight by weight."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.training.average import Average
from brainwright.training.flat import Flat
from brainwright.training.optimizers import Optimizer, optimizer
from brainwright.training.options import Training

STEPS = 5


def net() -> nn.Module:
    """A few layers whose weights differ in size and layout."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Conv2d(5, 7, 3), nn.Flatten(), nn.Linear(7 * 16, 3))
    return made.to(memory_format=torch.channels_last)


def loss(made: nn.Module, step: int) -> Tensor:
    """Of a batch of its own for each step."""
    given = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(step))
    return F.cross_entropy(made(given), torch.arange(4) % 3)


def test_weights_keep_what_they_are() -> None:
    plain, flat = net(), net()
    before = [weight.stride() for weight in flat.parameters()]
    Flat(list(flat.parameters()))
    assert [weight.stride() for weight in flat.parameters()] == before
    assert all(torch.equal(one, flat.state_dict()[name]) for name, one in plain.state_dict().items())
    assert flat.state_dict().keys() == plain.state_dict().keys()


def test_gradients_that_were_set_to_none_come_back() -> None:
    made = net()
    flat = Flat(list(made.parameters()))
    loss(made, 0).backward()
    wanted = flat.gradients.clone()
    made.zero_grad()
    loss(made, 0).backward()
    flat.gradients.fill_(7.0)
    flat.gather()
    assert torch.equal(flat.gradients[: wanted.numel()] * (wanted != 0), wanted)
    made.zero_grad()
    flat.gather()
    assert all(weight.grad is not None and not weight.grad.any() for weight in made.parameters())


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_optimizers_step_as_those_of_torch(name: Any) -> None:
    plain, ours = net(), net()
    flat = Flat(list(ours.parameters()))
    how = Training(optimizer=name)
    group = {"params": [flat.piece(0, len(flat.weights))], "lr": 0.01, "weight_decay": 0.1}
    mine = optimizer([group], how, 0.9)
    if name == "adamw":
        theirs: Any = torch.optim.AdamW(plain.parameters(), 0.01, (0.9, 0.99), weight_decay=0.1)
    else:
        theirs = torch.optim.SGD(plain.parameters(), 0.01, 0.9, weight_decay=0.1, nesterov=True)
    for step in range(STEPS):
        loss(plain, step).backward()
        loss(ours, step).backward()
        theirs.step()
        theirs.zero_grad()
        mine.step()
        flat.gradients.zero_()
    for one, other in zip(plain.parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_an_optimizer_goes_on_where_it_was() -> None:
    whole, cut = net(), net()
    flats = [Flat(list(one.parameters())) for one in (whole, cut)]
    how = Training()

    def fresh(flat: Flat) -> Optimizer:
        return optimizer([{"params": [flat.piece(0, 6)], "lr": 0.01, "weight_decay": 0.1}], how, 0.9)

    def drive(made: nn.Module, flat: Flat, mover: Optimizer, steps: range) -> None:
        for step in steps:
            loss(made, step).backward()
            mover.step()
            flat.gradients.zero_()

    drive(whole, flats[0], fresh(flats[0]), range(6))
    first = fresh(flats[1])
    drive(cut, flats[1], first, range(3))
    saved = deepcopy(first.state_dict())
    second = fresh(flats[1])
    second.load_state_dict(saved)
    drive(cut, flats[1], second, range(3, 6))
    assert torch.equal(flats[0].values, flats[1].values)


def test_the_average_follows_every_weight() -> None:
    made = net()
    Flat(list(made.parameters()))
    average = Average(made, 0.9)
    kept = [weight.detach().clone() for weight in made.parameters()]
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(1.0)
    average.follow()
    share = 1 - min(0.9, 2 / 11)
    for before, after in zip(kept, average.net.parameters(), strict=True):
        torch.testing.assert_close(after, before + share)
    assert all(weight.grad is None for weight in average.net.parameters())
