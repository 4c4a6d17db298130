"""Turning: whole batches of pictures or volumes turned, resized, mirrored, relit and cut, their labels with them."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.scans import OUTSIDE

TURNED, RESIZED = 30.0, 0.25  # degrees, and the share by which a scan and its mask are made smaller or larger
MARKED = 1 / 3  # share of the windows that are cut around a marked place (Isensee et al. 2021)


def turned(scans: Tensor, masks: Tensor, size: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each scan [B, C, D, H, W] and its labels [B, D, H, W] turned and resized alike."""
    grid = turns(scans, TURNED * size, RESIZED * size, generator)
    labels = F.grid_sample((masks - OUTSIDE)[:, None].float(), grid, mode="nearest", align_corners=False)
    return moved(scans, grid), labels[:, 0].round().long() + OUTSIDE


def moved(scans: Tensor, grid: Tensor) -> Tensor:
    """Scans [B, C, D, H, W] as a grid of places [B, D, H, W, 3] sees them; nothing lies beyond their edges."""
    return F.grid_sample(scans.float(), grid, align_corners=False, padding_mode="zeros")


def turns(scans: Tensor, degrees: float, resized: float, generator: torch.Generator) -> Tensor:
    """A grid for each scan: turned by up to so many degrees, a picture in its plane and a volume about any axis, and
    made smaller or larger by up to such a share.
    """
    count, flat = len(scans), scans.shape[2] == 1
    noise = torch.rand(4, count, generator=generator) * 2 - 1
    angles = noise[:3] * math.radians(degrees)
    if flat:
        angles[1:] = 0
    scale = torch.exp(noise[3] * math.log1p(resized))
    matrix = rotation(angles)
    sides = torch.tensor(scans.shape[:1:-1], dtype=torch.float32)  # W, H, D: the order of grid_sample
    matrix = matrix * (sides[None, None] / sides[None, :, None]) / scale[:, None, None]
    if flat:
        matrix[:, 2, 2] = 1
    return F.affine_grid(F.pad(matrix, (0, 1)), [count, 1, *scans.shape[2:]], align_corners=False).to(scans.device)


def rotation(angles: Tensor) -> Tensor:
    """Turns [3, B] about the third, second and first axis, one after the other: [B, 3, 3]."""
    found = torch.eye(3).expand(angles.shape[1], 3, 3)
    for angle, (one, other) in zip(angles, ((0, 1), (0, 2), (1, 2)), strict=True):
        turn = torch.eye(3).repeat(len(angle), 1, 1)
        turn[:, one, one] = turn[:, other, other] = angle.cos()
        turn[:, one, other], turn[:, other, one] = -angle.sin(), angle.sin()
        found = turn @ found
    return found


def mirrored(scans: Tensor, masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Left for right at even odds: the last axis of a picture, the first of a volume."""
    axis = 4 if scans.shape[2] == 1 else 2
    which = (torch.rand(len(scans), generator=generator) < 0.5).to(scans.device)
    other = torch.where(which.view(-1, 1, 1, 1, 1), scans.flip(axis), scans)
    return other, torch.where(which.view(-1, 1, 1, 1), masks.flip(axis - 1), masks)


def relit(scans: Tensor, size: float, generator: torch.Generator) -> Tensor:
    """Contrast, brightness and noise, in deviations of a scan."""
    noise = (torch.rand(3, len(scans), 1, 1, 1, 1, generator=generator) * 2 - 1).to(scans.device)
    grain = torch.randn(scans.shape, generator=generator).to(scans.device)
    return scans * (1 + 0.2 * size * noise[0]) + 0.2 * size * noise[1] + 0.1 * size * noise[2].abs() * grain


def cut(scans: Tensor, masks: Tensor, window: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """A window of each scan and of its labels, at random; a third of them around a marked place."""
    pieces = []
    for scan, mask in zip(scans, masks, strict=True):
        start = [int(torch.randint(0, side - own + 1, ())) for side, own in zip(mask.shape, window, strict=True)]
        marked = (mask > 0).nonzero()
        if len(marked) and float(torch.rand(())) < MARKED:
            place = marked[int(torch.randint(0, len(marked), ()))]
            three = zip(place.tolist(), mask.shape, window, strict=True)
            start = [min(max(0, here - own // 2), side - own) for here, side, own in three]
        part = tuple(slice(low, low + own) for low, own in zip(start, window, strict=True))
        pieces.append((scan[(slice(None), *part)].float(), mask[part]))  # where they are half, autocast stacks none
    chosen, labels = zip(*pieces, strict=True)
    return torch.stack(chosen), torch.stack(labels)
