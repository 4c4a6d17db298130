"""The way down of a U-Net: grids of a picture or volume, from as fine as it is to as coarse as its sides allow."""

from typing import ClassVar

from pydantic import Field as Option
from torch import nn

from brainwright.models.backbone import Activation, Backbone, Stage
from brainwright.models.features import Features, Form, Shape
from brainwright.models.halving import halvings, layer

WIDEST = 320  # channels


class Unet(Backbone):
    """Convolutions with instance norm, halved by rule (Ronneberger et al. 2015; Isensee et al. 2021, nnU-Net)."""

    takes: ClassVar[Form] = "grid"
    width: int = Option(16, ge=4)
    """Channels of the finest grid; doubled at each coarser one, up to 320."""
    depth: int = Option(2, ge=1)
    """Convolutions at each grid."""
    activation: Activation = "leaky_relu"
    """What bends the lines between layers."""

    def build(self, given: Shape) -> Stage:
        return Narrowing(self, given)


class Narrowing(Stage):
    """Grid [B, C, (D,) H, W] -> the coarsest grid; all of them are its scales, the first as fine as what is given."""

    def __init__(self, part: Unet, given: Shape) -> None:
        once = (1,) * len(given.sides)
        strides = [once, *halvings(given.sides)]
        widths = [min(WIDEST, part.width * 2**index) for index in range(len(strides))]
        super().__init__(Shape("grid", widths[-1]), tuple(widths))
        self.stages = nn.ModuleList(
            nn.Sequential(
                layer(before, width, stride, part.activation),
                *(layer(width, width, once, part.activation) for _ in range(1, part.depth)),
            )
            for before, width, stride in zip([given.width, *widths], widths, strides, strict=False)
        )
        self.drop = nn.Dropout(part.dropout)

    def forward(self, given: Features) -> Features:
        values, scales = given.values, []
        for stage in self.stages:
            values = stage(values)
            scales.append(values)
        values = self.drop(values)
        return Features(values, scales=(*scales[:-1], values))
