"""Carrying: whole batches of pictures moved, turned, resized and mirrored, and the lanes in them carried along."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.curves import ABSENT, Laid, crossed

GREY = 114.0  # where the picture was carried away from
FEWEST = 2  # points that make a lane


@dataclass(frozen=True)
class Reach:
    """How far pictures are moved at most: degrees turned, parts of a side resized and moved; mirrored or not."""

    turn: float
    size: float
    shift: float
    mirror: bool


def motions(count: int, reach: Reach, aspect: float, generator: torch.Generator) -> Tensor:
    """Where a place of each picture goes [B, 2, 3]: across and down in parts of its sides from its middle; `aspect` is
    the picture's height over its width.
    """
    noise = torch.rand(6, count, generator=generator) * 2 - 1
    angle = noise[0] * math.radians(reach.turn)
    size = torch.exp(noise[1] * math.log1p(reach.size))
    stretch = torch.exp(noise[2] * math.log1p(reach.size) / 2)
    turned = torch.where((noise[5] < 0) & reach.mirror, -1.0, 1.0)
    wide, high = size * stretch, size / stretch
    first = torch.stack([turned * angle.cos() * wide, -angle.sin() * aspect * wide, noise[3] * reach.shift], 1)
    second = torch.stack([turned * angle.sin() / aspect * high, angle.cos() * high, noise[4] * reach.shift], 1)
    return torch.stack([first, second], 1)


def painted(pixels: Tensor, moves: Tensor) -> Tensor:
    """Pictures [B, C, H, W] after their motions, grey where nothing is left: float32 of the same shape."""
    back = torch.linalg.inv(moves[:, :, :2])
    matrix = torch.cat([back, -2 * back @ moves[:, :, 2:]], 2).to(pixels.device)  # sides are -1 to 1 there
    grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels.float() - GREY, grid, align_corners=False) + GREY


def carried(lanes: Sequence[Tensor], moves: Tensor, extent: Tensor) -> list[Tensor]:
    """Lanes [1 + n, R] of each picture after its motion, read at the same rows; those that are gone are left out.

    `extent` [B, 2]: height and width of each picture.
    """
    laid, moves = Laid.of(lanes), moves.to(lanes[0])
    height, width = (extent[:, side, None, None].to(lanes[0]) for side in (0, 1))
    rows, columns = prolonged(laid, height)
    across, down = columns / width - 0.5, rows[:, None] / height - 0.5
    column, row = (
        one[:, 0, None, None] * across + one[:, 1, None, None] * down + one[:, 2, None, None] + 0.5
        for one in moves.unbind(1)
    )
    gone = (columns < 0) | (column < 0) | (column >= 1)
    moved = crossed(torch.where(gone, ABSENT, column * width), row * height, laid.rows)
    mirrored = torch.linalg.det(moves[:, :, :2].cpu()) < 0
    found = []
    for place, one in enumerate(lanes):
        kept = moved[place, : len(one) - 1, : one.shape[1]]
        kept = kept[(kept >= 0).sum(1) >= FEWEST]
        found.append(torch.cat([one[:1], kept.flip(0) if mirrored[place] else kept]))
    return found


def prolonged(laid: Laid, height: Tensor) -> tuple[Tensor, Tensor]:
    """Rows [B, R + 1] and columns [B, L, R + 1]: lanes that reach their picture's last row go on to its lower edge, so
    that a picture moved up ends where its lanes do.
    """
    last = (laid.rows >= 0).sum(1).sub(1).clamp(min=1)[:, None]  # [B, 1]
    ends = [laid.rows.gather(1, one)[:, None] for one in (last - 1, last)]  # [B, 1, 1]
    index = last[:, None].expand(-1, laid.columns.shape[1], 1)
    before, after = (laid.columns.gather(2, one) for one in (index - 1, index))  # [B, L, 1]
    there = (before >= 0) & (after >= 0)
    on = after + (after - before) * (height - ends[1]) / (ends[1] - ends[0]).clamp(min=1)
    order = torch.arange(laid.rows.shape[1] + 1, device=last.device)
    rows, columns = F.pad(laid.rows, (0, 1), value=ABSENT), F.pad(laid.columns, (0, 1), value=ABSENT)
    below = order == last + 1
    rows = torch.where(below, height[:, 0], rows)
    return rows, torch.where(below[:, None], torch.where(there, on, ABSENT), columns)
