"""Scans: pictures and volumes of any size as [channels, depth, height, width] on one canvas; a picture is one slice."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brainwright.data import nifti, pictures, stacks
from brainwright.data.field import Unreadable
from brainwright.data.outlines import Outlines
from brainwright.data.pictures import is_grey, opened, sides

Sides = tuple[int, int, int]
NIFTI = (".nii", ".nii.gz")
LONGEST_NAME = 200  # letters of a path
WIDEST = 256  # pixels of a picture's longest side
ROOM = 128**3  # voxels of a canvas
ASKED = 400  # scans whose heads say how large the canvas must be
FLAT = (1.0, 1.0, 1.0)
OUTSIDE = -1  # the label of places where the canvas holds no scan


@dataclass(frozen=True)
class Scan:
    """Values float32 [C, D, H, W], and the millimetres between them."""

    values: NDArray[np.float32]
    spacing: tuple[float, ...]


@dataclass(frozen=True)
class Canvas:
    """What every scan is laid on: its sides, and the millimetres between its places."""

    sides: Sides
    spacing: tuple[float, ...]
    coarser: float = 1.0
    """How many times further apart its places are than those of the middle scan."""

    def inner(self, shape: Sequence[int], spacing: Sequence[float]) -> Sides:
        """How large a scan lies on it: at the canvas's spacing, made smaller where it would not fit."""
        wanted = [side * own / mine for side, own, mine in zip(shape, spacing, self.spacing, strict=True)]
        ratio = min(1.0, *(side / want for side, want in zip(self.sides, wanted, strict=True)))
        inner = [min(side, max(1, round(want * ratio))) for side, want in zip(self.sides, wanted, strict=True)]
        return inner[0], inner[1], inner[2]


def is_volume(value: Any) -> bool:
    """Whether a cell is a volume and not a picture."""
    if isinstance(value, str):
        return value.lower().endswith(NIFTI) or os.path.isdir(value)
    return not isinstance(value, bytes) and np.ndim(value) == 3 and np.shape(value)[2] not in (1, 3)


def scan_of(value: Any) -> Scan:
    """A scan from the path of a NIfTI file, a folder of DICOM slices or a picture, from a picture's bytes, or from an
    array [D, H, W] or as pictures are.

    Raises:
        Unreadable: it is damaged, or its tags are lost.
    """
    if not is_volume(value):
        picture = opened(value)
        pixels = np.asarray(picture.convert("L" if is_grey(picture) else "RGB"), np.float32)
        return Scan(pixels[None, None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)[:, None], FLAT)
    if isinstance(value, str):
        voxels, spacing = nifti.read(value) if value.lower().endswith(NIFTI) else stacks.read(value)
        return Scan(voxels[None], spacing)
    return Scan(np.asarray(value, np.float32)[None], FLAT)


def fault(cell: Any) -> str:
    """Why a scan or mask cannot be decoded whole, or ""; of a mask that brings names, its own file."""
    value = cell[0] if isinstance(cell, tuple) else cell
    if isinstance(value, Outlines):
        return ""
    if not is_volume(value):
        return pictures.fault(value)
    try:
        scan_of(value)
    except Unreadable as found:
        return found.reason
    return ""


def shape_of(value: Any) -> tuple[Sides, tuple[float, ...]]:
    """Sides and spacing from the head alone."""
    if not is_volume(value):
        height, width = sides(value)
        return (1, height, width), FLAT
    if isinstance(value, str):
        (depth, height, width), spacing, _ = seen(value)
    else:
        (depth, height, width), spacing = np.shape(value), FLAT
    return (depth, height, width), spacing


def is_one_scan(path: Path) -> bool:
    """Whether a path is one volume: a NIfTI file, or a folder right in which DICOM slices lie."""
    return path.name.lower().endswith(NIFTI) or (path.is_dir() and len(stacks.files_in(str(path))) >= stacks.LEAST)


def is_scans(array: NDArray[Any]) -> bool:
    """Whether an array holds scans [N, D, H, W] and not pictures with channels."""
    return array.ndim == 4 and array.dtype.kind in "uif" and not {array.shape[1], array.shape[3]} & {1, 3, 4}


