"""Detector: stem, backbone and the head that reads all the backbone's grids."""

from typing import Any

from torch import nn

from brainwright.models.backbone import Backbone, Stage
from brainwright.models.heads.detect import Detect, Seen


class Detector(nn.Module):
    """Pictures in, what every place of every grid says out."""

    def __init__(self, stem: Stage, backbone: Backbone, classes: int, neck: tuple[int, int]) -> None:
        super().__init__()
        self.stem = stem
        self.bridge = backbone.bridge(stem.shape)
        self.backbone = backbone.build(self.bridge.shape)
        self.head = Detect(self.backbone, classes, *neck)

    def forward(self, given: Any) -> Seen:
        return self.head(self.backbone(self.bridge(self.stem(given))), tuple(given.shape[2:]))  # type: ignore[no-any-return]
