"""Aligning: which places of a detector answer for which true thing, and how wrong they are."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.boxes import overlaps
from brainwright.models.heads.detect import Seen

CHOSEN = 10  # places that answer for a thing
SURENESS, NEARNESS = 0.5, 6.0  # powers of the two parts of how well a place is aligned (Feng et al. 2021, TOOD)
WHAT, WHERE = 1.0, 5.0  # weights of the two parts of the loss


@dataclass(frozen=True)
class Truths:
    """True things of a batch, padded: on the canvas that the net saw."""

    classes: Tensor
    """[B, G] int64, 0 where there is none."""
    boxes: Tensor
    """[B, G, 4]"""
    there: Tensor
    """[B, G] bool"""

    @classmethod
    def of(cls, pieces: list[Tensor], ratios: Tensor) -> "Truths":
        """From class and corners [n, 5] of each picture, the corners times its ratio [B]."""
        most = max(1, *(len(piece) for piece in pieces)) if pieces else 1
        wide = torch.stack([F.pad(piece[:, :5], (0, 0, 0, most - len(piece))) for piece in pieces])
        counts = torch.tensor([len(piece) for piece in pieces], device=wide.device)
        there = torch.arange(most, device=wide.device) < counts[:, None]
        wide = wide.to(ratios.dtype)
        return cls(wide[..., 0].long(), wide[..., 1:] * ratios[:, None, None], there)


@torch.no_grad()
def assigned(seen: Seen, truths: Truths) -> tuple[Tensor, Tensor]:
    """For each place the thing it answers for [B, A] int64, and how sure it should be [B, A], 0 where for none.

    The ten best aligned places inside each thing are chosen; a place that several want takes what it overlaps most.
    """
    logits = seen.logits.gather(2, truths.classes[:, None].expand(-1, seen.logits.shape[1], -1))  # [B, A, G]
    shared = overlaps(seen.boxes, truths.boxes)
    inside = within(seen, truths)
    aligned = logits.sigmoid() ** SURENESS * shared.clamp(min=1e-4) ** NEARNESS * inside
    best = aligned.topk(min(CHOSEN, aligned.shape[1]), 1).values[:, -1:]
    mine = inside & (aligned >= best) & (aligned > 0)
    rival = shared.masked_fill(~mine, -1).argmax(2)
    mine = mine & F.one_hot(rival, mine.shape[2]).bool()
    aligned, shared = aligned * mine, shared * mine
    scale = shared.amax(1, keepdim=True) / aligned.amax(1, keepdim=True).clamp(min=1e-12)
    return rival, (aligned * scale).amax(2)


def within(seen: Seen, truths: Truths) -> Tensor:
    """Whether each place lies in each thing [B, A, G]; of one smaller than the grid, those around its middle do."""
    low, high = truths.boxes[..., :2], truths.boxes[..., 2:]
    middle, half = (low + high) / 2, (high - low) / 2
    half = half.clamp(min=float(seen.steps.min()) * 0.75)
    near = (seen.points[None, :, None] - middle[:, None]).abs() <= half[:, None]
    return near.all(-1) & truths.there[:, None]


def losses(seen: Seen, truths: Truths) -> tuple[Tensor, Tensor]:
    """What each picture's classes cost, and its boxes [B]: cross-entropy to how sure each place should be, and how far
    each answering place's box is from its thing.
    """
    owner, sure = assigned(seen, truths)
    classes = truths.classes.gather(1, owner)
    wanted = F.one_hot(classes, seen.logits.shape[2]).to(sure.dtype) * sure[..., None]
    what = F.binary_cross_entropy_with_logits(seen.logits, wanted, reduction="none").sum((1, 2))
    boxes = truths.boxes.gather(1, owner[..., None].expand(-1, -1, 4))
    return WHAT * what, WHERE * (apart(seen.boxes, boxes) * sure).sum(1)


def apart(ones: Tensor, others: Tensor) -> Tensor:
    """1 - complete intersection over union of paired boxes [..., 4] -> [...] (Zheng et al. 2020)."""
    low, high = torch.maximum(ones[..., :2], others[..., :2]), torch.minimum(ones[..., 2:], others[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    size, other = (ones[..., 2:] - ones[..., :2]).clamp(min=1e-3), (others[..., 2:] - others[..., :2]).clamp(min=1e-3)
    iou = shared / (size.prod(-1) + other.prod(-1) - shared)
    around = torch.maximum(ones[..., 2:], others[..., 2:]) - torch.minimum(ones[..., :2], others[..., :2])
    between = (ones[..., :2] + ones[..., 2:] - others[..., :2] - others[..., 2:]) / 2
    astray = between.square().sum(-1) / around.square().sum(-1).clamp(min=1e-6)
    slant = (torch.atan(size[..., 0] / size[..., 1]) - torch.atan(other[..., 0] / other[..., 1])).square()
    slant = slant * (4 / torch.pi**2)
    weight = (slant / (1 - iou + slant).clamp(min=1e-6)).detach()
    return 1 - iou + astray + weight * slant
