"""The stem of a driver's view: a picture with the place of each pixel and what the sensors say, as planes beside it."""

import torch
from torch import Tensor

from brainwright.data.fields.image import Image
from brainwright.data.fields.row import Row
from brainwright.data.units import Between
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape


class SceneStem(Stage):
    """Pixels [B, C, H, W] of one frame or several and sensors [B, places] -> grid [B, C + 2 + places, H, W].

    A net that averages over places would not know where in the view the road bends: two planes tell each pixel's
    height and side (CoordConv, Liu et al. 2018). A sensor's plane holds its number in training deviations, 0 where it
    is missing.
    """

    middle: Tensor
    spread: Tensor
    mean: Tensor
    scale: Tensor
    places: Tensor

    def __init__(self, image: Image, sensors: Row) -> None:
        spreads = [place.spread for place in sensors.places]
        channels, *sides = image.shape
        super().__init__(Shape("grid", channels + 2 + len(spreads), (*sides,)))
        self.register_buffer("middle", torch.tensor(image.mean * image.frames)[:, None, None])
        self.register_buffer("spread", torch.tensor(image.spread * image.frames)[:, None, None])
        down, across = torch.linspace(-1, 1, image.height), torch.linspace(-1, 1, image.width)
        self.register_buffer("places", torch.stack(torch.meshgrid(down, across, indexing="ij")))
        self.register_buffer("mean", torch.tensor([spread.mean for spread in spreads]))
        self.register_buffer("scale", torch.tensor([spread.scale for spread in spreads]))

    def forward(self, given: tuple[Tensor, Tensor | Between[Tensor]]) -> Features:
        pixels, sensors = given
        view = (pixels.to(self.middle.dtype) - self.middle) / self.spread
        planes = self.said(sensors)[:, :, None, None].expand(-1, -1, *view.shape[2:])
        return Features(torch.cat([view, self.places.expand(len(view), -1, -1, -1), planes.to(view)], 1))

    def said(self, sensors: Tensor | Between[Tensor]) -> Tensor:
        """What the sensors say, in training deviations [B, places]."""
        if isinstance(sensors, Between):
            return sensors.blend(self.standard(sensors.values), self.standard(sensors.instead), sensors.shown)
        return self.standard(sensors)

    def standard(self, sensors: Tensor) -> Tensor:
        """Numbers [B, places] in training deviations, 0 where missing."""
        return ((sensors - self.mean) / self.scale).nan_to_num(0.0)
