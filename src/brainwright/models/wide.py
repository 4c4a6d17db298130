"""Wide: a straight line over words and neighbours, and a committee of readers that answer side by side."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from brainwright.data.field import Padded
from brainwright.data.fields.text import FIRST, Text
from brainwright.data.units import Between
from brainwright.models.answers import each_member

BUCKETS = 2**18  # that pairs are hashed to: some 100,000 different ones seldom meet
WEIGHTS = 4_000_000  # of pairs, at most: many classes make do with fewer buckets
SCALE = 10.0  # lengthens the features, so that weights of AdamW's small steps reach as far as a fitted line's
MULTIPLIER = 1_000_003  # a prime: ids of neighbours do not fall together


class Wide(nn.Module):
    """Padded ids [B, T, C] -> logits [B, K]: the weights of every token and every pair of neighbours, summed.

    The sum is divided by the root of how many there are, as for texts of length 1 in a linear floor; the wide half of
    wide and deep learning (Cheng et al. 2016). Unknown tokens say nothing. Starts at zero: its first answer is chance.
    """

    def __init__(self, field: Text, answers: int) -> None:
        super().__init__()
        self.buckets = min(BUCKETS, max(1, WEIGHTS // answers))
        self.single = nn.Parameter(torch.zeros(field.size, answers))
        self.pair = nn.Parameter(torch.zeros(self.buckets, answers))
        self.bias = nn.Parameter(torch.zeros(answers))

    def forward(self, given: Padded | Between[Padded]) -> Tensor:
        readings = [(ids, (ids >= FIRST) * share) for ids, share in readings_of(given)]
        found = [(self.single[ids], known) for ids, known in readings]
        for (left, one), (right, other) in product(readings, readings):
            places = (left[:, :-1] * MULTIPLIER + right[:, 1:]) % self.buckets
            found.append((self.pair[places], one[:, :-1] * other[:, 1:]))
        said = torch.stack([(weights * there[..., None]).sum(1) for weights, there in found]).sum(0)
        count = torch.stack([there.sum(1) for _, there in found]).sum(0).clamp(min=1)[:, None]
        return SCALE * said / count.sqrt() + self.bias


def readings_of(given: Padded | Between[Padded]) -> list[tuple[Tensor, Tensor]]:
    """Tokens [B, T], and how far each of them is there [B, T]; two where one text is on the way to another."""
    if isinstance(given, Between):
        values, instead = given.values.values[..., 0], given.instead.values[..., 0]
        return [(values, given.shown), (instead, 1 - given.shown)]
    ids = given.values[..., 0]
    return [(ids, torch.ones_like(ids))]


class Committee(nn.Module):
    """Nets that are asked the same: their answers [B, K] or [B, m, K] side by side, [B, M, K]."""

    def __init__(self, nets: Sequence[nn.Module]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, given: Any) -> Tensor:
        return torch.cat([each_member(net(given)) for net in self.nets], 1)
