"""Residual blocks in two or three dimensions that each see half as finely, down to a few places: for whole scans."""

from typing import ClassVar

from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.models.backbone import ACTIVATIONS, Activation, Backbone, Stage
from brainwright.models.features import Features, Form, Shape
from brainwright.models.halving import Sides, halvings, layer


class Scanner(Backbone):
    """A block for each halving (He et al. 2016, in three dimensions), with instance norm.

    Nothing but the shortcuts carries how bright a whole scan is: norms take it out of the rest.
    """

    takes: ClassVar[Form] = "grid"
    width: int = Option(16, ge=4)
    """Channels of the first block; doubled in each."""
    depth: int = Option(1, ge=1)
    """Blocks at each grid."""
    activation: Activation = "leaky_relu"
    """What bends the lines between layers."""
    dropout: float = Option(0.2, ge=0, lt=1)
    """Share of the last channels that are hidden at random in training."""

    def build(self, given: Shape) -> Stage:
        return Shrinking(self, given)


class Shrinking(Stage):
    """Grid [B, C, (D,) H, W] -> the coarsest grid; each block's is a scale."""

    def __init__(self, part: Scanner, given: Shape) -> None:
        once = (1,) * len(given.sides)
        strides = halvings(given.sides) or (once,)
        widths = [part.width * 2**index for index in range(len(strides))]
        super().__init__(Shape("grid", widths[-1]), tuple(widths))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                Block(before, width, stride, part.activation),
                *(Block(width, width, once, part.activation) for _ in range(1, part.depth)),
            )
            for before, width, stride in zip([given.width, *widths], widths, strides, strict=False)
        )
        self.drop = (nn.Dropout2d if len(once) == 2 else nn.Dropout3d)(part.dropout)

    def forward(self, given: Features) -> Features:
        values, scales = given.values, []
        for block in self.blocks:
            values = block(values)
            scales.append(values)
        values = self.drop(values)
        return Features(values, scales=(*scales[:-1], values))


class Block(nn.Module):
    """Two convolutions beside a shortcut, the first of which halves."""

    def __init__(self, given: int, width: int, stride: Sides, activation: Activation) -> None:
        super().__init__()
        once = (1,) * len(stride)
        self.first, self.second = layer(given, width, stride, activation), layer(width, width, once)[:2]
        pool, conv = (nn.AvgPool2d, nn.Conv2d) if len(stride) == 2 else (nn.AvgPool3d, nn.Conv3d)
        self.beside = nn.Sequential(pool(stride), conv(given, width, 1, bias=False))  # type: ignore[arg-type]
        self.act = ACTIVATIONS[activation]()

    def forward(self, values: Tensor) -> Tensor:
        found: Tensor = self.act(self.beside(values) + self.second(self.first(values)))
        return found
