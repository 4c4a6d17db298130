"""Crops: things cut out of their pictures, small and all of one size, to be looked at alone."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from brainwright.data.boxes import ratio
from brainwright.data.encoded import Dense, Ragged, Stored

MOST = 2_000  # things cut out
SIDE = 24  # pixels a side


def crops(pictures: Dense | Stored, things: Ragged, extents: Dense) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Things [n, 5] of letterboxed pictures [N, C, H, W] with extents [N, 2]: uint8 [M, C, 24, 24] and classes [M]."""
    owner = np.repeat(np.arange(len(things)), things.lengths)
    some = np.sort(np.random.default_rng(0).permutation(len(owner))[:MOST])
    height, width = pictures.shape[1:]
    ratios = ratio(torch.from_numpy(extents.values[owner[some]]), (height, width))
    boxes = torch.from_numpy(things.values[some, 1:5]) * ratios[:, None]
    size = torch.tensor([width, height], dtype=torch.float32)
    low, high = boxes[:, :2] / size * 2 - 1, boxes[:, 2:] / size * 2 - 1  # of grid_sample: -1 to 1
    share = (torch.arange(SIDE) + 0.5) / SIDE
    across = low[:, :1] + (high - low)[:, :1] * share  # [M, S]
    down = low[:, 1:] + (high - low)[:, 1:] * share
    grid = torch.stack([across[:, None].expand(-1, SIDE, -1), down[:, :, None].expand(-1, -1, SIDE)], -1)
    cut = []
    for part in np.array_split(np.arange(len(some)), max(1, len(some) // 32)):
        whole = torch.from_numpy(pictures.take(owner[some][part]).values).float()
        cut.append(F.grid_sample(whole, grid[part].to(whole), align_corners=False))
    return torch.cat(cut).round().byte().numpy(), things.values[some, 0].astype(np.int64)
