"""Pooling: how the steps of a sequence become one vector, for every backbone that gives sequences."""

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape

Pool: TypeAlias = Literal["none", "last", "max", "attention"]


class Pooled(Stage):
    """A stage whose sequence is pooled: [B, T, width] -> [B, width]. Steps beyond a sequence's end do not count."""

    def __init__(self, stage: Stage, pool: nn.Module) -> None:
        super().__init__(Shape("vector", stage.shape.width))
        self.stage, self.pool = stage, pool

    def forward(self, given: Features) -> Features:
        steps = self.stage(given)
        mask = steps.mask
        if mask is None:
            mask = torch.ones(steps.values.shape[:2], dtype=torch.bool, device=steps.values.device)
        return Features(self.pool(steps.values, mask))


class Last(nn.Module):
    """The last real step; where half the width was read backwards, that half's last step is the first."""

    def __init__(self, both_ends: bool) -> None:
        super().__init__()
        self.both_ends = both_ends

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        index = (mask.sum(1) - 1).clamp(min=0)[:, None, None].expand(-1, 1, values.shape[2])
        last = values.gather(1, index)[:, 0]
        if not self.both_ends:
            return last
        half = values.shape[2] // 2
        return torch.cat([last[:, :half], values[:, 0, half:]], 1)


class Maximum(nn.Module):
    """The largest number of each feature (Collobert et al. 2011)."""

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        return values.masked_fill(~mask[..., None], torch.finfo(values.dtype).min).amax(1)


class Attention(nn.Module):
    """A weighted mean whose weights are learned from each step (Yang et al. 2016); starts as the plain mean."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        scores = self.hidden(values).tanh() @ self.weight  # [B, T]
        weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(1)
        return torch.einsum("bt,btd->bd", weights, values)


def pooled(stage: Stage, pool: Pool, both_ends: bool = False) -> Stage:
    """The stage with its pooling; "none" leaves the sequence as it is, and a readout will take the mean."""
    if pool == "none":
        return stage
    if pool == "attention":
        return Pooled(stage, Attention(stage.shape.width))
    return Pooled(stage, Maximum() if pool == "max" else Last(both_ends))
