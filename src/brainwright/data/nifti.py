"""NIfTI: volumes and masks read in one orientation, with their spacing; lost or conflicting tags are refused.

Needs the extra `medical`, and asks for its library only when a file is read.
"""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.catalogue import load
from brainwright.data.field import Unreadable

LEAST, MOST = 1e-3, 1e3  # millimetres that voxels can be apart
SAME = 1e-2  # millimetres that two statements of one place may differ by


def read(path: str) -> tuple[NDArray[np.float32], tuple[float, ...]]:
    """Voxels float32 [left to right, back to front, low to high] and the millimetres between them.

    Raises:
        Unreadable: it is damaged, has no three dimensions, or its tags do not say where it lies.
    """
    image = opened(path)
    try:
        voxels = np.asarray(image.dataobj, np.float32)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise refused(path, f"it ends early or is damaged: {str(error)[:60]}") from None
    return voxels.reshape(voxels.shape[:3]), spacing(image)


def seen(path: str) -> tuple[tuple[int, ...], tuple[float, ...], str]:
    """Shape and spacing after turning, and how the file itself is turned (RAS: not at all); reads the head."""
    first = loaded(path)
    image = opened(path)
    return image.shape[:3], spacing(image), "".join(str(axis) for axis in nibabel().aff2axcodes(first.affine))


def nibabel() -> Any:
    """The library that reads these files.

    Raises:
        Fault: it is not installed.
    """
    return load("nibabel", "a NIfTI file")


def loaded(path: str) -> Any:
    """The file's head.

    Raises:
        Unreadable: it is no NIfTI.
    """
    library = nibabel()
    wrong = (library.filebasedimages.ImageFileError, library.spatialimages.HeaderDataError)
    try:
        return library.load(Path(path))
    except FileNotFoundError:
        raise refused(path, "there is no such file") from None
    except (*wrong, OSError, EOFError, ValueError, zlib.error) as error:
        raise refused(path, f"it is no NIfTI: {str(error).splitlines()[0][-60:]}") from None


def opened(path: str) -> Any:
    """The image, turned so that its axes run left to right, back to front, low to high; nothing is resampled."""
    image = loaded(path)
    if len(image.shape) < 3 or any(side != 1 for side in image.shape[3:]):
        raise refused(path, f"it has the shape {image.shape}, not three dimensions")
    fault = contradiction(raw_head(path, image)) if hasattr(image.header, "get_qform") else ""
    if fault:
        raise refused(path, fault)
    return nibabel().as_closest_canonical(image)


def raw_head(path: str, image: Any) -> Any:
    """The head as it is written: the library mends some lost tags in silence as it loads."""
    with nibabel().openers.ImageOpener(path) as file:
        return type(image.header).from_fileobj(file, check=False)


def contradiction(header: Any) -> str:
    """What is wrong with the tags that say where the voxels lie; "" where nothing is."""
    apart = np.asarray(header["pixdim"][1:4], np.float64)
    if not np.isfinite(apart).all() or (np.abs(apart) < LEAST).any() or (np.abs(apart) > MOST).any():
        return f"its spacing is lost: {apart.tolist()}"
    if header["sform_code"] > 0:
        turned = header.get_sform()
        if not np.isfinite(turned).all() or abs(np.linalg.det(turned[:3, :3])) < LEAST**3:
            return "its orientation is lost: the sform has no volume"
        lengths = np.linalg.norm(turned[:3, :3], axis=0)
        if np.abs(lengths - np.abs(apart)).max() > SAME:
            return f"its tags conflict: pixdim says {apart.tolist()}, the sform {lengths.round(3).tolist()}"
        if header["qform_code"] > 0 and np.abs(turned[:3, :3] - header.get_qform()[:3, :3]).max() > SAME:
            return "its tags conflict: sform and qform turn it differently"
    return ""


def spacing(image: Any) -> tuple[float, ...]:
    """Millimetres between voxels, one number an axis."""
    return tuple(round(float(one), 4) for one in image.header.get_zooms()[:3])


def refused(path: str, reason: str) -> Unreadable:
    """One line."""
    return Unreadable(f"{path} cannot be read as a scan ({reason})", "mend, replace or take it out", reason)


def write(path: Path, voxels: NDArray[Any], apart: tuple[float, ...]) -> None:
    """A volume [left to right, back to front, low to high] as a file, its voxels `apart` millimetres."""
    image = nibabel().Nifti1Image(voxels, np.diag([*apart, 1.0]))
    nibabel().save(image, path)
