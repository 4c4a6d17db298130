"""Readout: the last layer, from a vector to the K numbers of an answer (logits of classes, or values)."""

import torch
from torch import Tensor, nn

from brainwright.models.features import Features, Shape, bridge


class Readout(nn.Module):
    """Grid or sequence are averaged; [B, width] -> [B, K], or [B, members, width] -> [B, members, K].

    Starts at zero weight, so that a fresh net's answer is chance: its first loss is log K.
    """

    def __init__(self, given: Shape, answers: int) -> None:
        super().__init__()
        pooled = Shape(given.form, given.width, (), given.members) if given.form == "sequence" else given
        self.pool = Mean() if given.form == "grid" else bridge(pooled, "vector")
        self.weight = nn.Parameter(torch.zeros(given.members, answers, given.width))
        self.bias = nn.Parameter(torch.zeros(given.members, answers))

    def forward(self, given: Features) -> Tensor:
        values = self.pool(given).values
        if values.ndim == 3:  # one answer a member
            return torch.einsum("bmd,mkd->bmk", values, self.weight) + self.bias
        return nn.functional.linear(values, self.weight.flatten(0, 1), self.bias.flatten())


class Mean(nn.Module):
    """Grid [B, C, ...] -> vector [B, C]: the mean over places, those alone that are real where the last side varies."""

    def forward(self, given: Features) -> Features:
        if given.mask is None:
            return Features(given.values.flatten(2).mean(2))
        real = given.mask[:, None, None].to(given.values.dtype)  # [B, 1, 1, W]
        return Features((given.values.mean(2, keepdim=True) * real).sum((2, 3)) / real.sum((2, 3)).clamp(min=1))
