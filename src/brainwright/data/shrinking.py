"""Pictures and volumes as short vectors: block means at a small size, for simple models and quick looks."""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from brainwright.data.encoded import Dense, Stored

NUMBERS = 1024  # numbers a picture may keep: all of 28 x 28 grey ones, half the side of 32 x 32 in colour
CHUNK = 2**22  # bytes of pictures at once
ENOUGH = 5_000  # vectors that principal directions are computed from, at most


def shrunk(pictures: Dense | Stored, numbers: int = NUMBERS) -> NDArray[np.float32]:
    """Pictures [N, C, H, W] or volumes [N, C, D, H, W] as float32, a 255th of what they were, so small that each keeps
    `numbers` at most: means over equal squares or cubes.

    What fills no square is cut from both edges.
    """
    channels, *sides = pictures.shape
    block = 1
    while channels * prod(side // block for side in sides) > numbers and block < min(sides):
        block += 1
    kept = [side // block for side in sides]
    first = [(side - own * block) // 2 for side, own in zip(sides, kept, strict=True)]
    window = tuple(slice(start, start + own * block) for start, own in zip(first, kept, strict=True))
    pool = F.avg_pool2d if len(sides) == 2 else F.avg_pool3d
    small = np.empty((len(pictures), channels, *kept), np.float32)
    for some in chunks(pictures):
        part = pictures.take(some).values[:, :, *window]
        values = torch.from_numpy(np.ascontiguousarray(part)).float() / 255
        small[some] = pool(values, block).numpy()
    return small


def chunks(pictures: Dense | Stored) -> Iterator[NDArray[np.int64]]:
    """All rows in order, so many at once as are a few megabytes."""
    size = max(1, CHUNK // prod(pictures.shape))
    yield from (np.arange(start, min(start + size, len(pictures))) for start in range(0, len(pictures), size))


def strided(count: int, most: int) -> NDArray[np.int64]:
    """All of `count` rows or, of more than `most`, every second, third ... one."""
    return np.arange(0, count, max(1, -(-count // most)))


def projected(pictures: Dense | Stored, mean: NDArray[Any], directions: NDArray[Any]) -> NDArray[np.float32]:
    """(vectors [N, D] of shrunk pictures - mean [D]) @ directions [D, k], a few pictures at a time."""
    parts = np.empty((len(pictures), directions.shape[1]), np.float32)
    for some in chunks(pictures):
        parts[some] = (shrunk(pictures.take(some)).reshape(len(some), -1) - mean) @ directions
    return parts


def vectors(pictures: Dense | Stored) -> NDArray[np.float32]:
    """At most 5,000 of the pictures, shrunk, as vectors [N, D]: enough for principal directions."""
    small = shrunk(pictures.take(strided(len(pictures), ENOUGH)))
    return small.reshape(len(small), -1)


def principal(vectors: NDArray[np.float32], most: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean [D] and the `most` strongest principal directions [D, k] of vectors [N, D]."""
    mean = vectors.mean(0)
    centred = vectors - mean
    values, right = np.linalg.eigh(centred.T @ centred)
    strong = max(1, min(most, int((values > 1e-6 * values[-1]).sum())))
    return mean, np.ascontiguousarray(right[:, ::-1][:, :strong], np.float32)
