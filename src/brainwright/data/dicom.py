"""DICOM: heads and pixels of single files, as bright as their tags say.

Needs the extra `medical`, and asks for its library only when a file is read.
"""

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from brainwright.catalogue import load
from brainwright.data.field import Unreadable

ENDS = (".dcm", ".dicom", ".ima")
MARK, PREAMBLE = b"DICM", 128  # bytes before the mark
INDEX = "DICOMDIR"  # a file that lists others
KEPT = (0.5, 99.5)  # percent of the brightnesses of a file that names no window: what lies beyond is cut
BROKEN = (
    *(OSError, EOFError, ValueError, AttributeError, KeyError, TypeError, IndexError, NotImplementedError),
    *(RuntimeError, struct.error, zlib.error),
)
LONGEST_REASON = 80


def library() -> Any:
    """The library that reads these files; values that break the standard's rules of writing are taken as they are.

    Raises:
        Fault: it is not installed.
    """
    found = load("pydicom", "a DICOM file")
    found.config.settings.reading_validation_mode = found.config.IGNORE
    return found


def begins(data: bytes) -> bool:
    """Whether a file's first bytes are DICOM's."""
    return data[PREAMBLE : PREAMBLE + len(MARK)] == MARK


def is_file(path: str) -> bool:
    """By its suffix; files without one, or with a number for one, by their first bytes."""
    name = path.replace("\\", "/").rpartition("/")[2]
    if name.startswith(".") or name.upper() == INDEX:
        return False
    suffix = Path(name).suffix.lower()
    if suffix in ENDS or (suffix and not suffix[1:].isdigit()):
        return suffix in ENDS
    try:
        with open(path, "rb") as file:
            return begins(file.read(PREAMBLE + len(MARK)))
    except OSError:
        return False


def head(value: str | bytes) -> Any:
    """All tags of a file but its pixels.

    Raises:
        Unreadable: it is no DICOM, or holds no picture.
    """
    return checked(value, read(value, stop_before_pixels=True))


def read(value: str | bytes, **how: bool) -> Any:
    """The data set of a file, from its path or its bytes."""
    pydicom = library()
    try:
        return pydicom.dcmread(io.BytesIO(value) if isinstance(value, bytes) else value, **how)
    except FileNotFoundError:
        raise refused(value, "there is no such file") from None
    except pydicom.errors.InvalidDicomError:
        raise refused(value, "it is no DICOM file") from None
    except BROKEN as error:
        raise refused(value, worded(error)) from None


def checked(value: str | bytes, found: Any) -> Any:
    """The same data set, if it says that it holds one picture."""
    if not found.get("Rows") or not found.get("Columns"):
        raise refused(value, f"it holds no picture: its modality is {found.get('Modality') or 'not told'}")
    if int(found.get("NumberOfFrames") or 1) > 1:
        raise refused(value, f"it holds {found.NumberOfFrames} frames: save one file a slice, or NIfTI")
    return found


def numbers(value: str | bytes) -> tuple[Any, NDArray[np.float32]]:
    """The head and the values float32 [H, W] or [H, W, 3]: RescaleSlope and RescaleIntercept are applied.

    Raises:
        Unreadable: it is damaged, or packed as no library here can unpack.
    """
    found = checked(value, read(value))
    pydicom = library()
    try:
        pixels = found.pixel_array
        if found.get("PhotometricInterpretation") == "PALETTE COLOR":
            return found, pydicom.pixels.apply_color_lut(pixels, found).astype(np.float32)
        if pixels.ndim == 2:
            pixels = pydicom.pixels.apply_modality_lut(pixels, found)
    except BROKEN as error:
        raise refused(value, worded(error)) from None
    return found, np.asarray(pixels, np.float32)


def picture(value: str | bytes) -> Pillow.Image:
    """As a viewer shows it, in 8 bits: by the first window that it names, else by its own range; MONOCHROME1 turned.

    Raises:
        Unreadable: as for `numbers`.
    """
    found, values = numbers(value)
    if values.ndim == 3:
        deep = int(found.get("BitsStored") or 8)
        if found.get("PhotometricInterpretation") == "PALETTE COLOR":
            deep = 16 if values.max() > 255 else 8
        return Pillow.fromarray((values * (255 / (2**deep - 1))).round().astype(np.uint8))
    try:
        shown = windowed(values, found)
    except BROKEN as error:
        raise refused(value, worded(error)) from None
    if found.get("PhotometricInterpretation") == "MONOCHROME1":
        shown = 1 - shown
    return Pillow.fromarray((shown * 255).round().astype(np.uint8))


def windowed(values: NDArray[np.float32], found: Any) -> NDArray[np.float32]:
    """Values from 0 to 1: by centre and width of the first window (DICOM PS3.3 C.11.2.1), or by their own range."""
    centre, width = first(found.get("WindowCenter")), first(found.get("WindowWidth"))
    how = str(found.get("VOILUTFunction") or "LINEAR").upper()
    if centre is None or width is None or not width >= 1:
        real = values[values != values.min()] if "PixelPaddingValue" in found else values
        low, high = np.percentile(real if real.size else values, KEPT)
        shown = (values - low) / max(1e-6, high - low)
    elif how == "SIGMOID":
        shown = 1 / (1 + np.exp(-4 * (values - centre) / width))
    elif how == "LINEAR_EXACT":
        shown = (values - centre) / width + 0.5
    else:
        shown = (values - (centre - 0.5)) / max(1.0, width - 1) + 0.5
    found_in: NDArray[np.float32] = shown.clip(0, 1).astype(np.float32)
    return found_in


def first(value: Any) -> float | None:
    """The first of a tag's numbers; None where it has none."""
    many = value if isinstance(value, list) or hasattr(value, "append") else [value]
    try:
        return float(many[0])
    except (TypeError, ValueError, IndexError):
        return None


def worded(error: Exception) -> str:
    """What went wrong, on one line."""
    said = " ".join(str(error).split())
    return f"it ends early, lacks tags or is packed unreadably: {said}"[:LONGEST_REASON]


def refused(value: str | bytes, reason: str) -> Unreadable:
    """One line."""
    name = value if isinstance(value, str) else "a DICOM file in the table"
    return Unreadable(f"{name} cannot be read as DICOM ({reason})", "mend, replace or take it out", reason)


def write(path: Path, pixels: NDArray[Any], tags: Mapping[str, Any]) -> None:
    """A picture [H, W] of uint8, uint16 or int16 as a file that says no more than these tags, such as PatientID."""
    pydicom = library()
    found, meta = pydicom.Dataset(), pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = found.SOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[str(path)])
    found.file_meta, deep = meta, 8 * pixels.dtype.itemsize
    found.Rows, found.Columns, found.SamplesPerPixel = *pixels.shape, 1
    found.BitsAllocated = found.BitsStored = deep
    found.HighBit, found.PixelRepresentation = deep - 1, int(pixels.dtype.kind == "i")
    found.PhotometricInterpretation = "MONOCHROME2"
    found.PixelData = np.ascontiguousarray(pixels).tobytes()
    found["PixelData"].VR = "OB" if deep == 8 else "OW"
    for name, value in tags.items():
        setattr(found, name, value)
    pydicom.dcmwrite(path, found, enforce_file_format=True)
