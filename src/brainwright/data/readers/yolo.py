"""YOLO: a text file for each picture, one line a box, in labels beside images, and perhaps a data.yaml of names."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import yaml
from PIL import Image

from brainwright.data import tables
from brainwright.data.columns import IMAGE_SUFFIXES
from brainwright.data.field import Unreadable
from brainwright.data.marking import Marked, Thing, marked_table
from brainwright.data.pictures import sides
from brainwright.data.reader import Reader
from brainwright.data.table import Share, Table
from brainwright.errors import Fault

BOX, CORNER = 5, 2  # numbers in a line: class, middle and size; more are the corners of an outline
LISTS = ("classes.txt", "obj.names")


class Yolo(Reader):
    """images/train/1.jpg and labels/train/1.txt; or train/images/1.jpg and train/labels/1.txt."""

    rank: ClassVar[int] = 11

    @classmethod
    def knows(cls, path: Path) -> bool:
        return path.is_dir() and next(homes(path), None) is not None

    def read(self, path: Path) -> Table:
        """One row a picture; one without a text file holds no thing, as this form means it, and that is said."""
        named = names_of(path)
        marked, empty = [], []
        for home, share in homes(path):
            for file in sorted(home.rglob("*")):
                if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith("."):
                    text = labels_of(file)
                    if not text.is_file():
                        empty.append(file.name)
                    marked.append(Marked(file.absolute(), share, things(text, file, named), file.name))
        notes = []
        if empty:
            said = f"{len(empty):,} pictures have no text file and so hold nothing: {', '.join(empty[:3])}"
            notes.append(f"{said}; if they were never marked, take them out")
        if not named:
            notes.append("no data.yaml or classes.txt names the classes: they are called by their numbers")
        return marked_table(path, sorted(marked, key=lambda one: one.share), notes)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures with a bright square each, in train and test."""
        generator = np.random.default_rng(0)
        for index in range(30):
            share = "train" if index < 20 else "test"
            for kind in ("images", "labels"):
                (folder / kind / share).mkdir(parents=True, exist_ok=True)
            pixels = generator.integers(0, 100, (16, 16, 3), dtype=np.uint8)
            left, top = (int(one) for one in generator.integers(0, 9, 2))
            pixels[top : top + 6, left : left + 6, index % 2] += 120
            Image.fromarray(pixels).save(folder / "images" / share / f"{index:02d}.png")
            line = f"{index % 2} {(left + 3) / 16} {(top + 3) / 16} {6 / 16} {6 / 16}\n"
            (folder / "labels" / share / f"{index:02d}.txt").write_text(line)
        (folder / "data.yaml").write_text("train: images/train\ntest: images/test\nnames: [red, green]\n")
        return folder


def homes(path: Path) -> Iterator[tuple[Path, Share]]:
    """Folders of pictures that have a folder of labels, with their share: the shares first, else all in one."""
    whole = path / "images", path / "labels"
    if all(one.is_dir() for one in whole):
        below = [entry for entry in tables.visible(whole[0]) if entry.is_dir() and (whole[1] / entry.name).is_dir()]
        given = [(entry, tables.share_of(entry.name)) for entry in below]
    else:
        kept = [one for one in tables.visible(path) if (one / "images").is_dir() and (one / "labels").is_dir()]
        given = [(entry / "images", tables.share_of(entry.name)) for entry in kept]
    if any(share == Share.TRAIN for _, share in given):
        yield from given
    elif all(one.is_dir() for one in whole) and any(file.suffix == ".txt" for file in whole[1].rglob("*.txt")):
        yield whole[0], Share.OPEN


def labels_of(picture: Path) -> Path:
    """The text file of a picture: the last folder called images becomes labels."""
    parts = list(picture.parts)
    last = len(parts) - 1 - parts[::-1].index("images")
    return Path(*parts[:last], "labels", *parts[last + 1 :]).with_suffix(".txt")


def names_of(path: Path) -> Sequence[str]:
    """The classes in order, from a YAML file or a list of names; none where there is neither.

    Raises:
        Fault: the YAML file is damaged.
    """
    for file in [*sorted(path.glob("*.yaml")), *sorted(path.glob("*.yml"))]:
        try:
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise Fault(f"{file} is no YAML ({str(error).splitlines()[0]})", "mend it") from None
        if not isinstance(found, Mapping):
            raise Fault(f"{file} says nothing", "write in it names: [...], or take it away")
        names: Any = found.get("names")
        if isinstance(names, Mapping):
            return [str(names.get(index, index)) for index in range(max(map(int, names), default=-1) + 1)]
        if isinstance(names, list):
            return [str(name) for name in names]
    lists = [path / place / name for name in LISTS for place in ("", "labels")]
    written = next((file for file in lists if file.is_file()), None)
    return (
        [line.strip() for line in written.read_text(encoding="utf-8").splitlines() if line.strip()] if written else []
    )


def things(text: Path, picture: Path, named: Sequence[str]) -> list[Thing]:
    """The lines of one text file; outlines become the boxes around them.

    Raises:
        Fault: a line that is neither, or a class without a name.
    """
    if not text.is_file():
        return []
    try:
        height, width = sides(str(picture))
    except Unreadable:  # the check names every damaged picture together
        return []
    found = []
    for row, line in enumerate(text.read_bytes().decode("utf-8", "replace").splitlines(), 1):
        where = f"{os.path.relpath(text, text.parents[1])}, row {row}"
        if line.split():
            index, corners = box(line.split(), where)
            if named and index >= len(named):
                raise Fault(f"{where} has the class {index}, and only {len(named)} are named", "name it, or mend it")
            left, top, right, bottom = corners
            inside = (left * width, top * height, right * width, bottom * height)
            found.append(Thing(named[index] if named else str(index), inside, where))
    return found


def box(words: Sequence[str], where: str) -> tuple[int, tuple[float, float, float, float]]:
    """The class and the corners, as shares of the picture's sides, of one line.

    Raises:
        Fault: it holds anything else.
    """
    try:
        index, numbers = int(words[0]), [float(word) for word in words[1:]]
    except ValueError:
        index, numbers = -1, []
    if index >= 0 and len(words) == BOX:
        across, down, width, height = numbers
        return index, (across - width / 2, down - height / 2, across + width / 2, down + height / 2)
    if index >= 0 and len(numbers) > BOX and len(numbers) % CORNER == 0:
        return index, (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
    raise Fault(f"{where} is no box: class, middle across and down, width, height", "mend or delete the row")
