"""The stem of a picture: raw 8-bit pixels become a normalised grid, so that nets and exports take raw pictures."""

import torch
from torch import Tensor

from brainwright.data.fields.image import Image
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape


class ImageStem(Stage):
    """Pixels 0-255, uint8 or float [B, C, H, W] -> grid of mean 0 and deviation 1 per channel."""

    mean: Tensor
    spread: Tensor

    def __init__(self, field: Image) -> None:
        super().__init__(Shape("grid", field.channels, (field.height, field.width)))
        self.register_buffer("mean", torch.tensor(field.mean)[:, None, None])
        self.register_buffer("spread", torch.tensor(field.spread)[:, None, None])

    def forward(self, pixels: Tensor) -> Features:
        return Features((pixels.to(self.mean.dtype) - self.mean) / self.spread)
