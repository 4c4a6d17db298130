"""DICOM: pictures or folders of slices in a folder for each class, or in images with masks beside; patients apart."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data import dicom, stacks, tables, tags
from brainwright.data.field import Unreadable
from brainwright.data.foldering import NO_CLASSES, files_below
from brainwright.data.pictures import sides
from brainwright.data.placing import labels_of, looked
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

LOOKED = 2_000  # files whose names and first bytes say whether a folder holds DICOM
SLICES = 3  # files of one series in one folder are a scan
IMAGES = ("images", "image", "scans", "imagestr")
MASKS = ("masks", "mask", "labels", "labelstr", "segmentations")
TAILS = (".nii.gz", ".nii", ".png", *dicom.ENDS, "_mask", "_seg", "_label")


@dataclass(frozen=True)
class Found:
    """A picture's file or a folder of slices, with its class ("" = none) or mask, its share, and all its files."""

    path: str
    label: str
    mask: str
    share: Share
    files: tuple[str, ...]


class Dicom(Reader):
    """pneumonia/1.dcm; or tumour/patient_7/1.dcm, 2.dcm, ...; or images/case_1/ with masks/case_1.nii.gz."""

    rank: ClassVar[int] = 7

    @classmethod
    def knows(cls, path: Path) -> bool:
        return path.is_dir() and not tables.table_files(path) and bool(below(path, LOOKED))

    def read(self, path: Path) -> Table:
        """One row a picture, or a scan where folders hold slices; every head is read, and what it tells is said.

        Raises:
            Fault: a scan whose slices are lost or conflict; a mask that is missing or does not fit.
        """
        homes = shares_in(root_of(path.absolute()))
        masked = [both for home, _ in homes if (both := pair(home))]
        found = [one for home, share in homes for one in (paired(home, share) if masked else classed(home, share))]
        if not found:
            raise Fault(f"{path} holds no DICOM that could be learned from", "bring a folder for each class, or masks")
        found = sorted(found, key=lambda one: one.share)
        whole = [Path(one.path).is_dir() for one in found]
        if len(set(whole)) > 1:
            odd = found[whole.index(False)].path
            raise Fault(f"{odd} is a single picture, and others are folders of slices", "give one kind")
        files = [file for one in found for file in one.files]
        heads = [None if isinstance(head, Unreadable) else head for head in stacks.heads_of(files)]
        starts = np.cumsum([0, *(len(one.files) for one in found)])[:-1]
        said = list(tags.told(files, heads))
        if whole[0]:
            said += looked([(Path(one.path), Path(one.mask) if one.mask else None) for one in found])
        return self.table(path, found, [heads[start] for start in starts], said)

    def table(self, path: Path, found: Sequence[Found], heads: Sequence[Any], notes: list[str]) -> Table:
        """The rows with their columns."""
        scans = Path(found[0].path).is_dir()
        cells = np.array([one.path for one in found], object)
        columns = {
            ("scan" if scans else "image"): Column(cells, Kind.VOLUME, f"scans: folders of slices, {len(found):,}")
            if scans
            else Column(cells, Kind.IMAGE, "pictures: DICOM files of the folder")
        }
        if found[0].mask:
            columns["mask"] = Column(masks(path, found), Kind.MASK, "masks: of the same names")
        elif any(one.label.lower() not in NO_CLASSES for one in found if one.label):
            labels = np.array([one.label or None for one in found], object)
            columns["label"] = Column(labels, Kind.CATEGORY, "labels: the name of each one's folder")
        columns["patient"] = tags.patients(heads)
        shares = np.array([one.share for one in found], np.uint8)
        files = [os.path.relpath(one.path, path.absolute()) for one in found]
        rows = np.zeros(len(found), np.int64)
        return Table(columns, shares, str(path), files, np.arange(len(found), dtype=np.int32), rows, notes)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures of fifteen patients in bright and dark."""
        generator = np.random.default_rng(0)
        for index in range(30):
            home = folder / ("bright" if index % 2 else "dark")
            home.mkdir(exist_ok=True)
            pixels = generator.integers(0, 1000, (8, 8)) + 1200 * (index % 2)
            who = {"PatientID": f"P{index // 4}", "Modality": "DX", "WindowCenter": 1100, "WindowWidth": 2200}
            dicom.write(home / f"{index:02d}.dcm", pixels.astype(np.uint16), who)
        return folder


def below(path: Path, most: int | None = None) -> list[str]:
    """DICOM files below a folder, among its first so many files."""
    return [file for file in islice(files_below(path), most) if dicom.is_file(file)]


def root_of(path: Path) -> Path:
    """The folder below lone folders: unpacked archives nest so."""
    entries = tables.visible(path)
    lone = entries[0] if len(entries) == 1 and entries[0].is_dir() else None
    return root_of(lone) if lone is not None and any(one.is_dir() for one in tables.visible(lone)) else path


def shares_in(root: Path) -> list[tuple[Path, Share]]:
    """The folders called train, val and test, or the folder itself."""
    named = [entry for entry in tables.visible(root) if entry.is_dir() and entry.name.lower() in tables.SHARE_WORDS]
    given = [(entry, tables.share_of(entry.name)) for entry in named]
    return given if any(share == Share.TRAIN for _, share in given) else [(root, Share.OPEN)]


def classed(home: Path, share: Share) -> list[Found]:
    """Every picture below its class, or every folder of slices where folders below the classes hold such."""
    pictures, scans = [], []
    for entry in tables.visible(home):
        files = below(entry) if entry.is_dir() else [str(entry)] * dicom.is_file(str(entry))
        label = entry.name if entry.is_dir() else ""
        pictures += [Found(file, label, "", share, (file,)) for file in files]
        leaves: dict[str, list[str]] = {}
        for file in files:
            leaves.setdefault(os.path.dirname(file), []).append(file)
        deeper = {leaf: inside for leaf, inside in leaves.items() if leaf not in (str(entry), str(home))}
        scans += [Found(leaf, label, "", share, tuple(inside)) for leaf, inside in deeper.items() if series(inside)]
    return scans or pictures


def series(files: Sequence[str]) -> bool:
    """Whether the first files of a folder are slices of one series."""
    heads = [head for head in stacks.heads_of(files[:SLICES]) if not isinstance(head, Unreadable)]
    same = len({head.get("SeriesInstanceUID") for head in heads}) == 1 and heads[0].get("SeriesInstanceUID")
    return len(heads) == SLICES and bool(same) and all("ImagePositionPatient" in head for head in heads)


def pair(home: Path) -> tuple[Path, Path] | None:
    """The folder of pictures or scans and that of masks."""
    names = {entry.name.lower(): entry for entry in tables.visible(home) if entry.is_dir()}
    images, marked = (next((names[word] for word in words if word in names), None) for words in (IMAGES, MASKS))
    return (images, marked) if images is not None and marked is not None else None


def stem(path: Path) -> str:
    """A case's name."""
    name = path.name.lower()
    for tail in TAILS:
        name = name.removesuffix(tail)
    return name