def named_folders(words: Sequence[str | None], folder: Path) -> list[str | None]:
    """Words that name folders of slices below `folder`, as absolute paths; [] where the first does not, or where some
    are the same: then they are classes, perhaps, whose folders lie there too.
    """
    present = [word for word in words if word is not None]
    if len(set(present)) < len(present) or not present or len(present[0]) > LONGEST_NAME:
        return []
    first = folder / present[0]
    if not os.path.isdir(first) or not is_one_scan(first):
        return []
    return [None if word is None else str(folder.absolute() / word) for word in words]


def seen(path: str) -> tuple[tuple[int, ...], tuple[float, ...], str]:
    """A volume's shape, its spacing and how its files are turned, from heads alone."""
    return nifti.seen(path) if path.lower().endswith(NIFTI) else stacks.seen(path)


def canvas_for(values: NDArray[Any], room: int = ROOM) -> Canvas:
    """The canvas for training scans: their middle spacing, and as large as the largest, within `room` voxels."""
    some = values[:: max(1, len(values) // ASKED)][:ASKED]
    shapes, spacings = zip(*(shape_of(value) for value in some), strict=True)
    spacing = np.median(np.array(spacings), 0)
    sizes = np.array(shapes) * np.array(spacings)  # millimetres
    largest = sizes.max(0) / spacing
    if largest[0] == 1:
        coarser = max(1.0, largest.max() / WIDEST)
        spacing = spacing * [1, coarser, coarser]
    else:
        coarser = max(1.0, largest.prod() / room) ** (1 / 3)
        spacing = spacing * coarser
    found = [1 if side <= 1 else -(-round(side) // 8) * 8 for side in sizes.max(0) / spacing]
    return Canvas((found[0], found[1], found[2]), tuple(spacing.round(4).tolist()), float(coarser))


def resized(values: Tensor, shape: Sequence[int]) -> Tensor:
    """Values [C, D, H, W] at another size, linearly; smaller ones are averaged first, so that nothing is skipped."""
    if tuple(values.shape[1:]) == tuple(shape):
        return values
    shrunk = [max(1, side // want) for side, want in zip(values.shape[1:], shape, strict=True)]
    if max(shrunk) > 1:
        values = F.avg_pool3d(values[None], shrunk, ceil_mode=True)[0]
    return F.interpolate(values[None], list(shape), mode="trilinear", align_corners=False)[0]


def laid(mask: Tensor, inner: Sequence[int], sides: Sequence[int]) -> Tensor:
    """A mask [d, h, w] on a canvas [D, H, W] int64: at the size that its scan has there, OUTSIDE beyond."""
    mask = mask.long()
    if tuple(mask.shape) != tuple(inner):
        mask = F.interpolate(mask[None, None].float(), list(inner), mode="nearest-exact")[0, 0].long()
    room = [side - own for side, own in zip(sides, inner, strict=True)]
    return F.pad(mask, (0, room[2], 0, room[1], 0, room[0]), value=OUTSIDE)


def returned(scores: Tensor, inner: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Scores of K labels on a canvas [K, D, H, W] -> the likeliest label of each of the scan's own voxels, uint8."""
    scores = scores[:, : inner[0], : inner[1], : inner[2]].float()
    if tuple(shape) != tuple(inner):
        scores = F.interpolate(scores[None], list(shape), mode="trilinear", align_corners=False)[0]
    return scores.argmax(0).byte()


def shares_of(canvas: Canvas, value: Any) -> NDArray[np.float32]:
    """A scan's own sides, its sides on the canvas, and its spacing: [9]."""
    shape, spacing = shape_of(value)
    return np.array([*shape, *canvas.inner(shape, spacing), *spacing], np.float32)


def on_canvas(scan: Scan, canvas: Canvas) -> Tensor:
    """A scan's values resized to lie on the canvas [C, d, h, w]; the rest of the canvas is not there."""
    inner = canvas.inner(scan.values.shape[1:], scan.spacing)
    return resized(torch.from_numpy(np.ascontiguousarray(scan.values)), inner)
