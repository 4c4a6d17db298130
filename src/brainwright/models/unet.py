"""U-Net: what every place of a picture or volume is, from what lies near and what lies far; configured by rule."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.models.features import Features, Shape
from brainwright.models.halving import SMALLEST, Sides, layer

FINE = 16  # channels at the places themselves, beside backbones whose finest grid is coarser
OVERLAP = 0.5  # of neighbouring windows, of their sides
SIGMA = 0.125  # width of a window's weights, of its side: its middle is surer than its edge


def window_of(canvas: Sides, room: int) -> Sides:
    """As large as the canvas [D, H, W] (D = 1 for pictures), its longest axis made shorter until it has `room` places
    (Isensee et al. 2021, nnU-Net).
    """
    window = list(canvas)
    while prod(window) > room:
        longest = window.index(max(window))
        window[longest] = max(SMALLEST, (window[longest] * 7 // 8) // 8 * 8 or SMALLEST)
    return tuple(window)


class Unet(nn.Module):
    """Scans [B, C, D, H, W] -> logits [B, K, D, H, W]; in training also those of each coarser grid but the coarsest.

    The backbone leads down; on the way up each of its grids is joined again. What is larger than the window is answered
    by overlapping windows, each place by the weighted mean of all.
    """

    def __init__(self, channels: int, labels: int, window: Sides, backbone: Backbone) -> None:
        super().__init__()
        self.window, self.flat = window, window[0] == 1
        sides = window[1:] if self.flat else window
        once = (1,) * len(sides)
        self.bridge = backbone.bridge(Shape("grid", channels, sides))
        self.backbone = backbone.build(self.bridge.shape)
        grids = self.sizes(channels, sides)
        coarse, self.levels = grids[0] != sides, len(grids)
        self.fine = nn.ModuleList([layer(channels, FINE, once)] if coarse else [])
        widths = [*[FINE] * coarse, *self.backbone.scales[: self.levels]]
        sizes = [*[sides] * coarse, *grids]
        back = list(reversed(range(1, len(sizes))))
        strides = [tuple(-(-one // other) for one, other in zip(*pair, strict=True)) for pair in pairwise(sizes)]
        kind: Any = nn.ConvTranspose2d if self.flat else nn.ConvTranspose3d
        self.up = nn.ModuleList(kind(widths[at], widths[at - 1], strides[at - 1], strides[at - 1]) for at in back)
        self.joined = nn.ModuleList(layer(2 * widths[at - 1], widths[at - 1], once) for at in back)
        last = nn.Conv2d if self.flat else nn.Conv3d
        self.heads = nn.ModuleList(last(widths[at - 1], labels, 1) for at in back)
        for head in self.heads:
            nn.init.normal_(head.weight, std=0.01)  # type: ignore[arg-type]

    @torch.no_grad()
    def sizes(self, channels: int, sides: Sides) -> list[Sides]:
        """The sides of the backbone's grids that are more than one place.

        Raises:
            Fault: it gives its end alone, or too little is left of so small a window.
        """
        self.eval()
        found = self.backbone(self.bridge(Features(torch.zeros(1, channels, *sides)))).scales
        self.train()
        sizes = [tuple(one.shape[2:]) for one in found]
        kept = [one for one in sizes if prod(one) > 1]
        if len(kept) + (kept[:1] != [sides]) < 2:
            what = f"this backbone gives too few grids of {' x '.join(map(str, sides))} places"
            raise Fault(what, "leave out --backbone, or bring larger pictures")
        return kept

    def forward(self, scans: Tensor) -> list[Tensor]:
        scans = scans.to(self.heads[0].weight.dtype)  # type: ignore[arg-type]
        if tuple(scans.shape[2:]) == self.window:
            return self.seen(scans)
        return [self.swept(scans)]

    def seen(self, window: Tensor) -> list[Tensor]:
        """One window of each scan: logits, the finest first; in evaluation these alone."""
        values = window[:, :, 0] if self.flat else window
        kept = [fine(values) for fine in self.fine]
        kept += self.backbone(self.bridge(Features(values))).scales[: self.levels]
        values, found = kept[-1], []
        for up, joined, head, beside in zip(self.up, self.joined, self.heads, kept[-2::-1], strict=True):
            wider = up(values)[(..., *(slice(side) for side in beside.shape[2:]))]  # odd sides were rounded up
            values = joined(torch.cat([wider, beside], 1))
            found.append(head(values) if self.training or beside is kept[0] else values)
        wanted = found[::-1] if self.training else found[-1:]
        return [one[:, :, None] if self.flat else one for one in wanted]

    def swept(self, scans: Tensor) -> Tensor:
        """Windows that overlap by half, weighted towards their middles (Isensee et al. 2021)."""
        window, sides = self.window, scans.shape[2:]
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
