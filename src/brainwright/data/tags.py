"""Tags: what the heads of DICOM files say of patients, privacy and brightness; no name is ever repeated."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from brainwright.data.table import Column, Kind

SHOWN = 3  # files that are named in one line
PERSONAL = ("PatientName", "PatientBirthDate", "PatientAddress", "PatientTelephoneNumbers", "OtherPatientIDs")


def patients(heads: Sequence[Any]) -> Column:
    """Who each picture or scan is of: "patient 1", "patient 2" as the files come; missing where none is told."""
    known: dict[str, str] = {}
    cells = np.full(len(heads), None, object)
    for row, head in enumerate(heads):
        word = str(head.get("PatientID") or "").strip() if head is not None else ""
        if word:
            cells[row] = known.setdefault(word, f"patient {len(known) + 1}")
    return Column(cells, Kind.CATEGORY, f"patients: {len(known):,} different PatientIDs, numbered; they are not kept")


def told(files: Sequence[str], heads: Sequence[Any]) -> Iterator[str]:
    """What whoever trains must know of these files, a line each."""
    there = [(file, head) for file, head in zip(files, heads, strict=True) if head is not None]
    kinds = Counter(str(head.get("Modality") or "none") for _, head in there)
    yield f"modality: {', '.join(f'{count:,} {word}' for word, count in kinds.most_common())}"
    yield from brightness(there)
    nobody = [file for file, head in there if not str(head.get("PatientID") or "").strip()]
    if nobody:
        yield f"{len(nobody):,} files name no patient, and count as one each: {named(nobody)}"
    if len({str(head.get("PatientID")) for _, head in there}) == 1 and len(there) > 1 and not nobody:
        yield "all files bear one PatientID: if it stands for many patients, they cannot be kept apart"
    yield from privacy(there)


def brightness(there: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Windows, and pictures that are turned from dark to bright."""
    windows = sum(head.get("WindowWidth") not in (None, "") for _, head in there)
    if windows:
        yield f"{windows:,} of {len(there):,} files name a window of brightness, which pictures are shown by"
    turned = sum(head.get("PhotometricInterpretation") == "MONOCHROME1" for _, head in there)
    if turned:
        yield f"{turned:,} files are MONOCHROME1 and were turned: bright is high in all"


def privacy(there: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Private tags, tags that name persons, and names in the picture itself."""
    groups = [private(head) for _, head in there]
    files = [file for (file, _), one in zip(there, groups, strict=True) if one]
    if files:
        which = ", ".join(f"{group:04x}" for group in sorted(set().union(*groups)))
        yield f"{len(files):,} files bear private tags (groups {which}), which are not read: {named(files)}"
    personal = [file for file, head in there if any(str(head.get(tag) or "").strip() for tag in PERSONAL)]
    if personal:
        yield f"{len(personal):,} files name a person in their tags, which are not read: {named(personal)}"
    burned = [file for file, head in there if str(head.get("BurnedInAnnotation") or "").upper() == "YES"]
    if burned:
        yield f"{len(burned):,} files say that text is burned into the picture, perhaps a name: {named(burned)}"


def private(head: Any) -> set[int]:
    """The groups of a head's private tags; only their numbers are looked at."""
    tags = head.keys()
    return {tag.group for tag in tags if tag.is_private}


def named(files: Sequence[str]) -> str:
    """The first files' names."""
    return f"{', '.join(Path(file).name for file in files[:SHOWN])}{' ...' * (len(files) > SHOWN)}"
