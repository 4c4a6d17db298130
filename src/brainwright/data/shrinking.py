"""Pictures as short vectors: block means at a small size, for simple models and for tests that must cost seconds."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

NUMBERS = 1024  # numbers a picture may keep: all of 28 x 28 grey ones, half the side of 32 x 32 in colour
CHUNK = 2048  # pictures at once
ENOUGH = 5_000  # vectors that principal directions are computed from, at most


def shrunk(pixels: NDArray[Any], numbers: int = NUMBERS) -> NDArray[np.float32]:
    """uint8 [N, C, H, W] -> float32 [N, C, h, w] within 0 to 1, C * h * w at most `numbers`: means over equal squares.

    Rows and columns that fill no square are cut from both edges.
    """
    count, channels, height, width = pixels.shape
    block = 1
    while channels * (height // block) * (width // block) > numbers and block < min(height, width):
        block += 1
    rows, columns = height // block, width // block
    top, left = (height - rows * block) // 2, (width - columns * block) // 2
    small = np.empty((count, channels, rows, columns), np.float32)
    for start in range(0, count, CHUNK):
        part = pixels[start : start + CHUNK, :, top : top + rows * block, left : left + columns * block]
        values = torch.from_numpy(np.ascontiguousarray(part)).float() / 255
        small[start : start + CHUNK] = F.avg_pool2d(values, block).numpy()
    return small


def principal(vectors: NDArray[np.float32], most: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean [D] and the `most` strongest principal directions [D, k] of vectors [N, D], by at most 5,000 of them."""
    some = vectors[:: -(-len(vectors) // ENOUGH)]
    mean = some.mean(0)
    centred = some - mean
    values, right = np.linalg.eigh(centred.T @ centred)
    strong = max(1, min(most, int((values > 1e-6 * values[-1]).sum())))
    return mean, np.ascontiguousarray(right[:, ::-1][:, :strong], np.float32)
