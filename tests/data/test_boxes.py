"""Boxes: which of many say the same, and where they go when their pictures are moved."""

import numpy as np
import torch

from brainwright.data.boxes import distinct, overlaps
from brainwright.data.montage import Chances, Tile, carried, painted, tiles


def one_by_one(boxes: torch.Tensor, classes: torch.Tensor, most: float) -> list[bool]:
    kept: list[int] = []
    for index in range(len(boxes)):
        shared = overlaps(boxes[index : index + 1], boxes[kept])[0]
        if not ((shared > most) & (classes[kept] == classes[index])).any():
            kept.append(index)
    return [index in kept for index in range(len(boxes))]


def test_what_falls_is_what_falls_one_by_one() -> None:
    draw = torch.Generator().manual_seed(0)
    corners = torch.rand(5, 60, 2, generator=draw) * 40
    boxes = torch.cat([corners, corners + 5 + torch.rand(5, 60, 2, generator=draw) * 20], 2)
    classes = torch.randint(0, 2, (5, 60), generator=draw)
    kept = distinct(boxes, classes, 0.4)
    assert 0 < kept.sum() < kept.numel()
    for row in range(5):
        assert kept[row].tolist() == one_by_one(boxes[row], classes[row], 0.4)


def test_boxes_go_where_their_pictures_go() -> None:
    """A bright square is found, wherever it was laid, by the box that was carried there."""
    draw = np.random.default_rng(0)
    pixels, things = torch.full((16, 1, 64, 96), 114, dtype=torch.uint8), []
    for row in range(16):
        left, top = int(draw.integers(0, 70)), int(draw.integers(0, 40))
        pixels[row, :, top : top + 16, left : left + 20] = 255
        things.append(torch.tensor([[float(row % 2), left, top, left + 20, top + 16]]))
    pieces = tiles(16, (64, 96), Chances(0.5, (0.7, 1.4), (True, True)), torch.Generator().manual_seed(1))
    laid = painted(pixels, pieces)
    moved = carried(things, pieces, (64, 96))
    assert sum(map(len, moved)) > 12
    for canvas, found in zip(laid[:, 0], moved, strict=True):
        bright = canvas > 200
        covered = torch.zeros_like(bright)
        for _, left, top, right, bottom in found.round().int().tolist():
            covered[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1] = True
            inner = canvas[top + 2 : bottom - 2, left + 2 : right - 2]
            assert not inner.numel() or inner.mean() > 200
        assert (bright & ~covered).sum() < 0.3 * 320 * 4  # only pieces too small to count are not covered


def test_a_picture_alone_stays_as_it_is() -> None:
    pixels = torch.randint(0, 255, (2, 3, 8, 8), dtype=torch.uint8)
    frame = torch.tensor([[0.0, 0, 8, 8]]).expand(2, 4)
    still = Tile(frame, torch.arange(2), torch.ones(2), torch.zeros(2, 2), torch.zeros(2, 2, dtype=torch.bool))
    torch.testing.assert_close(painted(pixels, [still]), pixels.float(), atol=1e-2, rtol=0)
    mirrored = Tile(
        frame, torch.arange(2), torch.ones(2), torch.zeros(2, 2), torch.tensor([[True, False]]).expand(2, 2)
    )
    torch.testing.assert_close(painted(pixels, [mirrored]), pixels.flip(3).float(), atol=1e-2, rtol=0)
    (moved, _) = carried([torch.tensor([[1.0, 1, 2, 4, 7]])] * 2, [mirrored], (8, 8))
    assert moved.tolist() == [[1, 4, 2, 7, 7]]
