"""Detect: every place of several grids says what thing covers it and where that thing's edges are."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.backbone import Stage
from brainwright.models.features import Features

GRIDS = 3  # of the backbone's that are read, the coarsest
GROUPS = 8  # channels are normed in so many groups: pictures are few in a batch (Wu, He 2018)
RARE = 0.01  # how likely a fresh net holds a thing of a class at any place (Lin et al. 2017)
FAR = 5.0  # logarithm, in grid steps, of the farthest edge that can be said
START = 1.0  # logarithm, in grid steps, of the distance to each edge that a fresh net says


@dataclass(frozen=True)
class Seen:
    """What a net says at every place of every grid, finest first; pixels count from the upper left."""

    logits: Tensor
    """[B, A, K]: of each class at each place, alone."""
    boxes: Tensor
    """[B, A, 4] left, top, right, bottom in pixels of the canvas."""
    points: Tensor
    """[A, 2] the middle of each place: across, down."""
    steps: Tensor
    """[A] pixels between neighbours of the place's grid."""


class Detect(nn.Module):
    """A feature pyramid (Lin et al. 2017) and two towers that all grids share, without anchors (Tian et al. 2019)."""

    def __init__(self, stage: Stage, classes: int, width: int, depth: int) -> None:
        super().__init__()
        widths = stage.scales[-GRIDS:] or (stage.shape.width,)
        self.sideways = nn.ModuleList(nn.Conv2d(given, width, 1) for given in widths)
        self.smooth = nn.ModuleList(layer(width) for _ in widths)
        self.what = nn.Sequential(*(layer(width) for _ in range(depth)), nn.Conv2d(width, classes, 3, padding=1))
        self.where = nn.Sequential(*(layer(width) for _ in range(depth)), nn.Conv2d(width, 4, 3, padding=1))
        for tower, start in ((self.what, -torch.tensor(1 / RARE - 1).log().item()), (self.where, START)):
            last = tower[-1]
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            nn.init.normal_(last.weight, std=0.01)
            nn.init.constant_(last.bias, start)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, given: Features, canvas: tuple[int, int]) -> Seen:
        """Grids of a canvas (height, width)."""
        grids = [side(one) for side, one in zip(self.sideways, given.scales[-GRIDS:] or (given.values,), strict=True)]
        for index in range(len(grids) - 2, -1, -1):
            coarse = F.interpolate(grids[index + 1], size=grids[index].shape[2:], mode="nearest")
            grids[index] = grids[index] + coarse
        said = [self.at(smooth(one), canvas) for smooth, one in zip(self.smooth, grids, strict=True)]
        logits, boxes, points, steps = zip(*said, strict=True)
        return Seen(torch.cat(logits, 1), torch.cat(boxes, 1), torch.cat(points), torch.cat(steps))

    def at(self, grid: Tensor, canvas: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What one grid [B, width, h, w] says."""
        logits = self.what(grid).flatten(2).transpose(1, 2)
        points, step = middles(grid, canvas)
        far = self.where(grid).flatten(2).transpose(1, 2).to(points.dtype).clamp(max=FAR).exp() * step[:, None]
        boxes = torch.cat([points - far[..., :2], points + far[..., 2:]], -1)
        return logits.to(points.dtype), boxes, points, step


def middles(grid: Tensor, canvas: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The middle of each place of a grid [..., h, w], [h * w, 2] across and down, and its step [h * w], in pixels."""
    height, width = grid.shape[2:]
    kind = torch.promote_types(grid.dtype, torch.float32)  # half precision cannot tell pixels apart
    down = (torch.arange(height, device=grid.device, dtype=kind) + 0.5) * (canvas[0] / height)
    across = (torch.arange(width, device=grid.device, dtype=kind) + 0.5) * (canvas[1] / width)
    points = torch.stack(torch.meshgrid(across, down, indexing="xy"), -1).flatten(0, 1)
    return points, torch.full((len(points),), canvas[1] / width, device=grid.device, dtype=kind)


def layer(width: int) -> nn.Sequential:
    """Convolution, group norm, SiLU."""
    norm = nn.GroupNorm(max(1, min(GROUPS, width // 4)), width)
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), norm, nn.SiLU())
