"""The stem of dates: where in the day, the week and the year each moment lies, as waves."""

import math

import torch
from torch import Tensor, nn

from brainwright.data.fields.moments import Moments

WAVES = 3  # a cycle and its overtones; three give each day of the week a value of its own (Taylor and Letham 2018)


class MomentsStem(nn.Module):
    """Int64 [B, H] seconds -> float [B, H, width]; width 0 where training saw no cycle often enough."""

    periods: Tensor

    def __init__(self, field: Moments) -> None:
        super().__init__()
        self.register_buffer("periods", torch.tensor([c // k for c in field.cycles for k in range(1, WAVES + 1)]))
        self.width = 2 * len(self.periods)

    def forward(self, moments: Tensor) -> Tensor:
        angle = (moments[..., None] % self.periods) / self.periods * (2 * math.pi)  # the rest first: float32 is short
        return torch.cat([angle.sin(), angle.cos()], -1)
