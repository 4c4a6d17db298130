"""Lane masks: for each picture a mask that numbers the pixels of each lane: x.jpg, x_instance.png, or in folders."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainwright.data.columns import IMAGE_SUFFIXES
from brainwright.data.curves import ABSENT
from brainwright.data.pictures import reading, sides
from brainwright.data.reader import Reader
from brainwright.data.table import Share, Table
from brainwright.data.tables import share_of, visible
from brainwright.data.tracing import Traced, share_along, traced_table
from brainwright.errors import Fault

TAIL = "_instance"
FOLDERS = ("gt_instance_image", "gt_image_instance", "instance", "instances", "lane_masks")
PICTURES = ("image", "images", "gt_image", "clips")
ROWS = 72  # of a picture at which lanes are read off, from the top: each 10 pixels of 720
MOST = 16  # lanes of a picture


class LaneMasks(Reader):
    """image/0.png with gt_instance_image/0.png, or 0.jpg with 0_instance.png; below train and test or not."""

    rank: ClassVar[int] = 9

    @classmethod
    def knows(cls, path: Path) -> bool:
        return path.is_dir() and any(next(pairs(home), None) for home, _ in homes(path))

    def read(self, path: Path) -> Table:
        """One row a picture that has a mask. A lane's column is the middle of its pixels in each row."""
        root = path.absolute()
        rows = [
            (picture, mask, share if share != Share.OPEN else share_along(picture, root))
            for home, share in homes(root)
            for picture, mask in pairs(home)
        ]
        every = [traced(picture, mask, share, str(mask.relative_to(root))) for picture, mask, share in rows]
        return traced_table(path, below_sky(sorted(every, key=lambda one: one.share)), [])

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small roads with two bright lanes each."""
        generator = np.random.default_rng(0)
        for index in range(30):
            pixels, mask = generator.integers(0, 80, (24, 40), dtype=np.uint8), np.zeros((24, 40), np.uint8)
            for number, side in ((20, -1), (70, 1)):
                lean = generator.uniform(0.6, 0.7)
                for row in range(8, 24):
                    middle = round(20 + side * row * lean)
                    mask[row, middle - 1 : middle + 2] = number
            pixels[mask > 0] = 230
            Image.fromarray(pixels).save(folder / f"{index:02d}.png")
            Image.fromarray(mask).save(folder / f"{index:02d}{TAIL}.png")
        return folder


def below_sky(pictures: list[Traced]) -> list[Traced]:
    """The same without the rows above the highest lane of all."""
    tops = [
        one.rows[min(place for place, column in enumerate(lane) if column >= 0)]
        for one in pictures
        for lane in one.lanes
    ]
    kept = [[place for place, row in enumerate(one.rows) if row >= min(tops, default=0)] for one in pictures]
    return [
        replace(
            one, rows=[one.rows[place] for place in mine], lanes=[[lane[place] for place in mine] for lane in one.lanes]
        )
        for one, mine in zip(pictures, kept, strict=True)
    ]


def homes(path: Path) -> list[tuple[Path, Share]]:
    """Folders that hold pictures and masks with their share: those named as shares, or the one given."""
    inside = [(entry, share_of(entry.name)) for entry in visible(path) if entry.is_dir()]
    named: list[tuple[Path, Share]] = [(entry, share) for entry, share in inside if share != Share.OPEN]
    return named if any(share == Share.TRAIN for _, share in named) else [(path, Share.OPEN)]


def pairs(home: Path) -> Iterator[tuple[Path, Path]]:
    """Each picture with its mask: beside it or one folder below, or in a folder for masks."""
    folders = {entry.name.lower(): entry for entry in visible(home) if entry.is_dir()}
    masks = next((folders[name] for name in FOLDERS if name in folders), None)
    images = next((folders[name] for name in PICTURES if name in folders), None)
    if masks is not None and images is not None:
        known = {file.stem: file for file in visible(masks) if is_picture(file)}
        yield from ((file, known[file.stem]) for file in visible(images) if is_picture(file) and file.stem in known)
        return
    for folder in (home, *folders.values()):
        files = {file.stem: file for file in visible(folder) if is_picture(file)}
        yield from ((one, files[stem + TAIL]) for stem, one in files.items() if stem + TAIL in files)


def is_picture(file: Path) -> bool:
    """By its suffix."""
    return file.name.lower().endswith(IMAGE_SUFFIXES)


def traced(picture: Path, mask: Path, share: Share, where: str) -> Traced:
    """One picture's lanes.

    Raises:
        Fault: the mask is in colours, of another size than the picture, or numbers too many lanes.
    """
    with reading(str(mask), str(mask)) as opened:
        opened.load()
        codes = np.asarray(opened)
    if codes.ndim == 3 and (np.ptp(codes[..., :3], 2) > 0).any():
        raise Fault(f"{where} is a mask in colours", "save it with one number a lane, in grey or with a palette")
    codes = codes if codes.ndim == 2 else codes[..., 0]
    if codes.shape != sides(str(picture)):
        seen = " and ".join(f"{width} × {height}" for height, width in (codes.shape, sides(str(picture))))
        raise Fault(f"{where} and its picture differ in size: {seen}", "bring masks made on these pictures")
    numbers = [number for number in np.unique(codes).tolist() if number]
    if len(numbers) > MOST:
        raise Fault(f"{where} numbers {len(numbers)} lanes", "number the pixels of each lane alike, save as PNG")
    step = max(1, round(len(codes) / ROWS))
    rows = np.arange(0, len(codes), step)
    lanes = [middles(codes[rows] == number) for number in numbers]
    kept = [lane for lane in lanes if (lane >= 0).any()]
    return Traced(picture, share, rows.tolist(), [lane.tolist() for lane in kept], where)


def middles(marked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The middle of the marked pixels of each row [R, W]; ABSENT where there are none."""
    count = marked.sum(1)
    middle: NDArray[np.float64] = (marked @ np.arange(marked.shape[1])) / np.maximum(1, count)
    return np.where(count > 0, middle, ABSENT)
