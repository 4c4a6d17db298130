"""Montage: whole batches of pictures moved, resized, mirrored and laid together in fours, their boxes with them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.boxes import areas

SEEN = 0.3  # part of a box that must still be seen for its thing to count
LEAST = 2.0  # pixels a side of such a box
GREY = 114.0


@dataclass(frozen=True)
class Tile:
    """One piece of each canvas: where it lies, whose picture it shows, and how that picture is laid there."""

    frame: Tensor
    """[B, 4] left, top, right, bottom of the piece."""
    source: Tensor
    """[B] int64: the picture shown."""
    scale: Tensor
    """[B] pixels of the canvas that a pixel of the picture takes."""
    shift: Tensor
    """[B, 2] where the picture's upper left lies: across, down."""
    mirrored: Tensor
    """[B, 2] bool: left for right, up for down; before anything else."""


@dataclass(frozen=True)
class Chances:
    """How a montage is drawn."""

    fours: float
    """Share of the canvases that show four pictures."""
    sizes: tuple[float, float]
    """Smallest and largest scale."""
    mirror: tuple[bool, bool]
    """Whether pictures may be mirrored across, and turned upside down."""


def tiles(count: int, canvas: tuple[int, int], chances: Chances, generator: torch.Generator) -> list[Tile]:
    """Four pieces of each of `count` canvases; one that shows a single picture has its other pieces empty."""
    height, width = canvas
    size = torch.tensor([width, height], dtype=torch.float32)
    four = torch.rand(count, 1, generator=generator) < chances.fours
    cross = torch.where(four, (0.3 + 0.4 * torch.rand(count, 2, generator=generator)) * size, size)
    found = []
    for index in range(4):
        right, low = index % 2, index // 2
        corner = torch.tensor([right, low])
        start, end = cross * corner, cross + (size - cross) * corner
        source = torch.randperm(count, generator=generator) if index else torch.arange(count)
        noise = torch.rand(5, count, generator=generator)
        scale = chances.sizes[0] * (chances.sizes[1] / chances.sizes[0]) ** noise[0]
        room = end - start - scale[:, None] * size  # below 0: a part of the picture is not seen
        shift = start + room * noise[1:3].T
        turned = torch.stack([noise[3] < 0.5 * chances.mirror[0], noise[4] < 0.5 * chances.mirror[1]], 1)
        found.append(Tile(torch.cat([start, end], 1), source, scale, shift, turned))
    return found


def painted(pixels: Tensor, pieces: list[Tile]) -> Tensor:
    """Pictures [B, C, H, W] laid as the pieces say, grey where none is: float32 of the same shape."""
    count, _, height, width = pixels.shape
    pixels = pixels.float()
    across, down = torch.arange(width).to(pixels) + 0.5, torch.arange(height).to(pixels) + 0.5
    size = torch.tensor([width, height], dtype=torch.float32, device=pixels.device)
    canvas = torch.full_like(pixels, GREY)
    for piece in pieces:
        frame, shift, scale = (one.to(pixels.device) for one in (piece.frame, piece.shift, piece.scale))
        sign = 1 - 2 * piece.mirrored.to(pixels)  # [B, 2]
        x = ((across - shift[:, :1]) / scale[:, None] / size[0] * 2 - 1) * sign[:, :1]  # [B, W] from -1 to 1
        y = ((down - shift[:, 1:]) / scale[:, None] / size[1] * 2 - 1) * sign[:, 1:]
        grid = torch.stack([x[:, None].expand(count, height, width), y[:, :, None].expand(count, height, width)], -1)
        shown = (
            F.grid_sample(pixels[piece.source.to(pixels.device)] - GREY, grid.to(pixels), align_corners=False) + GREY
        )
        here = (across >= frame[:, :1]) & (across < frame[:, 2:3])
        there = (down >= frame[:, 1:2]) & (down < frame[:, 3:])
        canvas = torch.where((there[:, :, None] & here[:, None])[:, None], shown, canvas)
    return canvas


def carried(things: list[Tensor], pieces: list[Tile], canvas: tuple[int, int]) -> list[Tensor]:
    """Things [n, 5] (class, corners on the canvas) of each picture, where the pieces have laid them; cut at each
    piece's edge, and gone where too little is seen.
    """
    most = max(1, *(len(one) for one in things))
    wide = torch.stack([F.pad(one, (0, 0, 0, most - len(one)), value=-1) for one in things]).cpu()  # [B, G, 5]
    size = torch.tensor([canvas[1], canvas[0]], dtype=wide.dtype)
    found = []
    for piece in pieces:
        mine = wide[piece.source]
        low, high = mine[..., 1:3], mine[..., 3:]
        turned = piece.mirrored[:, None]
        low, high = torch.where(turned, size - high, low), torch.where(turned, size - low, high)
        laid = torch.cat([low, high], -1) * piece.scale[:, None, None] + piece.shift.repeat(1, 2)[:, None]
        frame = piece.frame[:, None]
        cut = torch.cat([laid[..., :2].maximum(frame[..., :2]), laid[..., 2:].minimum(frame[..., 2:])], -1)
        whole = (areas(cut) >= SEEN * areas(laid)) & ((cut[..., 2:] - cut[..., :2]) >= LEAST).all(-1)
        kept = torch.where(whole & (mine[..., 0] >= 0), mine[..., 0], -1.0)
        found.append(torch.cat([kept[..., None], cut], -1))
    every = torch.cat(found, 1)
    return [one[one[:, 0] >= 0].to(things[0].device) for one in every]
