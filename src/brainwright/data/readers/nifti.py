"""NIfTI: scans in imagesTr with masks of the same names in labelsTr, as nnU-Net and the Decathlon lay them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from brainwright.data import tables
from brainwright.data.nifti import write
from brainwright.data.placing import labels_of, looked
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

PAIRS = (("imagesTr", "labelsTr"), ("images", "labels"), ("images", "masks"), ("scans", "masks"))
ENDS = (".nii.gz", ".nii")
MODALITY = "_0000"  # of the first modality, in nnU-Net's newer layout
SPLITS = ("split*.json", "splits*.json")


class Nifti(Reader):
    """imagesTr/case_1.nii.gz with labelsTr/case_1.nii.gz; dataset.json names the labels, a split*.json the shares."""

    rank: ClassVar[int] = 8

    @classmethod
    def knows(cls, path: Path) -> bool:
        return path.is_dir() and bool(pair(path))

    def read(self, path: Path) -> Table:
        """One row a scan; every head is read, so that a scan and its mask that differ are named."""
        folders = pair(path)
        assert folders
        scans, masks = ({stem(file): file.absolute() for file in volumes(path / name)} for name in folders)
        bare = sorted(scans.keys() - masks.keys())
        notes = [f"{len(bare):,} scans have no mask and were left out: {', '.join(bare[:3])}"] if bare else []
        lost = sorted(masks.keys() - scans.keys())
        if lost:
            raise Fault(
                f"{folders[1]} holds {lost[0]}, of which {folders[0]} has no scan", "bring it, or take that out"
            )
        keys = sorted(scans.keys() & masks.keys(), key=lambda key: (len(key), key))
        notes += looked([(scans[key], masks[key]) for key in keys])
        labels, shares = labels_of(path), shares_of(path, keys)
        cells = np.empty(len(keys), object)
        cells[:] = [(str(masks[key]), labels) for key in keys]
        columns = {
            "scan": Column(np.array([str(scans[key]) for key in keys], object), Kind.VOLUME, "scans: NIfTI files"),
            "mask": Column(cells, Kind.MASK, f"masks: files of the same names in {folders[1]}"),
        }
        order = np.argsort(shares, kind="stable")
        files = [f"{folders[0]}/{scans[key].name}" for key in keys]
        whole = np.zeros(len(keys), np.int64)
        table = Table(columns, shares, str(path), files, np.arange(len(keys), dtype=np.int32), whole, notes)
        return table.take(order)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small volumes with a bright block each."""
        generator = np.random.default_rng(0)
        for name in ("imagesTr", "labelsTr"):
            (folder / name).mkdir()
        for index in range(30):
            scan = generator.normal(0, 1, (8, 10, 8)).astype(np.float32)
            mask = np.zeros(scan.shape, np.uint8)
            down, across = generator.integers(0, 5, 2)
            mask[2:6, down : down + 4, across : across + 4] = 1 + index % 2
            write(folder / "imagesTr" / f"case_{index:02d}.nii.gz", scan + 3 * mask, (1.0, 1.0, 1.0))
            write(folder / "labelsTr" / f"case_{index:02d}.nii.gz", mask, (1.0, 1.0, 1.0))
        names = {"0": "background", "1": "dim", "2": "bright"}
        (folder / "dataset.json").write_text(json.dumps({"labels": names}), encoding="utf-8")
        return folder


def volumes(folder: Path) -> list[Path]:
    """The NIfTI files of a folder."""
    found = tables.visible(folder) if folder.is_dir() else []
    return [file for file in found if file.name.lower().endswith(ENDS)]


def stem(file: Path) -> str:
    """A case's name: without suffixes and the number of the first modality."""
    name = file.name
    for end in ENDS:
        name = name.removesuffix(end)
    return name.removesuffix(MODALITY)


def pair(path: Path) -> tuple[str, str] | None:
    """The folders of scans and of masks, where both are there."""
    return next((both for both in PAIRS if all(volumes(path / name) for name in both)), None)


def shares_of(path: Path, keys: list[str]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The share of each case by a split*.json with lists train, val, test; where none lists all, all are open."""
    for file in sorted(file for glob in SPLITS for file in path.glob(glob)):
        found = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(found, Mapping):
            said = {
                stem(Path(str(case))): tables.SHARE_WORDS[word]
                for word, cases in found.items()
                if word in tables.SHARE_WORDS
                for case in cases
            }
            if set(keys) <= said.keys():
                return np.array([said[key] for key in keys], np.uint8)
    return np.full(len(keys), Share.OPEN, np.uint8)
