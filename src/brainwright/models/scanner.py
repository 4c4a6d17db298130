"""Scanner: what a whole volume is, by residual blocks in three dimensions that each see half as finely."""

import torch
from torch import Tensor, nn

from brainwright.models.unet import LEAK, Layout, Sides, layer

ONCE: Sides = (1, 1, 1)


class Block(nn.Module):
    """Two convolutions with instance norm beside a shortcut (He et al. 2016), the first of which halves."""

    def __init__(self, given: int, width: int, stride: Sides) -> None:
        super().__init__()
        self.first, self.second = layer(given, width, stride), layer(width, width, ONCE)[:2]
        deep, high, wide = stride
        self.beside = nn.Sequential(nn.AvgPool3d((deep, high, wide)), nn.Conv3d(given, width, 1, bias=False))
        self.act = nn.LeakyReLU(LEAK)

    def forward(self, values: Tensor) -> Tensor:
        found: Tensor = self.act(self.beside(values) + self.second(self.first(values)))
        return found


class Scanner(nn.Module):
    """Scans [B, C, D, H, W] -> logits [B, K], from the mean and the largest of each channel over the last grid.

    Nothing but the shortcuts carries how bright a whole scan is: norms take it out of the rest.
    """

    def __init__(self, channels: int, classes: int, layout: Layout, hidden: float) -> None:
        """`layout` says how often each axis is halved, a block each, and the channels of the first block; `hidden` is
        the share of what was found that is hidden from the last layer in training.
        """
        super().__init__()
        strides = layout.strides or (ONCE,)
        widths = [layout.width * 2**index for index in range(len(strides))]
        both = zip([channels, *widths], widths, strides, strict=False)
        self.blocks = nn.Sequential(*(Block(given, width, stride) for given, width, stride in both))
        self.drop, self.head = nn.Dropout(hidden), nn.Linear(2 * widths[-1], classes)

    def forward(self, scans: Tensor) -> Tensor:
        grid = self.blocks(scans.to(self.head.weight.dtype)).flatten(2)
        found: Tensor = self.head(self.drop(torch.cat([grid.mean(2), grid.amax(2)], 1)))
        return found
