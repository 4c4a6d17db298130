"""Whether a mirrored picture still means the same, told from training pictures in seconds."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.encoded import Dense, Stored
from brainwright.data.shrinking import chunks, shrunk

MOST = 4_000  # pictures looked at
FILTERS = 64
PULL = 0.03  # of the ridge, as a share of the features' mean square
KEPT = 0.9  # share of what is known beyond guessing that must survive mirroring
SURE = 2.0  # standard errors
SLABS = 4  # from low to high, that a volume is seen as


@dataclass(frozen=True)
class Mirroring:
    """Shares of unseen pictures that were named right: upright, mirrored, and by always naming the largest class."""

    upright: float
    mirrored: float
    guessed: float
    noise: float
    """Standard error of the difference between the first two."""

    @property
    def safe(self) -> bool:
        """Mirroring loses at most a tenth of what is known, and there is something known to lose."""
        known, lost = self.upright - self.guessed, self.upright - self.mirrored
        return known > SURE * self.noise and lost + self.noise < max((1 - KEPT) * known, SURE * self.noise)

    @property
    def reason(self) -> str:
        """What was seen, for the user."""
        seen = f"a quick model names {self.mirrored:.0%} of mirrored pictures right, {self.upright:.0%} of upright ones"
        return f"{seen}, and {self.guessed:.0%} by guessing"


def mirroring(pictures: Dense | Stored, truth: NDArray[np.int64], classes: int) -> Mirroring:
    """Train a quick model on each half of uint8 [N, C, H, W] and ask it about the other half, upright and mirrored.

    Were pictures as likely as their mirror images, both would be named equally well, whatever the model.
    """
    rows = np.random.default_rng(0).permutation(len(pictures))[:MOST]
    small = torch.from_numpy(shrunk(pictures.take(np.sort(rows))))
    names = torch.from_numpy(truth[np.sort(rows)])
    parity = torch.from_numpy(np.random.default_rng(1).permutation(len(rows)) % 2 == 0)
    upright, mirrored = torch.zeros(2, len(rows), dtype=torch.float32)
    for mine in (parity, ~parity):
        look = Look(small[mine])
        model = ridge(look(small[mine]), F.one_hot(names[mine], classes).float())
        upright[~mine] = (look(small[~mine]) @ model).argmax(1).eq(names[~mine]).float()
        mirrored[~mine] = (look(small[~mine].flip(3)) @ model).argmax(1).eq(names[~mine]).float()
    noise = float((upright - mirrored).std() / len(rows) ** 0.5)
    guessed = float(torch.bincount(names).max() / len(names))
    return Mirroring(float(upright.mean()), float(mirrored.mean()), guessed, max(noise, 0.5 / len(rows)))


def from_above(volumes: Dense | Stored) -> Dense:
    """Volumes [N, C, D, H, W] as pictures whose columns run from left to right [N, C * slabs, H, D]: means over slabs
    from low to high.
    """
    places = np.arange(min(SLABS, volumes.shape[3])) * volumes.shape[3] // min(SLABS, volumes.shape[3])
    found = []
    for some in chunks(volumes):
        part = volumes.take(some).values.astype(np.float32)
        means = np.add.reduceat(part, places, 4) / np.diff(places, append=part.shape[4])
        found.append(means.transpose(0, 1, 4, 3, 2).reshape(len(part), -1, part.shape[3], part.shape[2]))
    return Dense(np.ascontiguousarray(np.concatenate(found)))


class Look:
    """Features of small pictures: how much of 64 random patches is seen in each of nine fields (Coates et al. 2011)."""

    def __init__(self, pictures: Tensor) -> None:
        side = max(2, min(6, min(pictures.shape[2:]) // 4))
        draw = torch.Generator().manual_seed(0)
        rows, downs, acrosses = (
            torch.randint(0, most, (FILTERS,), generator=draw)
            for most in (len(pictures), pictures.shape[2] - side + 1, pictures.shape[3] - side + 1)
        )
        places = zip(rows.tolist(), downs.tolist(), acrosses.tolist(), strict=True)
        patches = torch.stack([pictures[r, :, d : d + side, a : a + side] for r, d, a in places])
        patches = patches - patches.mean((1, 2, 3), keepdim=True)
        self.filters = patches / (patches.flatten(1).norm(dim=1)[:, None, None, None] + 1e-3)

    def __call__(self, pictures: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, 64 * 9 + 1]"""
        pieces = [
            F.adaptive_avg_pool2d(F.conv2d(piece - piece.mean((1, 2, 3), keepdim=True), self.filters).relu(), 3)
            for piece in pictures.split(512)
        ]
        seen = torch.cat(pieces).flatten(1)
        return torch.cat([seen, seen.new_ones(len(seen), 1)], 1)


def ridge(features: Tensor, wanted: Tensor) -> Tensor:
    """Weights [D, K] of the penalised least squares from features [N, D] to wanted [N, K]."""
    gram = features.T @ features
    pull = PULL * gram.diagonal().mean() * torch.eye(len(gram)).to(gram) / features.shape[1] ** 0.5
    weights: Tensor = torch.linalg.solve(gram + pull, features.T @ wanted)
    return weights
