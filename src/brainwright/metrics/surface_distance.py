"""Surface distance: how far the edges of what is said lie from the true ones, in millimetres (of pictures, pixels)."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.overlap import mean_of, surfaces
from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.metric import Metric


class SurfaceDistance(Metric):
    """Average symmetric surface distance (Heimann et al. 2009): a mean over pictures, then over labels but the first. A
    label that only truth or answer holds counts as far as the picture's diagonal.
    """

    higher_is_better: ClassVar[bool] = False
    grid: str
    """The slot that holds the millimetres between voxels."""

    def rows(self, prediction: Prediction, batch: Batch) -> Tensor:
        """The distance of each label, NaN where it is absent: [B, 63]."""
        spacing = batch.values[self.grid][:, 6:].double().numpy()
        three = zip(prediction.values[self.slot], batch.values[self.slot], spacing, strict=True)
        return torch.from_numpy(
            np.stack([surfaces(said.numpy(), truth.numpy(), apart) for said, truth, apart in three])
        )

    def value(self, rows: NDArray[Any]) -> float:
        known = ~np.isnan(rows)
        total = np.where(known, rows, 0).sum(0)
        return mean_of(np.divide(total, known.sum(0), out=np.full(rows.shape[1], np.nan), where=known.any(0)))
