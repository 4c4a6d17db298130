"""Features: what flows between stem, backbone and head (vector, sequence or grid), and the bridges between forms."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

Form: TypeAlias = Literal["vector", "sequence", "grid"]
PATCH = 16  # patches a side that a picture is cut into, at most, to become a sequence


@dataclass(frozen=True)
class Shape:
    """What a module takes or gives: its form, its width (channels), and its size where that is fixed.

    vector: values [B, width]; sequence: [B, T, width]; grid: [B, width, height, width] or with three sides.
    A vector or the end of a backbone may hold `members` answers per example: [B, members, width].
    """

    form: Form
    width: int
    sides: tuple[int, ...] = ()
    """Sequence: (T,) or () when lengths vary; grid: (H, W) or (D, H, W)."""
    members: int = 1


@dataclass(frozen=True)
class Features:
    """Values in one of the three forms; where the length of a sequence or of a grid's last side varies, with its mask
    [B, T], True where real.
    """

    values: Tensor
    mask: Tensor | None = None
    scales: tuple[Tensor, ...] = ()
    """The grids on the way to `values` [B, width, ...], from fine to coarse, where a stage says that it gives them."""


class Bridge(nn.Module):
    """Turns features of one form into another, without losing what they say."""

    shape: Shape

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape


class Same(Bridge):
    """No change."""

    def forward(self, given: Features) -> Features:
        return given


class Flatten(Bridge):
    """Grid or sequence of fixed size -> vector: every number keeps its place."""

    def __init__(self, given: Shape) -> None:
        width = given.width
        for side in given.sides:
            width *= side
        super().__init__(Shape("vector", width))

    def forward(self, given: Features) -> Features:
        return Features(given.values.flatten(1))


class Average(Bridge):
    """Grid or sequence -> vector: the mean over places; padding does not count."""

    def __init__(self, given: Shape) -> None:
        super().__init__(Shape("vector", given.width))
        self.form = given.form

    def forward(self, given: Features) -> Features:
        if self.form == "grid":
            return Features(given.values.flatten(2).mean(2))
        if given.mask is None:
            return Features(given.values.mean(1))
        mask = given.mask.to(given.values.dtype)[..., None]
        return Features((given.values * mask).sum(1) / mask.sum(1).clamp(min=1))


class Patches(Bridge):
    """Grid -> sequence: at most 16 x 16 patches in reading order, each flattened."""

    def __init__(self, given: Shape) -> None:
        self.side = tuple(-(-side // PATCH) for side in given.sides)
        count, width = 1, given.width
        for side, patch in zip(given.sides, self.side, strict=True):
            count, width = count * -(-side // patch), width * patch
        super().__init__(Shape("sequence", width, (count,)))

    def forward(self, given: Features) -> Features:
        height, width = given.values.shape[2:]
        down, across = self.side
        values = nn.functional.pad(given.values, (0, -width % across, 0, -height % down))
        return Features(nn.functional.unfold(values, self.side, stride=self.side).transpose(1, 2))


class Tokens(Bridge):
    """Vector -> sequence: each number becomes a token of its own direction (FT-Transformer, Gorishniy et al. 2021)."""

    def __init__(self, given: Shape, width: int = 64) -> None:
        super().__init__(Shape("sequence", width, (given.width,)))
        self.direction = nn.Parameter(torch.randn(given.width, width) * width**-0.5)
        self.place = nn.Parameter(torch.randn(given.width, width) * width**-0.5)

    def forward(self, given: Features) -> Features:
        return Features(given.values[..., None] * self.direction + self.place)


class Strip(Bridge):
    """Sequence -> grid with one row: what a convolution along time or words needs."""

    def __init__(self, given: Shape) -> None:
        super().__init__(Shape("grid", given.width, (1, *given.sides)))

    def forward(self, given: Features) -> Features:
        values = given.values if given.mask is None else given.values * given.mask[..., None].to(given.values.dtype)
        return Features(values.transpose(1, 2)[:, :, None], given.mask)


class Planes(Bridge):
    """Grid of any planes -> grid of so many: each a weighted sum of all, which is learned.

    It starts with the first planes as they are; one alone, as a grey scan has, comes again and again.
    """

    def __init__(self, given: Shape, count: int) -> None:
        super().__init__(Shape(given.form, count, given.sides))
        start = torch.eye(given.width)[torch.arange(count) % given.width]
        self.weight = nn.Parameter(start)

    def forward(self, given: Features) -> Features:
        return Features(nn.functional.conv2d(given.values, self.weight[..., None, None]), given.mask)


def bridge(given: Shape, wanted: Form, planes: int = 0) -> Bridge:
    """The module that turns features of a shape into a form; a grid that is asked for into one of so many planes.

    A sequence of varying lengths becomes a vector by averaging; one of fixed size is flattened, so that order counts.
    """
    if given.form == wanted:
        return Planes(given, planes) if planes not in (0, given.width) else Same(given)
    if wanted == "vector":
        return Flatten(given) if given.sides else Average(given)
    if wanted == "sequence":
        return Patches(given) if given.form == "grid" else Tokens(given)
    return Strip(given if given.form == "sequence" else Tokens(given).shape)
