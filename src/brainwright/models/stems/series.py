"""The stem of series: raw numbers become lines relative to their last value, one a variable, cut into patches."""

import torch
from torch import Tensor

from brainwright.data.fields.series import Series
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape

PATCHES = 21  # at least, if there are so many steps: 16 steps each in a past of 336 (Nie et al. 2023, PatchTST)


class SeriesStem(Stage):
    """Float [B, L, C] -> sequence [B * V, patches, patch * (1 + C - V)]: each of the first V variables is a line of its
    own, read by the same net (channel independence, Nie et al. 2023); the other C - V accompany every line.

    A line holds the difference to its last value in training deviations, so that a level never seen before is no
    stranger (NLinear, Zeng et al. 2023); what accompanies it keeps its level.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, past: Series, future: Series) -> None:
        self.variables = len(future.names)
        self.patch = max(1, past.length // PATCHES)
        self.lead = -past.length % self.patch  # steps put before the first, so that patches fill the past
        lines = 1 + len(past.names) - self.variables
        super().__init__(Shape("sequence", self.patch * lines, ((past.length + self.lead) // self.patch,)))
        self.register_buffer("mean", torch.tensor([*future.mean, *past.mean[self.variables :]]))
        self.register_buffer("scale", torch.tensor([*future.scale, *past.scale[self.variables :]]))

    def level(self, past: Tensor) -> Tensor:
        """The last value of each variable that is forecast, in training deviations: [B, V]."""
        last = past[:, -1, : self.variables]
        return (last - self.mean[: self.variables]) / self.scale[: self.variables]

    def lines(self, past: Tensor) -> Tensor:
        """[B, L, C] -> [B * V, L, 1 + C - V]: the difference to the last value, then what accompanies it."""
        own = (past - past[:, -1:])[..., : self.variables] / self.scale[: self.variables]
        beside = ((past - self.mean) / self.scale)[:, None, :, self.variables :].expand(-1, self.variables, -1, -1)
        return torch.cat([own.transpose(1, 2)[..., None], beside], 3).flatten(0, 1)

    def forward(self, lines: Tensor) -> Features:
        """Lines [B * V, L, K] -> patches [B * V, patches, patch * K]."""
        if self.lead:
            lines = torch.cat([lines[:, :1].expand(-1, self.lead, -1), lines], 1)
        return Features(lines.unflatten(1, (-1, self.patch)).flatten(2))
