"""Net: stem, backbone and head in a row, with the bridge that the backbone's form asks for."""

from collections.abc import Callable
from typing import Any

from torch import nn

from brainwright.models.backbone import Backbone, Stage
from brainwright.models.features import Shape
from brainwright.models.heads.readout import Readout


class Headed(nn.Module):
    """One batched input in, the answer of any head out; the head is made for the backbone's shape."""

    def __init__(self, stem: Stage, backbone: Backbone, head: Callable[[Shape], nn.Module]) -> None:
        super().__init__()
        self.stem = stem
        self.bridge = backbone.bridge(stem.shape)
        self.backbone = backbone.build(self.bridge.shape)
        self.head = head(self.backbone.shape)

    def forward(self, given: Any) -> Any:
        return self.head(self.backbone(self.bridge(self.stem(given))))


class Net(Headed):
    """What most tasks build: its answer is so many numbers."""

    def __init__(self, stem: Stage, backbone: Backbone, answers: int) -> None:
        super().__init__(stem, backbone, lambda shape: Readout(shape, answers))