def paired(home: Path, share: Share) -> list[Found]:
    """Every picture or scan with the mask of its name.

    Raises:
        Fault: one has no mask, or its folder holds several series.
    """
    both = pair(home)
    if both is None:
        return []
    marks, found = {stem(entry): entry for entry in tables.visible(both[1])}, []
    for entry in tables.visible(both[0]):
        files = below(entry) if entry.is_dir() else [str(entry)] * dicom.is_file(str(entry))
        if not files:
            continue
        if stem(entry) not in marks:
            raise Fault(f"{entry.name} has no mask in {both[1].name}", "bring it, or take that out")
        mask = marks[stem(entry)]
        place = one_folder(entry, files) if entry.is_dir() else str(entry)
        marked = one_folder(mask, below(mask)) if mask.is_dir() else str(mask)
        found.append(Found(place, "", marked, share, tuple(files)))
        if not entry.is_dir() and sides(place) != sides(marked):
            what = f"{mask.name} is {sides(marked)} pixels high and wide, and its picture {sides(place)}"
            raise Fault(what, "bring masks made on these pictures")
    return found


def one_folder(home: Path, files: Sequence[str]) -> str:
    """The folder that holds all these files.

    Raises:
        Fault: there are several, or none.
    """
    places = sorted({os.path.dirname(file) for file in files})
    if len(places) != 1:
        raise Fault(f"{home.name} holds {len(places)} folders of slices", "give each scan one folder of one series")
    return places[0]


def masks(path: Path, found: Sequence[Found]) -> NDArray[Any]:
    """Each mask with the names of its labels, where dataset.json tells them."""
    names = labels_of(path)
    cells = np.empty(len(found), object)
    cells[:] = [(one.mask, names) for one in found] if names else [one.mask for one in found]
    return cells
