"""Label-preserving changes to whole batches of pictures, on their device, uint8 or float [B, C, H, W]."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def shifted(pixels: Tensor, most: int, mirror: bool, generator: torch.Generator) -> Tensor:
    """Each picture moved by up to `most` pixels each way, its edge reflected, and mirrored at even odds if allowed.

    One gather for the whole batch; dtype kept.
    """
    count, channels, height, width = pixels.shape
    moves = torch.randint(-most, most + 1, (2, count, 1), generator=generator)
    turned = torch.rand(count, 1, generator=generator) < (0.5 if mirror else -1)
    across = torch.arange(width).expand(count, width)
    across = torch.where(turned, width - 1 - across, across)
    rows = reflected(torch.arange(height) + moves[0], height).to(pixels.device)
    columns = reflected(across + moves[1], width).to(pixels.device)
    index = (rows[:, :, None] * width + columns[:, None]).flatten(1)  # [B, H * W]
    flat = pixels.flatten(2)
    return flat.gather(2, index[:, None].expand(-1, channels, -1)).view_as(pixels)


def reflected(places: Tensor, length: int) -> Tensor:
    """Places beyond an edge, folded back inside, the edge itself not doubled."""
    period = max(1, 2 * (length - 1))
    places = places.remainder(period)
    return torch.minimum(places, period - places)


def warped(pixels: Tensor, turn: float, scale: float, generator: torch.Generator) -> Tensor:
    """Each picture turned by up to `turn` degrees, and each side stretched by up to a share `scale`; float32."""
    count = len(pixels)
    noise = torch.rand(4, count, generator=generator) * 2 - 1
    angle = noise[0] * math.radians(turn)
    sides = torch.exp(noise[1:3] * math.log1p(scale))
    slant = noise[3] * math.radians(turn)
    aspect = pixels.shape[2] / pixels.shape[3]
    matrix = torch.stack(
        [
            torch.stack([angle.cos() / sides[0], -(angle + slant).sin() / sides[0] * aspect, torch.zeros(count)], 1),
            torch.stack([angle.sin() / sides[1] / aspect, (angle + slant).cos() / sides[1], torch.zeros(count)], 1),
        ],
        1,
    ).to(pixels.device)
    grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels.float(), grid, padding_mode="reflection", align_corners=False)


def relit(pixels: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Contrast and brightness of each picture changed by up to a share `amount`; float32 within 0 to 255."""
    noise = (torch.rand(2, len(pixels), 1, 1, 1, generator=generator) * 2 - 1).to(pixels.device)
    middle = pixels.float().mean((1, 2, 3), keepdim=True)
    return ((pixels - middle) * (1 + amount * noise[0]) + middle + 127 * amount * noise[1]).clamp(0, 255)


def erased(pixels: Tensor, share: float, fill: Tensor, generator: torch.Generator) -> Tensor:
    """A square whose sides are `share` of the picture's, centred anywhere, painted with `fill` [C] (DeVries 2017)."""
    count, _, height, width = pixels.shape
    noise = torch.rand(2, count, 1, generator=generator)
    holes = []
    for centre, side in ((noise[0], height), (noise[1], width)):
        half = share * side / 2
        holes.append((torch.arange(side) + 0.5 - centre * side).abs() < half)
    hole = (holes[0][:, None, :, None] & holes[1][:, None, None, :]).to(pixels.device)
    return torch.where(hole, fill.to(pixels)[:, None, None], pixels)
