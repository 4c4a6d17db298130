"""Stacks: a folder that holds the slices of one DICOM series, sorted, turned and refused where its tags conflict."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.data import dicom
from brainwright.data.field import Unreadable
from brainwright.data.pieces import in_pieces

LEAST = 2  # slices
TURNED = 1e-3  # of direction cosines, that slices of one stack may differ by
APART = 0.02  # of the distance between slices, that distances may differ by
ASKEW = 0.05  # of the distance between slices, that one may lie beside the next
AT_ONCE = 8  # files a thread takes at a time
RESCALE = ("RescaleSlope", "RescaleIntercept")
LETTERS = (("R", "L"), ("A", "P"), ("S", "I"))  # towards which a growing index goes, and against which


@dataclass(frozen=True)
class Stack:
    """Files of slices in order, their common shape, and where they lie."""

    files: tuple[str, ...]
    shape: tuple[int, int, int]
    """Slices, rows, columns."""
    steps: NDArray[np.float64]
    """[3, 3]: how far one step of each of these three goes, in millimetres to the right, to the front, and up."""
    heads: tuple[Any, ...]

    @property
    def order(self) -> tuple[int, int, int]:
        """Which of the three runs from left to right, from back to front, and from low to high."""
        share = np.abs(self.steps) / np.linalg.norm(self.steps, axis=0)
        orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
        return max(orders, key=lambda order: sum(share[world, own] for world, own in enumerate(order)))

    def upright(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values [slices, rows, columns] with axes that run left to right, back to front, low to high."""
        flips = tuple(
            slice(None, None, -1 if self.steps[world, own] < 0 else 1) for world, own in enumerate(self.order)
        )
        return np.ascontiguousarray(values.transpose(self.order)[flips])

    @property
    def spacing(self) -> tuple[float, ...]:
        """Millimetres between places, once upright."""
        return tuple(round(float(np.linalg.norm(self.steps[:, own])), 4) for own in self.order)

    @property
    def turn(self) -> str:
        """Where columns, rows and slices run to, such as LPS."""
        letters = {own: LETTERS[world][int(self.steps[world, own] < 0)] for world, own in enumerate(self.order)}
        return letters[2] + letters[1] + letters[0]


def read(folder: str) -> tuple[NDArray[np.float32], tuple[float, ...]]:
    """Voxels float32 [left to right, back to front, low to high], and the millimetres between them.

    Raises:
        Unreadable: a slice is damaged, missing or of another series, or its tags are lost or conflict.
    """
    stack = stacked(folder)
    slices = [one for piece in in_pieces(pixels, np.array(stack.files, object), AT_ONCE) for one in piece]
    for file, found in zip(stack.files, slices, strict=True):
        if found.shape != stack.shape[1:]:
            raise dicom.refused(file, f"its pixels are {found.shape}, and its tags say {stack.shape[1:]}")
    values = np.stack(slices)
    if stack.heads[0].get("PhotometricInterpretation") == "MONOCHROME1":
        values = values.max() + values.min() - values
    return stack.upright(values), stack.spacing


def seen(folder: str) -> tuple[tuple[int, ...], tuple[float, ...], str]:
    """Shape and spacing once upright, and how the slices themselves are turned (RAS: not at all); reads the heads."""
    stack = stacked(folder)
    return tuple(stack.shape[own] for own in stack.order), stack.spacing, stack.turn


def pixels(files: NDArray[Any]) -> list[NDArray[np.float32]]:
    """The values of some slices."""
    return [dicom.numbers(file)[1] for file in files]


def files_in(folder: str) -> list[str]:
    """The DICOM files that lie right in a folder."""
    return sorted(entry.path for entry in os.scandir(folder) if entry.is_file() and dicom.is_file(entry.path))


def heads_of(files: Sequence[str]) -> list[Any]:
    """The head of each file, or why it cannot be read."""

    def some(piece: NDArray[Any]) -> list[Any]:
        return [tried(file) for file in piece]

    return [one for piece in in_pieces(some, np.array(files, object), AT_ONCE) for one in piece]


def tried(file: str) -> Any:
    """The head of a file, or why it cannot be read."""
    try:
        return dicom.head(file)
    except Unreadable as fault:
        return fault


def stacked(folder: str) -> Stack:
    """The slices of a folder in order, from their heads.

    Raises:
        Unreadable: naming the file.
    """
    files = files_in(folder)
    if len(files) < LEAST:
        raise dicom.refused(folder, f"it holds {len(files)} DICOM files, and a scan has {LEAST} slices or more")
    heads = heads_of(files)
    for one in heads:
        if isinstance(one, Unreadable):
            raise one
    alike(files, heads)
    return sorted_stack(folder, files, heads)


