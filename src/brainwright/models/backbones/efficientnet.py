"""EfficientNet-Lite: a light net of convolutions for pictures, for which weights learned on ImageNet are at hand."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.backbone import ACTIVATIONS, Activation, Backbone, Stage
from brainwright.models.features import Features, Form, Shape

STEM, END, ROUND = 32, 1280, 8  # channels of the first and last layer, and what all others are multiples of
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip
"""Blocks, filter side, stride, widening, channels: Tan and Le 2019, table 1."""
EPSILON, FRESH = 1e-3, 0.01  # of batch norm, as the weights were trained with
MEAN, SPREAD = 127.0, 128.0  # that pictures were scaled by (TensorFlow TPU, lite/efficientnet_lite_builder.py)
SIDES = {(100, 100): 224, (100, 110): 240, (110, 120): 260, (120, 140): 280, (140, 180): 300}
"""Pixels a side that lite0 to lite4 were trained on."""
SMALL = 96  # pixels a side: smaller pictures leave nothing of the last grids


class Efficientnet(Backbone):
    """Narrow blocks that widen inside, without squeeze and excitation (Tan and Le 2019; Liu 2020 for Lite).

    The last grid is 32 times smaller than the picture, 1,280 wide.
    """

    takes: ClassVar[Form] = "grid"
    planes: ClassVar[int] = 3
    width: int = Option(100, ge=25)
    """Channels of the blocks, in hundredths of lite0's; lite4 has 140."""
    depth: int = Option(100, ge=25)
    """Blocks, in hundredths of lite0's; lite4 has 180."""
    activation: Activation = "relu6"
    """What bends the lines between layers."""
    dropout: float = Option(0.2, ge=0, lt=1)
    """Share of the last features that is hidden at random in training."""

    def build(self, given: Shape) -> Stage:
        return Lite(self, given)

    def wants(self) -> Mapping[str, Mapping[str, Any]]:
        side = SIDES.get((self.width, self.depth), SIDES[100, 100])
        return {"image": {"channels": 3, "usual": side, "least": SMALL, "mean": (MEAN,) * 3, "spread": (SPREAD,) * 3}}

    def adopted(self, foreign: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Whatever the layers are called, they come in the same order: a convolution, its batch norm, and so on."""
        names = [name for name, one in own.items() if name.startswith("backbone.") and one.is_floating_point()]
        theirs = [one for name, one in foreign.items() if not re.search(r"num_batches_tracked|_?fc\.|classifier", name)]
        return dict(zip(names, theirs, strict=False)) if len(theirs) == len(names) else {}


class Lite(Stage):
    """Grid [B, 3, H, W] -> grid [B, 1280, H / 32, W / 32], and before it those of H / 2 to H / 16."""

    def __init__(self, part: Efficientnet, given: Shape) -> None:
        act = ACTIVATIONS[part.activation]
        layers: list[nn.Module] = [Bent(given.width, STEM, (3, 2), act())]
        before, ends = STEM, {}
        for place, (count, side, stride, wider, channels) in enumerate(STAGES):
            fixed = place in (0, len(STAGES) - 1)  # Lite keeps the first and the last stage as they are
            repeats = count if fixed else -(-count * part.depth // 100)
            width = rounded(channels * part.width / 100)
            if stride == 2:
                ends[len(layers) - 1] = before  # what is halved next is the last of its size
            for index in range(repeats):
                layers.append(Block((before, width), (side, stride if index == 0 else 1), wider, act))
                before = width
        layers.append(Bent(before, END, (1, 1), act()))
        super().__init__(Shape("grid", END), (*ends.values(), END))
        self.layers, self.drop, self.ends = nn.Sequential(*layers), nn.Dropout(part.dropout), tuple(ends)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, given: Features) -> Features:
        values, scales = given.values, []
        for index, layer in enumerate(self.layers):
            values = layer(values)
            if index in self.ends:
                scales.append(values)
        values = self.drop(values)
        return Features(values, scales=(*scales, values))


class Bent(nn.Module):
    """Convolution, batch norm and activation."""

    def __init__(self, before: int, width: int, form: tuple[int, int], act: nn.Module, groups: int = 1) -> None:
        super().__init__()
        self.side, self.stride = form
        self.conv = nn.Conv2d(before, width, self.side, self.stride, groups=groups, bias=False)
        self.norm, self.act = nn.BatchNorm2d(width, EPSILON, FRESH), act

    def forward(self, values: Tensor) -> Tensor:
        bent: Tensor = self.act(self.norm(self.conv(same(values, self.side, self.stride))))
        return bent


class Block(nn.Module):
    """Wider, filtered channel by channel, narrow again; beside a shortcut where nothing changes its form."""

    def __init__(self, widths: tuple[int, int], form: tuple[int, int], wider: int, act: type[nn.Module]) -> None:
        super().__init__()
        before, width = widths
        inside = before * wider
        widened = [Bent(before, inside, (1, 1), act())] if wider > 1 else []
        filtered = Bent(inside, inside, form, act(), groups=inside)
        self.layers = nn.Sequential(*widened, filtered, Bent(inside, width, (1, 1), nn.Identity()))
        self.shortcut = before == width and form[1] == 1

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = self.layers(values)
        return values + changed if self.shortcut else changed


def same(values: Tensor, side: int, stride: int) -> Tensor:
    """Zeros around, so that a filter of this side gives 1 / stride of the places; the odd one right and below."""
    pads = []
    for length in (values.shape[3], values.shape[2]):
        whole = max(0, (-(-length // stride) - 1) * stride + side - length)
        pads += [whole // 2, whole - whole // 2]
    return F.pad(values, pads) if any(pads) else values


def rounded(channels: float) -> int:
    """To a multiple of 8, never less than nine tenths."""
    near = max(ROUND, int(channels + ROUND / 2) // ROUND * ROUND)
    return near if near >= 0.9 * channels else near + ROUND
