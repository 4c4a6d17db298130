"""The stem of a signal: each variable brought to scale, long ones cut into patches of neighbouring steps."""

import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.field import Padded
from brainwright.data.fields.signal import Signal
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape

LONG = 200  # steps that a backbone reads, about: of longer signals neighbours are read together


class SignalStem(Stage):
    """Signal [B, T, C] -> sequence [B, patches, patch * C] with its mask; zeros, which are the mean, fill the last."""

    mean: Tensor
    scale: Tensor

    def __init__(self, field: Signal) -> None:
        self.patch = max(1, field.middle // LONG)
        super().__init__(Shape("sequence", self.patch * field.width))
        self.register_buffer("mean", torch.tensor(field.mean))
        self.register_buffer("scale", torch.tensor(field.scale))

    def forward(self, signal: Padded) -> Features:
        mask = signal.mask
        values = (signal.values.to(self.mean.dtype) - self.mean) / self.scale * mask[..., None]
        more = -values.shape[1] % self.patch
        values, mask = F.pad(values, (0, 0, 0, more)), F.pad(mask, (0, more))
        return Features(values.unflatten(1, (-1, self.patch)).flatten(2), mask[:, :: self.patch])
