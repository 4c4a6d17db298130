"""U-Net: what every place of a picture or volume is, from what lies near and what lies far; configured by rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Sides = tuple[int, ...]
SMALLEST = 4  # places: no axis is halved below (Isensee et al. 2021, nnU-Net)
HALVINGS = 5
WIDEST = 320  # channels
OVERLAP = 0.5  # of neighbouring windows, of their sides
SIGMA = 0.125  # width of a window's weights, of its side: its middle is surer than its edge
LEAK = 0.01


@dataclass(frozen=True)
class Layout:
    """The form of a net: its window, how often each axis is halved, its channels."""

    window: Sides
    """[D, H, W]; D = 1 for pictures."""
    strides: tuple[Sides, ...]
    """Of each stage but the first."""
    width: int
    """Channels of the first stage; doubled at each."""

    @classmethod
    def of(cls, canvas: Sides, room: int, width: int) -> "Layout":
        """nnU-Net's rules: a window as large as the canvas, its longest axis made shorter until it has `room` places;
        each axis is halved while it keeps four places, and the window is a multiple of all halvings.
        """
        window = list(canvas)
        while torch.tensor(window).prod() > room:
            longest = window.index(max(window))
            window[longest] = max(SMALLEST, (window[longest] * 7 // 8) // 8 * 8 or SMALLEST)
        strides, left = [], list(window)
        for _ in range(HALVINGS):
            halves = [2 if side >= 2 * SMALLEST and side % 2 == 0 else 1 for side in left]
            if max(halves) == 1:
                break
            strides.append(tuple(halves))
            left = [side // half for side, half in zip(left, halves, strict=True)]
        return cls(tuple(window), tuple(strides), width)


class Unet(nn.Module):
    """Scans [B, C, D, H, W] -> logits [B, K, D, H, W]; in training also those of each coarser stage but the last.

    What is larger than the window is answered by overlapping windows, each place by the weighted mean of all.
    """

    def __init__(self, channels: int, labels: int, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.flat = layout.window[0] == 1
        cut = slice(1, 3) if self.flat else slice(0, 3)
        strides = [(1,) * (2 if self.flat else 3), *(one[cut] for one in layout.strides)]
        widths = [min(WIDEST, layout.width * 2**index) for index in range(len(strides))]
        before = [channels, *widths[:-1]]
        self.down = nn.ModuleList(
            nn.Sequential(layer(given, width, stride), layer(width, width, strides[0]))
            for given, width, stride in zip(before, widths, strides, strict=True)
        )
        kind: Any = nn.ConvTranspose2d if self.flat else nn.ConvTranspose3d
        back = list(reversed(range(1, len(strides))))
        self.up = nn.ModuleList(kind(widths[one], widths[one - 1], strides[one], strides[one]) for one in back)
        self.joined = nn.ModuleList(layer(2 * widths[one - 1], widths[one - 1], strides[0]) for one in back)
        last = nn.Conv2d if self.flat else nn.Conv3d
        self.heads = nn.ModuleList(last(widths[one - 1], labels, 1) for one in back)
        for head in self.heads:
            nn.init.normal_(head.weight, std=0.01)  # type: ignore[arg-type]

    def forward(self, scans: Tensor) -> list[Tensor]:
        scans = scans.to(self.heads[0].weight.dtype)  # type: ignore[arg-type]
        if tuple(scans.shape[2:]) == self.layout.window:
            return self.seen(scans)
        return [self.swept(scans)]

    def seen(self, window: Tensor) -> list[Tensor]:
        """One window of each scan: logits, the finest first; in evaluation these alone."""
        values, kept = window[:, :, 0] if self.flat else window, []
        for stage in self.down:
            values = stage(values)
            kept.append(values)
        found = []
        for up, joined, head, beside in zip(self.up, self.joined, self.heads, kept[-2::-1], strict=True):
            values = joined(torch.cat([up(values), beside], 1))
            found.append(head(values) if self.training or beside is kept[0] else values)
        wanted = found[::-1] if self.training else found[-1:]
        return [one[:, :, None] if self.flat else one for one in wanted]

    def swept(self, scans: Tensor) -> Tensor:
        """Windows that overlap by half, weighted towards their middles (Isensee et al. 2021)."""
        window, sides = self.layout.window, scans.shape[2:]
        weight = bump(window, scans)
        total, count = None, scans.new_zeros(sides)
        for corner in corners(sides, window):
            part: Any = tuple(slice(start, start + side) for start, side in zip(corner, window, strict=True))
            said = self.seen(scans[:, :, *part])[0]
            total = said.new_zeros(*said.shape[:2], *sides) if total is None else total
            total[:, :, *part] += said * weight
            count[part] += weight
        assert total is not None
        return total / count


def layer(given: int, width: int, stride: Sides) -> nn.Sequential:
    """Convolution, instance norm, leaky ReLU, in two or three dimensions: nothing hangs on the examples beside one."""
    kinds: Any = (nn.Conv2d, nn.InstanceNorm2d) if len(stride) == 2 else (nn.Conv3d, nn.InstanceNorm3d)
    conv, norm = kinds
    return nn.Sequential(
        conv(given, width, 3, stride, 1, bias=False), norm(width, affine=True), nn.LeakyReLU(LEAK, inplace=True)
    )


def corners(sides: Sequence[int], window: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Where windows begin so that all is covered, neighbours overlapping by half at least."""
    starts = []
    for side, own in zip(sides, window, strict=True):
        steps = max(1, -(-(side - own) // max(1, int(own * (1 - OVERLAP)))) + 1)
        starts.append([round((side - own) * index / max(1, steps - 1)) for index in range(steps)])
    return product(*starts)


def bump(window: Sequence[int], like: Tensor) -> Tensor:
    """Weights of a window's places [D, H, W]: a bell, never nought."""
    found = torch.ones((), dtype=like.dtype, device=like.device)
    for side in window:
        place = (torch.arange(side).to(like) + 0.5) / side - 0.5
        found = found[..., None] * torch.exp(-0.5 * (place / SIGMA) ** 2).clamp(min=1e-3)
    return found


def overlap_losses(said: Sequence[Tensor], truth: Tensor) -> Tensor:
    """Dice and cross-entropy of each example [B], with equal weight; each coarser stage counts half as much.

    `said` are logits [B, K, ...] from fine to coarse, `truth` codes [B, D, H, W], below 0 where nothing is asked.
    """
    weights = [2.0**-index for index in range(len(said))]
    each = [weight * one_loss(logits, truth) for weight, logits in zip(weights, said, strict=True)]
    return torch.stack(each).sum(0) / sum(weights)


def one_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """1 - the mean soft Dice of the labels but the first, and the mean cross-entropy, of each example [B]."""
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if truth.shape[1:] != logits.shape[2:]:
        truth = F.interpolate(truth[:, None].to(logits.dtype), logits.shape[2:], mode="nearest-exact")[:, 0].long()
    asked = truth >= 0
    known = truth.clamp(min=0)
    crossed = F.cross_entropy(logits, known, reduction="none") * asked
    crossed = crossed.flatten(1).sum(1) / asked.flatten(1).sum(1).clamp(min=1)
    sure = (logits.softmax(1) * asked[:, None]).flatten(2)[:, 1:]
    wanted = (F.one_hot(known, logits.shape[1]).movedim(-1, 1) * asked[:, None]).flatten(2)[:, 1:]
    shared, both = (sure * wanted).sum(2), sure.sum(2) + wanted.sum(2)
    return crossed + 1 - ((2 * shared + 1e-5) / (both + 1e-5).clamp(min=1e-8)).mean(1)
