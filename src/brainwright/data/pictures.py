"""Pictures: opened strictly from a path, the bytes of a file or pixels; a damaged one is named with the reason."""

import base64
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from brainwright.data import dicom, jpeg
from brainwright.data.field import Unreadable

BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, Pillow.DecompressionBombError)
ORIENTATION, UPRIGHT, FIRST_TURNED = 0x0112, 1, 5  # of EXIF: from 5 on, width and height are exchanged
LONGEST_REASON = 80


def opened(value: Any, least: int = 1_000_000) -> Pillow.Image:
    """A picture from a path, the bytes of a file, an array [H, W], [H, W, 1] or [H, W, 3], or rows of pixels.

    A JPEG whose sides are twice `least` pixels or more is decoded at a half, a quarter or an eighth of its size, which
    reads every byte all the same and costs a fraction of the time.

    Raises:
        Unreadable: it is no picture, or a damaged one.
    """
    if not isinstance(value, str | bytes):
        pixels = np.asarray(value, np.uint8)
        return Pillow.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
    data = content(value)
    if dicom.begins(data):
        return dicom.picture(value)
    with reading(value, jpeg.strict(data) if data.startswith(jpeg.MAGIC) else data) as file:
        file.draft(None, (least, least))  # None = in its own colours
        file.load()
        return upright(file)


def content(value: str | bytes) -> bytes:
    """The bytes of a picture's file.

    Raises:
        Unreadable: there is no such file, or it cannot be read.
    """
    if isinstance(value, bytes):
        return value
    try:
        with open(value, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise damaged(value, "there is no such file") from None
    except OSError as error:
        raise damaged(value, str(error.strerror)) from None


@dataclass(frozen=True)
class Head:
    """What the head of a picture file says."""

    height: int
    width: int
    """As the picture is seen."""
    form: str
    """Format, colours and size as they are stored."""
    turned: bool
    """Whether it is stored otherwise than it is seen."""


def head(value: str | bytes) -> Head:
    """What the head of a picture file says.

    Raises:
        Unreadable: it is no picture.
    """
    if is_dicom(value):
        found = dicom.head(value)
        kind = f"DICOM {found.get('PhotometricInterpretation')} {found.Columns} x {found.Rows}"
        return Head(int(found.Rows), int(found.Columns), kind, False)
    with reading(value, value) as file:
        width, height = file.size
        turn = file.getexif().get(ORIENTATION, UPRIGHT)
        form = f"{file.format} {file.mode} {width} x {height}"
        high, wide = (width, height) if turn >= FIRST_TURNED else (height, width)
        return Head(high, wide, form, turn != UPRIGHT)


def sides(value: Any) -> tuple[int, int]:
    """Height and width as the picture is seen, from the file's head alone.

    Raises:
        Unreadable: it is no picture.
    """
    if not isinstance(value, str | bytes):
        height, width = np.asarray(value).shape[:2]
        return height, width
    found = head(value)
    return found.height, found.width


def is_dicom(value: str | bytes) -> bool:
    """Whether a picture's file is DICOM."""
    return dicom.begins(value) if isinstance(value, bytes) else dicom.is_file(value)


@contextmanager
def reading(value: str | bytes, data: str | bytes) -> Iterator[Pillow.Image]:
    """An open picture file, from its path or its bytes; whatever goes wrong with it inside becomes one line."""
    try:
        with Pillow.open(io.BytesIO(data) if isinstance(data, bytes) else data) as file:
            yield file
            return
    except FileNotFoundError:
        reason = "there is no such file"
    except BROKEN as error:
        reason = " ".join(str(error).split("<_io")[0].split("'/")[0].split())[:LONGEST_REASON]
    raise damaged(value, reason)


def damaged(value: str | bytes, reason: str) -> Unreadable:
    """What to raise for a picture that cannot be read."""
    name = value if isinstance(value, str) else "a picture in the table"
    return Unreadable(f"{name} cannot be read as a picture ({reason})", "replace it or take it out", reason)


def upright(picture: Pillow.Image) -> Pillow.Image:
    """Turned as the camera was held; 16-bit scans are stretched from their own range to 8 bits, as viewers do."""
    if picture.mode in ("I;16", "I", "F"):
        depth = np.asarray(picture, np.float64)
        picture = Pillow.fromarray(((depth - depth.min()) / max(1.0, float(np.ptp(depth))) * 255).astype(np.uint8))
    return ImageOps.exif_transpose(picture)


def as_data(picture: Pillow.Image, longest: int) -> str:
    """A picture as the address of its own data, its longest side at most so many pixels: for pages and drawings."""
    small = picture.convert("RGB")
    small.thumbnail((longest, longest))
    packed = io.BytesIO()
    small.save(packed, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(packed.getvalue()).decode()}"


def is_grey(picture: Pillow.Image) -> bool:
    """Whether colour says nothing: one channel, or three equal ones (saved as colour by habit)."""
    if picture.mode in ("L", "1", "LA", "I;16"):
        return True
    red, green, blue = np.asarray(picture.convert("RGB"), np.int16).transpose(2, 0, 1)
    return bool(np.abs(red - green).max() <= 2 and np.abs(green - blue).max() <= 2)


def fault(picture: str | bytes) -> str:
    """Why a picture cannot be decoded whole, or ""."""
    try:
        opened(picture, 1)
    except Unreadable as found:
        return found.reason
    return ""
