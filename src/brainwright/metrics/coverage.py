"""Share of real pictures that have a made picture near them: low when a generator forgets a kind of picture."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric, wilson
from brainwright.models.untaught import FEATURES, untaught

NEIGHBOURS = 5
MOST = 5_000  # pictures of each crowd that are compared, at most: every one with every other
CHUNK = 1_000  # real pictures at once


class Coverage(Metric):
    """A real picture is covered when a made one lies no farther than its fifth nearest real neighbour (Naeem et al.
    2020, formula 9), by Euclidean distance in features of a fixed net that was never taught.

    As many made as real pictures of one origin cover 31 of 32 (1 - 1/2^5); a generator that lost a class cannot.
    """

    percent: ClassVar[bool] = True

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Features of the made and of the real picture: [B, 128]."""
        made, real = prediction.values[self.slot], batch.values[self.slot]
        net = untaught(made.shape[1], made.device)
        return torch.cat([net(made), net(real)], 1).double()

    def value(self, rows: NDArray[Any]) -> float:
        return float(covered(rows).mean())

    def interval(self, rows: NDArray[Any], seed: int = 0) -> tuple[float, float]:
        """Wilson's, for the made pictures as they are; repeated pictures would be each other's neighbours."""
        found = covered(rows)
        return wilson(float(found.mean()), len(found))


def covered(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Which real pictures have a made one in their neighbourhood: rows [N, 128] -> [at most 5,000]."""
    some = torch.from_numpy(rows[:: -(-len(rows) // MOST)]).float()
    made, real = some[:, :FEATURES], some[:, FEATURES:]
    found = []
    for part in real.split(CHUNK):
        own = torch.cdist(part, real).kthvalue(min(NEIGHBOURS + 1, len(real))).values  # the first is the picture itself
        found.append(torch.cdist(part, made).amin(1) <= own)
    return torch.cat(found).numpy()
