"""Games whose answers are known by hand: a picture of 2 x 3 pixels and nets that are formulas."""

from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import Tensor, nn

from brainwright.data.fields.image import Image
from brainwright.data.slots import Batch
from brainwright.training.devices import Place
from brainwright.trust.game import Game, Side

FIELD = Image(height=2, width=3, channels=1, mean=(0.0,), spread=(1.0,))


class Formula(nn.Module):
    """Scores [B] from pixels [B, 6]."""

    def __init__(self, formula: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, pixels: Tensor) -> Tensor:
        return self.formula(pixels.flatten(1))


class Linear(nn.Module):
    """Weights times pixels."""

    def __init__(self, weights: list[float]) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, pixels: Tensor) -> Tensor:
        return pixels.flatten(1) @ self.weights


def game(net: nn.Module, picture: list[float], others: list[list[float]]) -> Game:
    """The game of one picture [6] among others; the score is what the net says."""
    given = torch.tensor([picture]).view(1, 1, 2, 3)
    crowd = torch.tensor(others).view(-1, 1, 2, 3)
    side = Side("image", FIELD, FIELD.units(given, None), None)
    rows = torch.arange(len(crowd))
    blank = Batch({"image": FIELD.blank(given, crowd)}, rows[:1])
    batch = Batch({"image": given}, rows[:1])
    sides, others = [side], Batch({"image": crowd}, rows)
    at = Place(torch.device("cpu"), False)
    return Game(SimpleNamespace(), net, at, batch, sides, blank, others, False, given, score)


def score(net: nn.Module, batch: Batch) -> Tensor:
    """What the net says."""
    return net(batch.values["image"].float())
