"""CULane: beside each picture x.jpg a text x.lines.txt, on each line the points of one lane: across, down, ..."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainwright.data import tables
from brainwright.data.columns import IMAGE_SUFFIXES
from brainwright.data.curves import ABSENT
from brainwright.data.reader import Reader
from brainwright.data.table import Share, Table
from brainwright.data.tracing import Traced, few, share_along, traced_table
from brainwright.errors import Fault

ENDING = ".lines.txt"
LISTS = "list"  # the folder of train.txt, val.txt and test.txt
DEEP, SOME = 4, 3  # folders below the one given, and how many of each, that are looked into to know this layout
Points = NDArray[np.float64]


class Culane(Reader):
    """driver_1/00000.jpg with driver_1/00000.lines.txt; shares by list/train.txt, or by folders train, val and test."""

    rank: ClassVar[int] = 7

    @classmethod
    def knows(cls, path: Path) -> bool:
        return path.is_dir() and holds(path, DEEP)

    def read(self, path: Path) -> Table:
        """One row a picture; a picture without a text was not marked, and is left out."""
        home = path.absolute()
        listed = shares_listed(home)
        pictures, unmarked = [], []
        for picture, text in found(home):
            name = picture.relative_to(home).as_posix()
            if text is None:
                unmarked.append(name)
            else:
                share = listed.get(name, Share.OPEN) if listed else share_along(picture, home)
                pictures.append(traced(picture, text, share, home))
        kept = [one for one in pictures if not listed or one.share != Share.OPEN]
        notes = [f"{len(unmarked):,} pictures have no lines.txt and were left out: {few(unmarked)}"] if unmarked else []
        if len(kept) < len(pictures):
            notes.append(f"{len(pictures) - len(kept):,} pictures are in no list and were left out")
        return traced_table(path, sorted(kept, key=lambda one: one.share), notes)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small roads with two bright lanes each, in train and test."""
        generator = np.random.default_rng(0)
        rows = np.arange(8, 24, 2)
        for share, count in (("train", 20), ("test", 10)):
            (folder / share).mkdir()
            for index in range(count):
                pixels = generator.integers(0, 80, (24, 40), dtype=np.uint8)
                lanes = [20 + side * rows * generator.uniform(0.6, 0.7) for side in (-1, 1)]
                for lane in lanes:
                    pixels[rows, lane.round().astype(int)] = 230
                told = [" ".join(f"{x:.2f} {y}" for x, y in zip(lane, rows, strict=True)) for lane in lanes]
                Image.fromarray(pixels).save(folder / share / f"{index:02d}.png")
                (folder / share / f"{index:02d}{ENDING}").write_text("\n".join(told), encoding="utf-8")
        return folder


def holds(folder: Path, deep: int) -> bool:
    """Whether a folder or one of the first below it holds such a text."""
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ENDING):
                return True
            if entry.is_dir() and not entry.name.startswith("."):
                below.append(Path(entry.path))
    return deep > 0 and any(holds(one, deep - 1) for one in sorted(below)[:SOME])


def found(home: Path) -> Iterator[tuple[Path, Path | None]]:
    """Every picture below a folder with its text, or None.

    Raises:
        Fault: a text without a picture.
    """
    for folder, below, files in os.walk(home):
        below[:] = sorted(name for name in below if not name.startswith("."))
        texts = {name.removesuffix(ENDING): Path(folder, name) for name in sorted(files) if name.endswith(ENDING)}
        for name in sorted(files):
            if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith("."):
                yield Path(folder, name), texts.pop(Path(name).stem, None)
        for text in texts.values():
            raise Fault(
                f"{text.relative_to(home)} has no picture beside it", "bring the picture, or take the text away"
            )


def shares_listed(home: Path) -> Mapping[str, Share]:
    """The share of each picture that a list names, by its path below the folder; empty without lists."""
    shares: dict[str, Share] = {}
    for file in sorted((home / LISTS).glob("*.txt")) if (home / LISTS).is_dir() else ():
        share = tables.SHARE_WORDS.get(file.stem.lower(), Share.OPEN)
        if share != Share.OPEN:
            for line in file.read_text(encoding="utf-8").splitlines():
                shares |= {line.split()[0].lstrip("/"): share} if line.strip() else {}
    return shares


def traced(picture: Path, text: Path, share: Share, home: Path) -> Traced:
    """One picture's lanes, each read at every row that one of them names, straight between its own points."""
    name = str(text.relative_to(home))
    lanes = list(lines(text, name))
    rows = np.unique(np.concatenate([np.zeros(0), *(lane[:, 1] for lane in lanes)]))
    columns = [np.interp(rows, lane[:, 1], lane[:, 0], ABSENT, ABSENT).tolist() for lane in lanes]
    return Traced(picture, share, rows.tolist(), columns, name)


def lines(text: Path, name: str) -> Iterator[Points]:
    """The points [n, 2] of each lane, from above to below.

    Raises:
        Fault: a row that is no list of pairs of numbers, or has two points at one height.
    """
    data = text.read_bytes()
    try:
        rows: Sequence[str] = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise Fault(f"{name} is no text ({error.reason})", "write it as UTF-8, or bring it again") from None
    for row, line in enumerate(rows, 1):
        if not line.strip():
            continue
        try:
            numbers = np.array([float(word) for word in line.split()])
        except ValueError:
            raise Fault(f"{name}, row {row} holds a word that is no number", "mend or delete the row") from None
        if len(numbers) % 2:
            raise Fault(f"{name}, row {row} holds {len(numbers)} numbers, and points are pairs", "mend the row")
        points = numbers.reshape(-1, 2)
        points = points[np.argsort(points[:, 1])]
        if (np.diff(points[:, 1]) == 0).any():
            raise Fault(f"{name}, row {row} holds two points at one height", "keep one of both")
        yield points
