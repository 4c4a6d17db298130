"""Deciding: a net that answers with a class, with several numbers, or with both at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from brainwright.models.answers import Measured, Weighed, each_member


class Decided(NamedTuple):
    """Logits [B, M, K] of a class, K = 0 where none is asked for, and numbers in training deviations [B, M, Q]; of each
    number mean, deviation, lowest and highest [Q, 4]. M members.
    """

    logits: Tensor
    standard: Tensor
    units: Tensor

    def number(self, place: int) -> Measured:
        """One of the numbers."""
        return Measured(self.standard[..., place], self.units[place])

    def choice(self) -> Weighed:
        """The class, each counting alike."""
        return Weighed(self.logits, self.logits.new_ones(self.logits.shape[2]))

    def wrong(self, place: int, truth: Tensor) -> Tensor:
        """Squared error of a number in training deviations, for each example [B] of truth [B]."""
        said = self.number(place)
        return (said.standard - said.of(truth)[:, None]).square().mean(1)


class Deciding(nn.Module):
    """A net whose answers are the logits of a class and, after them, numbers understood in the units of training."""

    units: Tensor

    def __init__(self, net: nn.Module, classes: int, units: Sequence[tuple[float, float, float, float]]) -> None:
        """`units` of each number: mean, deviation, lowest, highest."""
        super().__init__()
        self.net = net
        self.classes = classes
        self.register_buffer("units", torch.tensor(units, dtype=torch.float32).view(-1, 4))

    def forward(self, given: Any) -> Decided:
        answers = each_member(self.net(given))
        return Decided(answers[..., : self.classes], answers[..., self.classes :], self.units)
