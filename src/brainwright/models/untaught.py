"""Untaught: a small convolution net with fixed random weights, whose numbers let sets of pictures be compared."""

from functools import cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 32  # every picture is brought to this many pixels a side
WIDTHS = (32, 64, 64)  # channels of the three layers, each halving the sides: 32 -> 16 -> 8 -> 4
FEATURES = 64


class Untaught(nn.Module):
    """Pictures 0-255 [B, channels, height, width] -> features, float [B, 64].

    Three 3x3 convolutions with stride 2, each followed by a rectifier, then a projection of the last grid, places
    kept, to 64 numbers. Every weight is drawn once from a frozen random stream, with orthonormal rows times sqrt 2
    (Saxe et al. 2014), and never changes: the features depend on no data set. That random nets serve to compare sets
    of pictures unlike photographs is measured by Naeem et al. 2020 (section 5, "R64").
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        draw = np.random.RandomState(0)  # the one stream that numpy promises never to change (NEP 19)
        widths = (channels, *WIDTHS)
        for index, (before, after) in enumerate(pairwise(widths)):
            self.register_buffer(f"kernel{index}", 2**0.5 * rows(draw, after, before * 9).view(after, before, 3, 3))
        self.register_buffer("projection", rows(draw, FEATURES, WIDTHS[-1] * (SIDE // 8) ** 2))

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        grid = pictures.float() / 127.5 - 1
        if grid.shape[2:] != (SIDE, SIDE):
            grid = F.interpolate(grid, (SIDE, SIDE), mode="bilinear", antialias=True)
        for index in range(len(WIDTHS)):
            grid = F.conv2d(grid, self.get_buffer(f"kernel{index}"), stride=2, padding=1).relu()
        return F.linear(grid.flatten(1), self.get_buffer("projection"))


def rows(draw: np.random.RandomState, count: int, length: int) -> Tensor:
    """A matrix [count, length] with orthonormal rows, or columns where it is higher than wide."""
    drawn = draw.standard_normal((max(count, length), min(count, length)))
    basis, triangle = np.linalg.qr(drawn)
    basis = basis * np.sign(np.diag(triangle))  # makes the answer unique, whatever the library
    return torch.from_numpy(basis if count > length else basis.T).float().contiguous()


@cache
def untaught(channels: int, device: torch.device) -> Untaught:
    """The net for pictures of so many channels; made once."""
    return Untaught(channels).to(device)
