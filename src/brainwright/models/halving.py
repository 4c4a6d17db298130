"""Halving: how often each axis of a picture or volume is halved, and the convolutions that do it."""

from typing import Any

from torch import nn

from brainwright.models.backbone import ACTIVATIONS, Activation

Sides = tuple[int, ...]
SMALLEST = 4  # places: no axis is halved below (Isensee et al. 2021, nnU-Net)
HALVINGS = 5
LEAK = 0.01


def halvings(sides: Sides) -> tuple[Sides, ...]:
    """nnU-Net's rule: each axis is halved while it is even and keeps four places; the strides of each step."""
    found, left = [], list(sides)
    for _ in range(HALVINGS):
        halves = tuple(2 if side >= 2 * SMALLEST and side % 2 == 0 else 1 for side in left)
        if max(halves) == 1:
            break
        found.append(halves)
        left = [side // half for side, half in zip(left, halves, strict=True)]
    return tuple(found)


def layer(given: int, width: int, stride: Sides, activation: Activation = "leaky_relu") -> nn.Sequential:
    """Convolution, instance norm, activation, in two or three dimensions: nothing hangs on the examples beside one."""
    kinds: Any = (nn.Conv2d, nn.InstanceNorm2d) if len(stride) == 2 else (nn.Conv3d, nn.InstanceNorm3d)
    conv, norm = kinds
    act = nn.LeakyReLU(LEAK, inplace=True) if activation == "leaky_relu" else ACTIVATIONS[activation]()
    return nn.Sequential(conv(given, width, 3, stride, 1, bias=False), norm(width, affine=True), act)
