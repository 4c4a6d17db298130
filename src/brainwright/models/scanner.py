"""Scanned: what a whole scan is, from the mean and the largest of each channel over a backbone's last grid."""

import torch
from torch import Tensor, nn

from brainwright.models.backbone import Backbone
from brainwright.models.features import Features, Shape


class Scanned(nn.Module):
    """Scans [B, C, D, H, W] -> logits [B, K]: what fills a scan shows in the means, what is small in the largest."""

    def __init__(self, given: Shape, classes: int, backbone: Backbone) -> None:
        """For scans of a shape, with sides [D, H, W]; D = 1 for pictures, which are read in two dimensions."""
        super().__init__()
        self.flat = given.sides[0] == 1
        shape = Shape("grid", given.width, given.sides[1:]) if self.flat else given
        self.bridge = backbone.bridge(shape)
        self.backbone = backbone.build(self.bridge.shape)
        self.head = nn.Linear(2 * self.backbone.shape.width, classes)

    def forward(self, scans: Tensor) -> Tensor:
        scans = scans.to(self.head.weight.dtype)
        grid = self.backbone(self.bridge(Features(scans[:, :, 0] if self.flat else scans))).values.flatten(2)
        found: Tensor = self.head(torch.cat([grid.mean(2), grid.amax(2)], 1))
        return found
