"""Boxes as corners [..., 4] (left, top, right, bottom): how far they overlap, and which say the same."""

import torch
from torch import Tensor

Sides = tuple[int, int]  # height, width


def areas(boxes: Tensor) -> Tensor:
    """[..., 4] -> [...]; never below 0."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def overlaps(ones: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of every pair: [..., N, 4] and [..., M, 4] -> [..., N, M]."""
    low = torch.maximum(ones[..., :, None, :2], others[..., None, :, :2])
    high = torch.minimum(ones[..., :, None, 2:], others[..., None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    return shared / (areas(ones)[..., :, None] + areas(others)[..., None, :] - shared).clamp(min=1e-9)


def distinct(boxes: Tensor, classes: Tensor, most: float) -> Tensor:
    """Non-maximum suppression of whole batches: [B, N, 4] and classes [B, N], the surest first -> kept [B, N] bool.

    A box falls if a kept one before it, of its class, overlaps it by more than `most`. Every round settles all boxes
    whose rivals are settled, so the answer is that of the one-by-one way after as many rounds as rivals stand in a row.
    """
    rivals = (overlaps(boxes, boxes) > most) & (classes[:, :, None] == classes[:, None])
    rivals = rivals.triu(1)  # [B, before, after]
    kept = torch.ones(classes.shape, dtype=torch.bool, device=classes.device)
    while True:
        again = ~(rivals & kept[:, :, None]).any(1)
        if torch.equal(again, kept):
            return kept
        kept = again


def ratio(sides: Tensor, canvas: Sides) -> Tensor:
    """How much larger a picture of these sides [..., 2] (height, width) lies on a canvas that it just fits: [...]."""
    return torch.minimum(canvas[0] / sides[..., 0], canvas[1] / sides[..., 1])
