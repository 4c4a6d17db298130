"""Folders of pictures: one folder for each class, below train, val and test or not; or one folder without classes."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from brainwright.data import tables
from brainwright.data.columns import IMAGE_SUFFIXES
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

NO_CLASSES = {"images", "image", "img", "imgs", "jpegimages", "pictures", "photos", "masks", "labels", "annotations"}


@dataclass(frozen=True)
class Found:
    """Pictures below one root with their labels ("" = none), and what lay beside them."""

    paths: Sequence[str]  # absolute
    labels: Sequence[str]
    share: Share
    others: Sequence[str]  # files that are no pictures
    empty: Sequence[str]  # folders without a picture


class Folders(Reader):
    """cats/1.jpg, dogs/2.jpg; or train/cats/1.jpg, test/cats/7.jpg; or 1.jpg, 2.jpg."""

    rank: ClassVar[int] = 60

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A folder of pictures or of folders of pictures, unless tables named by share lie there to describe them."""
        if not path.is_dir() or tables.named(path):
            return False
        if any(is_picture(entry.name) for entry in tables.visible(path)):
            return True
        folders = [entry for entry in tables.visible(path) if entry.is_dir() and next(pictures_below(entry), None)]
        described = len(tables.table_files(path)) == 1 or any(
            f.stem.lower() == "metadata" for f in tables.table_files(path)
        )
        plain = all(entry.name.lower() in NO_CLASSES for entry in folders)
        return bool(folders) and not (described and (plain or len(folders) == 1))

    def read(self, path: Path) -> Table:
        """Paths of the pictures, absolute; a picture deep inside a class folder belongs to that class."""
        root = path.absolute()
        while (below := lone_folder(root)) is not None:
            root = below
        given = [
            entry for entry in tables.visible(root) if entry.is_dir() and tables.share_of(entry.name) != Share.OPEN
        ]
        given = [entry for entry in given if entry.name.lower() in tables.SHARE_WORDS]
        if any(tables.share_of(entry.name) == Share.TRAIN for entry in given):
            found = sorted(
                (gathered(entry, tables.share_of(entry.name)) for entry in given), key=lambda part: part.share
            )
            beside = [entry for entry in tables.visible(root) if entry not in given]
        else:
            found, beside = [gathered(root, Share.OPEN)], []
        table = assembled(path, [part for part in found if part.paths], root)
        return Table(**{**vars(table), "notes": [*notes(found), *left(beside)]})

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures in train/bright, train/dark, test/bright, test/dark."""
        generator = np.random.default_rng(0)
        for i in range(30):
            home = folder / ("train" if i < 20 else "test") / ("bright" if i % 2 else "dark")
            home.mkdir(parents=True, exist_ok=True)
            pixels = generator.integers(0, 100, (8, 8, 3)) + 120 * (i % 2)
            Image.fromarray(pixels.astype(np.uint8)).save(home / f"{i:02d}.png")
        return folder


def is_picture(name: str) -> bool:
    """By suffix; hidden files are none."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")


def files_below(folder: Path | str) -> Iterator[str]:
    """Every visible file below a folder, sorted, as paths."""
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith((".", "__MACOSX")))
        yield from (f"{place}{os.sep}{name}" for name in sorted(names, key=natural) if not name.startswith("."))


def natural(name: str) -> tuple[int, str]:
    """Sort 2.png before 10.png."""
    stem = name.partition(".")[0]
    return (int(stem) if stem.isdecimal() else -1, name)


def pictures_below(folder: Path) -> Iterator[str]:
    """Every picture below a folder."""
    return (file for file in files_below(folder) if is_picture(file.rpartition(os.sep)[2]))


def lone_folder(root: Path) -> Path | None:
    """The only folder of a folder without pictures, if it holds folders: unpacked archives nest so."""
    entries = tables.visible(root)
    folders = [entry for entry in entries if entry.is_dir()]
    if len(folders) != 1 or any(is_picture(entry.name) for entry in entries):
        return None
    deeper = any(entry.is_dir() for entry in tables.visible(folders[0]))
    return folders[0] if deeper or folders[0].name.lower() in NO_CLASSES else None


def gathered(root: Path, share: Share) -> Found:
    """All pictures of one root; those in a folder are labelled by it, those in none have no label."""
    paths, labels, others, empty = [], [], [], []
    for entry in sorted(tables.visible(root), key=lambda entry: natural(entry.name)):
        inside = list(files_below(entry)) if entry.is_dir() else [str(entry)]
        kept = [file for file in inside if is_picture(file.rpartition(os.sep)[2])]
        if entry.is_dir() and not kept:
            empty.append(entry.name)
        others += [os.path.relpath(file, root) for file in inside if not is_picture(file.rpartition(os.sep)[2])]
        paths += kept
        labels += [entry.name if entry.is_dir() else ""] * len(kept)
    return Found(paths, labels, share, others, empty)


def assembled(path: Path, found: Sequence[Found], root: Path) -> Table:
    """The pictures of every share as one table.

    Raises:
        Fault: no picture at all.
    """
    paths = [file for part in found for file in part.paths]
    if not paths:
        raise Fault(f"{path} holds no pictures", f"pictures end in {', '.join(IMAGE_SUFFIXES)}")
    names = np.array(paths, object)
    table = {"image": Column(names, Kind.IMAGE, "pictures: files of the folder")}
    labels = [label or None for part in found for label in part.labels]
    if any(label.lower() not in NO_CLASSES for label in labels if label):
        table["label"] = Column(np.array(labels, object), Kind.CATEGORY, "labels: the name of each picture's folder")
    shares = np.repeat(np.array([part.share for part in found], np.uint8), [len(part.paths) for part in found])
    files = [os.path.relpath(file, path.absolute()) for file in paths]
    whole = np.zeros(len(paths), np.int64)
    return Table(table, shares, str(path), files, np.arange(len(paths), dtype=np.int32), whole)


def notes(found: Sequence[Found]) -> list[str]:
    """What was passed over, in one line for each reason."""
    others = [name for part in found for name in part.others]
    lines = []
    if others:
        ends = ", ".join(
            f"{count} {end or 'without suffix'}" for end, count in Counter(map(suffix, others)).most_common(4)
        )
        lines.append(f"{len(others)} files that are no pictures were passed over ({ends}): {', '.join(others[:3])}")
    empty = [name for part in found for name in part.empty]
    if empty:
        lines.append(f"{len(empty)} folders without a picture are no classes: {', '.join(empty[:5])}")
    bare = [part for part in found if any(part.labels) and not all(part.labels)]
    if bare:
        count = sum(not label for part in bare for label in part.labels)
        lines.append(f"{count} pictures lie in no class folder and have no label")
    return lines


def suffix(name: str) -> str:
    """The end of a file name, in small letters."""
    return Path(name).suffix.lower()


def left(beside: Sequence[Path]) -> list[str]:
    """One note on what lies beside train and test."""
    beside = [entry for entry in beside if not entry.stem.lower().startswith(tuple(tables.PAPERWORK))]
    return [f"not read, for it lies beside train: {', '.join(entry.name for entry in beside[:5])}"] if beside else []
