"""Mask pairs: pictures in images, and for each a mask of its name in masks, one number a label."""

import os
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from brainwright.data import tables
from brainwright.data.columns import IMAGE_SUFFIXES
from brainwright.data.pictures import sides
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

IMAGES = ("images", "image", "imgs", "img", "pictures")
MASKS = ("masks", "mask", "labels", "annotations", "segmentations")
TAILS = ("_mask", "-mask", "_label", "_seg", "_labels", "_segmentation", "_gt")


class MaskPairs(Reader):
    """images/1.jpg with masks/1.png; below train, val and test or not."""

    rank: ClassVar[int] = 13

    @classmethod
    def knows(cls, path: Path) -> bool:
        return path.is_dir() and bool(homes(path))

    def read(self, path: Path) -> Table:
        """One row a pair; a mask of another size than its picture is refused, for none can say which is right."""
        rows = [(one, mask, share) for home, share in homes(path) for one, mask in paired(*home)]
        for picture, mask, _ in rows:
            if sides(str(picture)) != sides(str(mask)):
                seen = " and ".join(f"{width} × {height}" for height, width in (sides(str(mask)), sides(str(picture))))
                raise Fault(f"{mask.name} and its picture differ in size: {seen}", "bring masks made on these pictures")
        masks = np.empty(len(rows), object)
        masks[:] = [str(mask) for _, mask, _ in rows]
        columns = {
            "image": Column(np.array([str(one) for one, _, _ in rows], object), Kind.IMAGE, "pictures: files"),
            "mask": Column(masks, Kind.MASK, "masks: files of the same names"),
        }
        shares = np.array([share for _, _, share in rows], np.uint8)
        files = [os.path.relpath(one, path.absolute()) for one, _, _ in rows]
        notes = ["masks hold only 0 and 255: read as two labels"] if binary(rows[0][1]) else []
        return Table(
            columns, shares, str(path), files, np.arange(len(rows), dtype=np.int32), 0 * shares.astype(int), notes
        )

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures with a bright block each."""
        generator = np.random.default_rng(0)
        for name in ("images", "masks"):
            (folder / name).mkdir()
        for index in range(30):
            pixels = generator.integers(0, 100, (16, 16), dtype=np.uint8)
            mask = np.zeros((16, 16), np.uint8)
            down, across = generator.integers(0, 9, 2)
            mask[down : down + 7, across : across + 7] = 255
            Image.fromarray(pixels + mask // 2).save(folder / "images" / f"{index:02d}.png")
            Image.fromarray(mask).save(folder / "masks" / f"{index:02d}.png")
        return folder


def homes(path: Path) -> list[tuple[tuple[Path, Path], Share]]:
    """Folders of pictures and of masks with their share: in train and test, or below images and masks, or one pair."""
    inside = [(entry, tables.share_of(entry.name)) for entry in tables.visible(path) if entry.is_dir()]
    given: list[tuple[tuple[Path, Path], Share]] = [
        (both, share) for entry, share in inside if share != Share.OPEN and (both := pair(entry))
    ]
    if any(share == Share.TRAIN for _, share in given):
        return given
    both = pair(path)
    if not both:
        return []
    below = [entry.name for entry in tables.visible(both[0]) if entry.is_dir() and (both[1] / entry.name).is_dir()]
    parts = [((both[0] / name, both[1] / name), tables.share_of(name)) for name in below]
    return parts if any(share == Share.TRAIN for _, share in parts) else [(both, Share.OPEN)]


def pair(path: Path) -> tuple[Path, Path] | None:
    """The folder of pictures and that of masks, if both hold some."""
    names = {entry.name.lower(): entry.absolute() for entry in tables.visible(path) if entry.is_dir()}
    images, masks = (next((names[one] for one in some if one in names), None) for some in (IMAGES, MASKS))
    if images is None or masks is None:
        return None
    return (images, masks) if all(any(is_picture(file) for file in one.rglob("*")) for one in (images, masks)) else None


def is_picture(file: Path) -> bool:
    """By its suffix."""
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")


def paired(images: Path, masks: Path) -> list[tuple[Path, Path]]:
    """Each picture with the mask of its name, which may end in _mask.

    Raises:
        Fault: a picture without a mask.
    """
    known = {}
    for file in sorted(masks.rglob("*")):
        if is_picture(file):
            name = file.stem
            for tail in TAILS:
                name = name.removesuffix(tail)
            known[name] = file
    pictures = [file for file in sorted(images.rglob("*")) if is_picture(file)]
    lacking = [file.name for file in pictures if file.stem not in known]
    if lacking:
        raise Fault(f"{len(lacking)} pictures have no mask: {', '.join(lacking[:3])}", "bring masks, or take them out")
    return [(file, known[file.stem]) for file in pictures]


def binary(mask: Path) -> bool:
    """Whether a mask holds 0 and 255 alone, as painted ones do."""
    with Image.open(mask) as picture:
        return set(np.unique(np.asarray(picture)).tolist()) == {0, 255}
