"""COCO: a JSON file with images, annotations and categories, or a folder with one for each share, and the pictures."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from brainwright.data import tables
from brainwright.data.columns import IMAGE_SUFFIXES
from brainwright.data.marking import Marked, Thing, marked_table, shares_of
from brainwright.data.outlines import Outlines, Region, region
from brainwright.data.reader import Reader
from brainwright.data.table import Share, Table
from brainwright.errors import Fault

WORDS = (b'"images"', b'"annotations"', b'"categories"')
ENDS = 2**16  # bytes looked at from either end of a file
DEEP = 2  # folders below the one given in which such files are sought


class Coco(Reader):
    """instances_train.json, annotations/instances_val.json, or train/_annotations.coco.json."""

    rank: ClassVar[int] = 12

    @classmethod
    def knows(cls, path: Path) -> bool:
        return bool(descriptions(path))

    def read(self, path: Path) -> Table:
        """One row a picture; pictures without a box are kept, for they teach what is no thing."""
        files = descriptions(path)
        home = path.absolute() if path.is_dir() else root_of(path.absolute())
        places = dict(pictures_below(home)) or dict(pictures_below(home.parent))
        codes = codes_of(files)
        marked: list[Marked] = []
        notes: list[str] = []
        for file in files:
            found, said = self.of_file(file, places, codes)
            marked += found
            notes += said
        twice = len(marked) - len({one.picture for one in marked})
        if twice:
            raise Fault(f"{twice} pictures are named by more than one of {names(files)}", "give one of these files")
        if len(files) == 1 or not any(one.share == Share.TRAIN for one in marked):
            marked = [replace(one, share=Share.OPEN) for one in marked]
        labels = ((0, "background"), *((code, word) for word, code in codes.items()))
        return marked_table(path, sorted(marked, key=lambda one: one.share), notes, labels)

    def of_file(
        self, file: Path, places: Mapping[str, Path], codes: Mapping[str, int]
    ) -> tuple[list[Marked], list[str]]:
        """The pictures that one file describes, and what was passed over; `codes` are the numbers of class names."""
        found = parsed(file)
        classes = {one["id"]: str(one["name"]) for one in found["categories"]}
        images = {one["id"]: one for one in found["images"]}
        things: dict[Any, list[Thing]] = {key: [] for key in images}
        crowds = 0
        for row, one in enumerate(found["annotations"], 1):
            where = f"{file.name}, annotation {row}"
            if one.get("image_id") not in images:
                raise Fault(f"{where} is of image {one.get('image_id')}, which is not listed", "list it, or drop it")
            if one.get("iscrowd"):
                crowds += 1
                continue
            if one.get("category_id") not in classes:
                raise Fault(f"{where} has the class {one.get('category_id')}, which no category is", "add or mend it")
            things[one["image_id"]].append(Thing(classes[one["category_id"]], corners(one, where), where))
        regions = outlines(file.name, found, {key: codes[word] for key, word in classes.items()})
        marked = [
            Marked(
                place(file, str(one["file_name"]), places),
                share_of(file),
                things[key],
                f"{file.name}, image {row}",
                regions.get(key),
            )
            for row, (key, one) in enumerate(images.items(), 1)
        ]
        return marked, [f"{crowds:,} crowds in {file.name} were left out: they mark no single thing"] if crowds else []

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures with a bright square each, in train and test."""
        generator = np.random.default_rng(0)
        for share, count in (("train", 20), ("test", 10)):
            images, annotations = [], []
            (folder / share).mkdir()
            for index in range(count):
                pixels = generator.integers(0, 100, (16, 16, 3), dtype=np.uint8)
                left, top = (int(one) for one in generator.integers(0, 9, 2))
                pixels[top : top + 6, left : left + 6, index % 2] += 120
                Image.fromarray(pixels).save(folder / share / f"{index:02d}.png")
                images.append({"id": index, "file_name": f"{index:02d}.png", "width": 16, "height": 16})
                box = [left, top, 6, 6]
                annotations.append({"id": index, "image_id": index, "category_id": index % 2, "bbox": box})
            names = [{"id": 0, "name": "red"}, {"id": 1, "name": "green"}]
            whole = {"images": images, "annotations": annotations, "categories": names}
            (folder / share / "_annotations.coco.json").write_text(json.dumps(whole), encoding="utf-8")
        return folder


def codes_of(files: Sequence[Path]) -> dict[str, int]:
    """Class name -> its number in masks, from 1, as the files list them."""
    names = dict.fromkeys(str(one["name"]) for file in files for one in parsed(file)["categories"])
    return {name: code for code, name in enumerate(names, 1)}


