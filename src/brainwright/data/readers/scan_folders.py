"""Folders of scans: NIfTI volumes in one folder for each class, below train and test or not; persons kept apart."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from brainwright.data import foldering
from brainwright.data.nifti import write
from brainwright.data.placing import looked
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Table

NAMED = re.compile(r"(sub|subject|patient|pat)[-_ ]?([a-z0-9]+)", re.IGNORECASE)  # as BIDS names files: sub-01_T1w


class ScanFolders(Reader):
    """healthy/a.nii.gz, tumour/b.nii.gz; or tumour/patient_7/1.nii.gz; below train and test or not."""

    rank: ClassVar[int] = 61

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A folder of NIfTI files or of folders of them, unless a table lies there to describe them."""
        return foldering.knows(path, Kind.VOLUME)

    def read(self, path: Path) -> Table:
        """Paths of the scans, absolute; every head is read, and what it tells of place and spacing is said."""
        table = foldering.read(path, Kind.VOLUME)
        scans = table[Kind.VOLUME.value]
        labels = table["label"].values.tolist() if "label" in table.columns else [None] * len(table)
        names = persons(scans.values.tolist(), labels)
        columns = {"scan": scans, **table.without(Kind.VOLUME.value).columns}
        notes = [*table.notes, *looked([(Path(one), None) for one in scans.values])]
        if len(names):
            why = f"patients: {len(set(names)):,}, by folders or names of files; all of one stay in one share"
            columns["patient"] = Column(np.array(names, object), Kind.CATEGORY, why)
        else:
            notes.append("no folder or name of a file says whose a scan is: each counts as another patient's")
        return replace(table, columns=columns, notes=notes)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small volumes of fifteen patients, with a bright block above or below."""
        draw = np.random.default_rng(0)
        for index in range(30):
            home = folder / ("above" if index % 2 else "below")
            home.mkdir(exist_ok=True)
            scan = draw.normal(0, 1, (8, 8, 8)).astype(np.float32)
            scan[:, :, 4:] += 3 * (index % 2)
            scan[:, :, :4] += 3 * (1 - index % 2)
            write(home / f"sub-{index // 4:02d}_run-{index}.nii.gz", scan, (1.0, 1.0, 1.0))
        return folder


def persons(files: Sequence[str], labels: Sequence[str | None]) -> list[str]:
    """Whose each scan is: the folder between it and its class, or what its name begins with, such as sub-01; none where
    one scan does not say.
    """
    inside = [
        file.rpartition(f"{os.sep}{label}{os.sep}")[2] if label else os.path.basename(file)
        for file, label in zip(files, labels, strict=True)
    ]
    if all(os.sep in one for one in inside):
        return [one.partition(os.sep)[0] for one in inside]
    found = [NAMED.match(os.path.basename(one)) for one in inside]
    return [one[0].lower() for one in found if one] if all(found) else []