def alike(files: Sequence[str], heads: Sequence[Any]) -> None:
    """What all slices of a series share.

    Raises:
        Unreadable: one lacks it, or says otherwise than the first.
    """
    for name, tag in (
        ("series", "SeriesInstanceUID"),
        ("patient", "PatientID"),
        ("height", "Rows"),
        ("width", "Columns"),
        ("kind of pixels", "PhotometricInterpretation"),
        ("unit", "RescaleType"),
    ):
        for file, one in zip(files, heads, strict=True):
            if one.get(tag) != heads[0].get(tag):
                what = f"its {name} ({tag}) is not that of {Path(files[0]).name}: one series a folder"
                raise dicom.refused(file, what)
    for tag, count, off in (
        ("ImageOrientationPatient", 6, TURNED),
        ("PixelSpacing", 2, TURNED),
        ("ImagePositionPatient", 3, np.inf),
    ):
        known = told(files[0], heads[0], tag, count)
        for file, one in zip(files, heads, strict=True):
            if np.abs(told(file, one, tag, count) - known).max() > off:
                raise dicom.refused(file, f"its {tag} is not that of {Path(files[0]).name}")
    for tag in RESCALE:
        lacking = [file for file, one in zip(files, heads, strict=True) if one.get(tag) in (None, "")]
        if lacking and (len(lacking) < len(files) or heads[0].get("Modality") == "CT"):
            raise dicom.refused(lacking[0], f"{tag} is lost: what its numbers mean is unknown")
    if int(heads[0].get("SamplesPerPixel") or 1) != 1:
        raise dicom.refused(files[0], "it is in colour, and a scan has one number a place")


def told(file: str, one: Any, tag: str, count: int) -> NDArray[np.float64]:
    """The numbers of a tag.

    Raises:
        Unreadable: it is lost, or no such numbers.
    """
    try:
        found = np.array([float(number) for number in one.get(tag) or ()])
    except (TypeError, ValueError):
        found = np.zeros(0)
    if len(found) != count or not np.isfinite(found).all():
        raise dicom.refused(file, f"{tag} is lost: where it lies is unknown")
    return found


def sorted_stack(folder: str, files: Sequence[str], heads: Sequence[Any]) -> Stack:
    """Slices along their normal.

    Raises:
        Unreadable: two at one place, one missing, uneven distances, or slices that do not lie above one another.
    """
    turned = told(files[0], heads[0], "ImageOrientationPatient", 6)
    across, down = turned[:3], turned[3:]
    if (
        abs(across @ down) > TURNED
        or abs(np.linalg.norm(across) - 1) > TURNED
        or abs(np.linalg.norm(down) - 1) > TURNED
    ):
        raise dicom.refused(files[0], "its ImageOrientationPatient is no turn")
    places = np.stack([told(file, one, "ImagePositionPatient", 3) for file, one in zip(files, heads, strict=True)])
    height, width = told(files[0], heads[0], "PixelSpacing", 2)
    if min(height, width) <= 0:
        raise dicom.refused(files[0], "its PixelSpacing is not above nought")
    normal = np.cross(across, down)
    order = np.argsort(places @ normal, kind="stable")
    files, heads, places = [files[one] for one in order], [heads[one] for one in order], places[order]
    step = even(files, places, normal)
    steps = np.stack([step * normal, height * down, width * across], 1) * [[-1], [-1], [1]]  # DICOM: left, back, up
    shape = (len(files), int(heads[0].Rows), int(heads[0].Columns))
    return Stack(tuple(files), shape, steps, tuple(heads))


def even(files: Sequence[str], places: NDArray[np.float64], normal: NDArray[np.float64]) -> float:
    """The one distance between neighbours, in millimetres.

    Raises:
        Unreadable: there is none.
    """
    moves = np.diff(places, axis=0)
    apart = moves @ normal
    step = float(np.median(apart))
    names = [Path(file).name for file in files]
    for index, gap in enumerate(apart.tolist()):
        both = f"{names[index]} and {names[index + 1]}"
        if gap <= APART * step:
            raise dicom.refused(files[index + 1], f"{both} lie at one place")
        if abs(gap - step) > APART * step:
            lost = round(gap / step) - 1
            if lost >= 1 and abs(gap - step * (lost + 1)) <= APART * step * (lost + 1):
                raise dicom.refused(files[index + 1], f"{lost} slices are missing between {both}")
            what = f"spacings are mixed: {both} lie {gap:.3g} mm apart, most {step:.3g} mm"
            raise dicom.refused(files[index + 1], what)
    beside = np.linalg.norm(moves - apart[:, None] * normal, axis=1)
    if beside.max() > ASKEW * step:
        raise dicom.refused(
            files[int(beside.argmax()) + 1], "its slices do not lie above one another (a tilted gantry)"
        )
    return step
