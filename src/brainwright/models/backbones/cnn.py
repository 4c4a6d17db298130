"""A residual net of convolutions: for pictures, and along the row of a sequence."""

from typing import ClassVar

import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.backbone import ACTIVATIONS, Activation, Backbone, Stage
from brainwright.models.features import Features, Form, Shape

STAGES = 3
SMALLEST = 4  # a picture is halved while its shorter side keeps at least so many places,
MOST = 5  # and at most so often
FRESH = (
    0.4  # weight of the running batch in batch norm's averages: short runs need fresh ones (airbench94, Jordan 2024)
)


class Cnn(Backbone):
    """Three stages of width, 2 x width and 4 x width; each halves the picture and ends in `depth` residual blocks.

    After He et al. (2016, residual blocks), with the pooled, identity-started convolutions between stages of
    airbench94 (Jordan 2024). Small pictures are halved less often; above 48 pixels a side the first layer halves too.
    """

    takes: ClassVar[Form] = "grid"
    width: int = Option(32, ge=1)
    """Channels of the first stage."""
    depth: int = Option(1, ge=1)
    """Residual blocks a stage."""
    activation: Activation = "silu"
    """What bends the lines between layers."""

    def build(self, given: Shape) -> Stage:
        return Pyramid(self, given)


class Pyramid(Stage):
    """Grid [B, C, H, W] -> grid [B, 4 x width, h, w]; a strip (H = 1) -> sequence [B, t, 4 x width]; each with its mask
    [B, w] or [B, t], where the last side varies.
    """

    def __init__(self, part: Cnn, given: Shape) -> None:
        strip = given.sides[0] == 1
        halved = halvings(given.sides)
        whole = not strip and halved >= STAGES  # each stage halves: then each gives a scale of its own
        scales = tuple(part.width * 2**stage for stage in range(STAGES)) if whole else ()
        super().__init__(Shape("sequence" if strip else "grid", part.width * 2 ** (STAGES - 1)), scales)
        self.strip = strip
        leap = 1 if strip else 2 ** max(0, halved - STAGES)
        act = ACTIVATIONS[part.activation]
        width = max(8, part.width // 2)
        self.stem = Step(convolution(given.width, width, strip, leap), act())
        layers: list[nn.Module] = []
        for stage in range(STAGES):
            before, width = width, part.width * 2**stage
            layers.append(Step(convolution(before, width, strip), act(), pools=stage < halved))
            layers += [Residual(width, act(), strip, part.dropout) for _ in range(part.depth)]
        self.layers = nn.ModuleList(layers)
        self.ends = range(part.depth, len(layers), part.depth + 1) if whole else range(0)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, given: Features) -> Features:
        mask = None if given.mask is None else given.mask[:, None, None]
        values = hidden(given.values, mask).contiguous(memory_format=torch.channels_last)
        values, mask = self.stem(values, mask)
        scales = []
        for index, layer in enumerate(self.layers):
            values, mask = layer(values, mask)
            if index in self.ends:
                scales.append(values)
        real = None if mask is None else mask[:, 0, 0]
        if self.strip:
            return Features(values[:, :, 0].transpose(1, 2), real)
        return Features(values, real, scales=tuple(scales))


class Step(nn.Module):
    """Convolution, pooling, batch norm, activation; starts as the identity on the channels it is given."""

    def __init__(self, conv: nn.Conv2d, act: nn.Module, pools: bool = False) -> None:
        super().__init__()
        self.conv, self.act = conv, act
        self.norm = Norm(conv.out_channels)
        self.pool = (1 if conv.kernel_size[0] == 1 else 2, 2) if pools else (1, 1)
        if conv.stride == (1, 1):
            with torch.no_grad():
                nn.init.dirac_(conv.weight[: conv.in_channels])

    def forward(self, values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        values = self.conv(values)
        mask = None if mask is None else mask[..., :: self.conv.stride[1]]
        if self.pool != (1, 1):
            if mask is not None:
                values = values.masked_fill(~mask, torch.finfo(values.dtype).min)
                mask = F.max_pool2d(mask.float(), (1, self.pool[1]), ceil_mode=True).bool()
            values = hidden(F.max_pool2d(values, self.pool, ceil_mode=True), mask)
        return hidden(self.act(self.norm(values, mask)), mask), mask


class Residual(nn.Module):
    """Two convolutions beside a shortcut; starts as the identity, as the last batch norm's scale is zero."""

    def __init__(self, width: int, act: nn.Module, strip: bool, dropout: float) -> None:
        super().__init__()
        self.first, self.second = convolution(width, width, strip), convolution(width, width, strip)
        self.inner, self.outer = Norm(width), Norm(width)
        nn.init.zeros_(self.outer.weight)
        self.act, self.drop = act, nn.Dropout(dropout)

    def forward(self, values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        inside = self.drop(self.act(hidden(self.inner(self.first(values), mask), mask)))
        added = values + self.outer(self.second(hidden(inside, mask)), mask)
        return hidden(self.act(added), mask), mask


class Norm(nn.Module):
    """Batch norm (Ioffe, Szegedy 2015) whose statistics see real places only."""

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    def forward(self, values: Tensor, mask: Tensor | None) -> Tensor:
        if mask is None or not self.training:
            return F.batch_norm(values, self.mean, self.variance, self.weight, self.bias, self.training, FRESH)
        weight = mask.to(self.mean.dtype)
        count = weight.sum() * values.shape[2]
        mean = (values * weight).sum((0, 2, 3), keepdim=True) / count
        variance = ((values - mean) ** 2 * weight).sum((0, 2, 3), keepdim=True) / count
        with torch.no_grad():
            self.mean.lerp_(mean.flatten(), FRESH)
            self.variance.lerp_((variance * count / (count - 1).clamp(min=1)).flatten(), FRESH)
        scale = self.weight[:, None, None] / (variance + 1e-5).sqrt()
        return (values - mean) * scale + self.bias[:, None, None]


def hidden(values: Tensor, mask: Tensor | None) -> Tensor:
    """Zero where the mask says that there is nothing."""
    return values if mask is None else values * mask.to(values.dtype)


def convolution(before: int, width: int, strip: bool, leap: int = 1) -> nn.Conv2d:
    """3 x 3 filters, or 1 x 3 along a strip; those that leap by 2 or 4 are 3 or 7 wide."""
    side = 3 if leap == 1 else 2 * leap - 1
    return nn.Conv2d(
        before, width, (1 if strip else side, side), leap, (0 if strip else side // 2, side // 2), bias=False
    )


def halvings(sides: tuple[int, ...]) -> int:
    """How often a grid may be halved; a strip of any length: at every stage but the first."""
    longer = [side for side in sides if side > 1]
    if not longer:
        return STAGES - 1
    return next(count for count in range(MOST, -1, -1) if min(longer) > (SMALLEST - 1) * 2**count or not count)
