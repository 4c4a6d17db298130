"""Pascal VOC: an XML file with the boxes of each picture, in Annotations, and perhaps ImageSets that say the shares."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from brainwright.data import tables
from brainwright.data.columns import IMAGE_SUFFIXES
from brainwright.data.marking import Marked, Thing, marked_table
from brainwright.data.reader import Reader
from brainwright.data.table import Share, Table
from brainwright.errors import Fault

PICTURES = ("JPEGImages", "images", "Images", ".", "Annotations")
EDGES = ("xmin", "ymin", "xmax", "ymax")
GLANCE = 512  # bytes of an XML file looked at


class Voc(Reader):
    """Annotations/1.xml, JPEGImages/1.jpg, ImageSets/Main/train.txt; or pictures and XML files side by side."""

    rank: ClassVar[int] = 10

    @classmethod
    def knows(cls, path: Path) -> bool:
        return path.is_dir() and next(annotations(path), None) is not None

    def read(self, path: Path) -> Table:
        """One row a picture; corners are taken as they are written."""
        files = sorted(annotations(path))
        listed = shares(path)
        marked = [self.of_file(path, file, listed) for file in files]
        notes = []
        if listed:
            left = [one for one in marked if one.picture.stem not in listed]
            marked = [one for one in marked if one.picture.stem in listed]
            if left:
                notes.append(f"{len(left):,} pictures are in no list of ImageSets and were left out")
            lacking = sorted(listed.keys() - {file.stem for file in files})
            if lacking:
                notes.append(f"{len(lacking):,} listed pictures have no XML file and were left out: {lacking[0]} ...")
        notes += bare(path, {file.stem for file in files})
        return marked_table(path, sorted(marked, key=lambda one: one.share), notes)

    def of_file(self, path: Path, file: Path, listed: dict[str, Share]) -> Marked:
        """One picture with its things."""
        try:
            root = ElementTree.parse(file).getroot()
        except ElementTree.ParseError as error:
            raise Fault(f"{file} is no whole XML ({error})", "write or download it again") from None
        things = [thing(one, f"{file.name}, object {row}") for row, one in enumerate(root.findall("object"), 1)]
        named = Path((root.findtext("filename") or "").strip()).name
        picture = found(path, file, named)
        return Marked(picture, listed.get(file.stem, Share.OPEN), things, file.name)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures with a bright square each, listed in train and test."""
        generator = np.random.default_rng(0)
        for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
            (folder / name).mkdir(parents=True)
        for index in range(30):
            pixels = generator.integers(0, 100, (16, 16, 3), dtype=np.uint8)
            left, top = (int(one) for one in generator.integers(1, 9, 2))
            pixels[top : top + 6, left : left + 6, index % 2] += 120
            Image.fromarray(pixels).save(folder / "JPEGImages" / f"{index:02d}.png")
            edges = zip(EDGES, (left, top, left + 6, top + 6), strict=True)
            box = "".join(f"<{edge}>{value}</{edge}>" for edge, value in edges)
            word = "green" if index % 2 else "red"
            inside = f"<filename>{index:02d}.png</filename><object><name>{word}</name><bndbox>{box}</bndbox></object>"
            (folder / "Annotations" / f"{index:02d}.xml").write_text(f"<annotation>{inside}</annotation>")
        for share, rows in (("train", range(20)), ("test", range(20, 30))):
            lines = "\n".join(f"{row:02d}" for row in rows)
            (folder / "ImageSets" / "Main" / f"{share}.txt").write_text(lines)
        return folder


def annotations(path: Path) -> Iterator[Path]:
    """The XML files of this form, in Annotations or in the folder itself."""
    home = path / "Annotations"
    for file in sorted((home if home.is_dir() else path).glob("*.xml")):
        with file.open("rb") as stream:
            if b"<annotation" in stream.read(GLANCE) or home.is_dir():
                yield file


def shares(path: Path) -> dict[str, Share]:
    """The share of each picture's stem, by ImageSets/Main/{train,val,test}.txt; empty where none trains."""
    listed: dict[str, Share] = {}
    for word in tables.SHARE_WORDS:
        file = path / "ImageSets" / "Main" / f"{word}.txt"
        if file.is_file():
            stems = (line.split()[0] for line in file.read_text(encoding="utf-8").splitlines() if line.split())
            listed |= dict.fromkeys(stems, tables.SHARE_WORDS[word])
    return listed if Share.TRAIN in listed.values() else {}


def thing(one: ElementTree.Element, where: str) -> Thing:
    """One object.

    Raises:
        Fault: it has no name, or no four corners.
    """
    word = (one.findtext("name") or "").strip()
    if not word:
        raise Fault(f"{where} has no name", "name its class, or delete it")
    try:
        left, top, right, bottom = (float(one.findtext(f"bndbox/{edge}") or "") for edge in EDGES)
    except ValueError:
        raise Fault(f"{where} has no four corners in bndbox", "mend or delete it") from None
    return Thing(word, (left, top, right, bottom), where)


def found(path: Path, file: Path, named: str) -> Path:
    """The picture of an XML file: of the same stem, or else of the name that the file says."""
    homes = [(path / place).absolute() for place in PICTURES]
    for home in homes:
        for suffix in (*IMAGE_SUFFIXES, *(one.upper() for one in IMAGE_SUFFIXES)):
            if (home / f"{file.stem}{suffix}").is_file():
                return home / f"{file.stem}{suffix}"
    return next((home / named for home in homes if named and (home / named).is_file()), homes[0] / (named or file.stem))


def bare(path: Path, known: set[str]) -> list[str]:
    """A note on pictures that no XML file speaks of: nobody said that they are empty."""
    home = path / "JPEGImages"
    if not home.is_dir():
        return []
    left = [one.name for one in tables.visible(home) if one.suffix.lower() in IMAGE_SUFFIXES and one.stem not in known]
    return [f"{len(left):,} pictures have no XML file and were left out: {', '.join(left[:3])}"] if left else []