def outlines(name: str, found: Mapping[str, Any], codes: Mapping[Any, int]) -> dict[Any, Outlines]:
    """Image id -> its regions, crowds among them; none at all where some thing's region or a size is not told."""
    sizes = {one["id"]: (one.get("height"), one.get("width")) for one in found["images"]}
    if not any(one.get("segmentation") for one in found["annotations"]) or None in chain(*sizes.values()):
        return {}
    regions: dict[Any, list[Region]] = {key: [] for key in sizes}
    for row, one in enumerate(found["annotations"], 1):
        size = sizes[one["image_id"]]
        there = region(one, codes[one["category_id"]], size, f"{name}, annotation {row}")
        if there is None:
            return {}
        regions[one["image_id"]].append(there)
    return {key: Outlines(*sizes[key], tuple(some)) for key, some in regions.items()}


def descriptions(path: Path) -> list[Path]:
    """The files of this form: the one given, or those in a folder; of several forms of one name the first."""
    if path.is_file():
        return [path] if described(path) else []
    found = [file for deep in range(DEEP + 1) for file in sorted(path.glob("*/" * deep + "*.json")) if described(file)]
    return [file for file in found if not file.name.startswith(".")]


def described(file: Path) -> bool:
    """Whether a JSON file holds images, annotations and categories, told from its two ends and its size."""
    if file.suffix.lower() != ".json" or not file.is_file():
        return False
    with file.open("rb") as stream:
        seen = stream.read(ENDS)
        if not seen.lstrip().startswith(b"{"):
            return False
        stream.seek(max(len(seen), file.stat().st_size - ENDS))
        seen += stream.read()
    return sum(word in seen for word in WORDS) >= 2 and b'"file_name"' in seen


def parsed(file: Path) -> Mapping[str, Any]:
    """The whole file.

    Raises:
        Fault: it is damaged, or lacks one of its three lists.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise Fault(f"{file} is no whole JSON ({error})", "write or download it again") from None
    lacking = [key for key in ("images", "annotations", "categories") if not isinstance(found.get(key), list)]
    if lacking:
        raise Fault(f"{file} has no list of {lacking[0]}", "write it in the form of COCO")
    for key, wanted in (("images", ("id", "file_name")), ("categories", ("id", "name"))):
        for row, one in enumerate(found[key], 1):
            if not isinstance(one, dict) or not all(word in one for word in wanted):
                raise Fault(f"{file}, {key} {row} lacks {' or '.join(wanted)}", "write it in the form of COCO")
    return dict(found)


def corners(one: Mapping[str, Any], where: str) -> tuple[float, float, float, float]:
    """left, top, width, height as corners.

    Raises:
        Fault: there are no four numbers.
    """
    try:
        left, top, width, height = (float(number) for number in one["bbox"])
    except (KeyError, TypeError, ValueError):
        raise Fault(f"{where} has no bbox of four numbers", "mend or delete it") from None
    return left, top, left + width, top + height


def root_of(file: Path) -> Path:
    """The folder below which a file's pictures are sought."""
    return file.parent.parent if file.parent.name.lower() in ("annotations", "coco", "labels") else file.parent


def pictures_below(home: Path) -> Iterator[tuple[str, Path]]:
    """Every picture below a folder, by every end of its path: "1.jpg", "train/1.jpg", ..."""
    for folder, below, files in os.walk(home):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(IMAGE_SUFFIXES):
                whole = Path(folder, name)
                parts = whole.relative_to(home).parts
                yield from (("/".join(parts[start:]), whole) for start in range(len(parts)))


def place(file: Path, name: str, places: Mapping[str, Path]) -> Path:
    """Where a picture lies: beside its file, else wherever a path ends so; the name as written where nowhere."""
    beside = file.absolute().parent / name
    if beside.is_file():
        return beside
    words = name.replace("\\", "/").lstrip("./").split("/")
    below = f"{words_of(file)[-1] if words_of(file) else ''}/{words[-1]}"  # annotations/x_train.json, train/1.jpg
    ends = [below, *("/".join(words[start:]) for start in range(len(words)))]
    return next((places[end] for end in ends if end in places), beside)


def words_of(file: Path) -> list[str]:
    """The words of a file's name and its folder's that mean a share."""
    every = re.split(r"[^a-z]+", f"{file.parent.name} {file.stem}".lower())
    return [word for word in every if word in tables.SHARE_WORDS]


def share_of(file: Path) -> Share:
    """The share that a file describes, by its own name or else its folder's."""
    return shares_of(list(reversed(words_of(file))), tables.SHARE_WORDS)


def names(files: list[Path]) -> str:
    """For messages."""
    return ", ".join(file.name for file in files)
