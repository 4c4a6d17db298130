"""Roads: stem, backbone and the head that reads all the backbone's grids at rows of the picture."""

from typing import Any

from torch import nn

from brainwright.models.backbone import Backbone, Stage
from brainwright.models.heads.curves import Curves, Seen


class Roads(nn.Module):
    """Pictures in, what is said of each lane at each row out."""

    def __init__(
        self, stem: Stage, backbone: Backbone, rows: tuple[float, ...], sizes: tuple[int, int, int, int]
    ) -> None:
        super().__init__()
        self.stem = stem
        self.bridge = backbone.bridge(stem.shape)
        self.backbone = backbone.build(self.bridge.shape)
        self.head = Curves(self.backbone, rows, sizes)

    def forward(self, given: Any) -> Seen:
        return self.head(self.backbone(self.bridge(self.stem(given))))  # type: ignore[no-any-return]
