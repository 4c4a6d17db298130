"""Forecaster: a straight-line forecast that a net of any family bends, for every variable alike."""

import torch
from torch import Tensor, nn

from brainwright.models.backbone import Backbone
from brainwright.models.features import Shape, bridge
from brainwright.models.heads.readout import Readout
from brainwright.models.stems.moments import MomentsStem
from brainwright.models.stems.series import SeriesStem


class Forecaster(nn.Module):
    """Past [B, L, C] and dates to come [B, H] -> future [B, H, V], in training deviations; [B, members, H, V] where the
    backbone has members.

    Last value + linear map of the past (NLinear, Zeng et al. 2023; as a shortcut around a net: TiDE, Das et al. 2023)
    + what the backbone sees in its patches + what the calendar says. All three start at zero: a fresh net repeats the
    last value.
    """

    def __init__(self, stem: SeriesStem, calendar: MomentsStem, backbone: Backbone, span: tuple[int, int]) -> None:
        """`span`: steps of the past and of the future."""
        super().__init__()
        self.stem, self.calendar = stem, calendar
        lookback, horizon = span
        self.bridge = backbone.bridge(stem.shape)
        self.backbone = backbone.build(self.bridge.shape)
        self.whole = bridge(self.backbone.shape, "vector")
        vector = Shape("vector", self.whole.shape.width, (), self.backbone.shape.members)
        self.head = Readout(vector, horizon)
        self.straight = nn.Linear(lookback, horizon)
        nn.init.zeros_(self.straight.weight)
        nn.init.zeros_(self.straight.bias)
        self.season = nn.Parameter(torch.zeros(calendar.width, stem.variables))

    def forward(self, past: Tensor, moments: Tensor) -> Tensor:
        lines = self.stem.lines(past)
        bent = self.head(self.whole(self.backbone(self.bridge(self.stem(lines)))))  # [B * V, (members,) H]
        straight = self.straight(lines[..., 0])
        change = bent + (straight if bent.ndim == 2 else straight[:, None])
        change = change.unflatten(0, (-1, self.stem.variables)).movedim(1, -1)  # [B, (members,) H, V]
        known = self.stem.level(past)[:, None] + self.calendar(moments) @ self.season
        said: Tensor = change + (known if bent.ndim == 2 else known[:, None])
        return said
