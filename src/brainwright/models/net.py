"""Net: stem, backbone and head in a row, with the bridge that the backbone's form asks for."""

from typing import Any

from torch import nn

from brainwright.models.backbone import Backbone, Stage
from brainwright.models.features import bridge
from brainwright.models.heads.readout import Readout


class Net(nn.Module):
    """What most tasks build: one batched input in, the head's answer out."""

    def __init__(self, stem: Stage, backbone: Backbone, answers: int) -> None:
        super().__init__()
        self.stem = stem
        self.bridge = bridge(stem.shape, backbone.takes)
        self.backbone = backbone.build(self.bridge.shape)
        self.head = Readout(self.backbone.shape, answers)

    def forward(self, given: Any) -> Any:
        return self.head(self.backbone(self.bridge(self.stem(given))))
