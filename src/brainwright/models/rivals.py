"""Rivals: a painter that turns noise into pictures and a critic that tells them from real ones."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.fields.image import Image

L = TypeVar("L", nn.Conv2d, nn.Linear)
SMALLEST = 7  # sides are halved until none is above this: 28 -> 14 -> 7, 32 -> 16 -> 8 -> 4
WIDEST = 4  # channels double with each halving, up to this many times the first width
SLOPE = 0.2  # of the leaky rectifier on its negative side
HIDDEN = 128  # numbers in the critic's last layer but one


def halvings(height: int, width: int) -> list[tuple[int, int]]:
    """The sides after each halving (rounded up), largest first; at least one."""
    sides = [(-(-height // 2), -(-width // 2))]
    while max(sides[-1]) > SMALLEST:
        sides.append((-(-sides[-1][0] // 2), -(-sides[-1][1] // 2)))
    return sides


class Block(nn.Module):
    """Residual block without normalisation: grid + 1x1(bend(3x3(grid))), [B, C, H, W] -> the same.

    Its last layer starts at zero, so a fresh net of any depth is as tame as a linear one (Zhang et al. 2019, Fixup).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.look = started(nn.Conv2d(width, width, 3, padding=1), 2**0.5)
        self.mix = started(nn.Conv2d(width, width, 1), 0.0)

    def forward(self, grid: Tensor) -> Tensor:
        change: Tensor = self.mix(bend(self.look(grid)))
        return grid + change


class Painter(nn.Module):
    """Noise [B, size] -> pictures [B, channels, height, width], about 0 to 255 but not clipped."""

    mean: Tensor
    spread: Tensor

    def __init__(self, size: int, picture: Image, width: int, depth: int) -> None:
        super().__init__()
        self.picture = (picture.height, picture.width)
        self.sides = halvings(*self.picture)[::-1]
        widths = channels(width, len(self.sides))[::-1]
        self.seed = started(nn.Linear(size, widths[0] * self.sides[0][0] * self.sides[0][1]))
        self.stages = nn.ModuleList(nn.Sequential(*(Block(wide) for _ in range(depth))) for wide in widths)
        self.between = nn.ModuleList(started(nn.Conv2d(a, b, 1)) for a, b in pairs(widths))
        self.paint = started(nn.Conv2d(widths[-1], 4 * picture.channels, 3, padding=1))
        self.register_buffer("mean", torch.tensor(picture.mean)[:, None, None])
        self.register_buffer("spread", torch.tensor(picture.spread)[:, None, None])

    def forward(self, noise: Tensor) -> Tensor:
        grid = self.seed(noise).unflatten(1, (-1, *self.sides[0]))
        for index, stage in enumerate(self.stages):
            if index:
                grid = F.interpolate(self.between[index - 1](grid), self.sides[index], mode="bilinear")
            grid = stage(grid)
        drawn = F.pixel_shuffle(self.paint(bend(grid)), 2)[..., : self.picture[0], : self.picture[1]]
        return drawn.float() * self.spread + self.mean


class Critic(nn.Module):
    """Pictures 0-255, uint8 or float [B, channels, height, width] -> how real each looks, float [B], any size."""

    mean: Tensor
    spread: Tensor

    def __init__(self, picture: Image, width: int, depth: int) -> None:
        super().__init__()
        sides = halvings(picture.height, picture.width)
        widths = channels(width, len(sides))
        self.stem = started(nn.Conv2d(picture.channels, width, 5, stride=2, padding=2))
        self.stages = nn.ModuleList(nn.Sequential(*(Block(wide) for _ in range(depth))) for wide in widths)
        self.between = nn.ModuleList(started(nn.Conv2d(a, b, 1)) for a, b in pairs(widths))
        self.hidden = started(nn.Linear(widths[-1] * sides[-1][0] * sides[-1][1], HIDDEN), 2**0.5)
        self.judge = started(nn.Linear(HIDDEN, 1))
        self.register_buffer("mean", torch.tensor(picture.mean)[:, None, None])
        self.register_buffer("spread", torch.tensor(picture.spread)[:, None, None])

    def forward(self, pictures: Tensor) -> Tensor:
        grid = self.stem((pictures.to(self.mean.dtype) - self.mean) / self.spread)
        for index, stage in enumerate(self.stages):
            if index:
                grid = self.between[index - 1](F.avg_pool2d(grid, 2, ceil_mode=True))
            grid = stage(grid)
        hidden = bend(self.hidden(bend(grid).flatten(1)))
        with torch.autocast(hidden.device.type, enabled=False):  # judgements are compared: 8 bits would blur them
            judged: Tensor = self.judge(hidden.to(self.mean.dtype))[:, 0]
        return judged


class Rivals(nn.Module):
    """The two players: `generator` is the painter, `critic` its judge."""

    def __init__(self, generator: Painter, critic: Critic) -> None:
        super().__init__()
        self.generator, self.critic = generator, critic


def bend(grid: Tensor) -> Tensor:
    """Leaky rectifier."""
    return F.leaky_relu(grid, SLOPE)


def started(layer: L, gain: float = 1.0) -> L:
    """Normal weights whose answers keep the variance of what they read, times the squared gain (He et al. 2015)."""
    with torch.no_grad():
        layer.weight.normal_(0.0, gain / layer.weight[0].numel() ** 0.5)
        assert layer.bias is not None
        layer.bias.zero_()
    return layer


def channels(width: int, stages: int) -> list[int]:
    """Channels of each stage, that of the largest picture first."""
    return [width * min(2**stage, WIDEST) for stage in range(stages)]


def pairs(widths: Sequence[int]) -> list[tuple[int, int]]:
    """Each width with the next."""
    return list(pairwise(widths))
