"""NumPy archives (.npz): train_images, train_labels, ...; x_train, y_train, ...; images, labels; or X, y."""

import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data import columns, tables
from brainwright.data.reader import Reader
from brainwright.data.scans import is_scans
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

INPUTS = {
    **dict.fromkeys(("series", "signals", "signal"), "series"),
    **dict.fromkeys(("images", "image"), "image"),
    **dict.fromkeys(("x", "data", "features", "inputs"), "x"),
}
LABELS = {"labels": "label", "label": "label", "y": "label", "target": "label", "targets": "label", "classes": "label"}
Arrays = dict[tuple[str, Share], NDArray[Any]]  # by column and share


class NumpyArchive(Reader):
    """A .npz file of plain arrays; pickled objects inside are refused, for they can run code."""

    rank: ClassVar[int] = 20

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A .npz file, or a folder whose only data file is one."""
        return path.suffix.lower() == ".npz" if path.is_file() else len(archives(path)) == 1 and not tables.named(path)

    def read(self, path: Path) -> Table:
        """Pictures stay one uint8 array; a two-dimensional array becomes the columns x0, x1, ..."""
        file = path if path.is_file() else archives(path)[0]
        found, notes = sorted_out(file, opened(file))
        shares = sorted({share for _, share in found})
        names = list(dict.fromkeys(name for name, _ in found))
        lengths = [length_of(file, found, names, share) for share in shares]
        made: dict[str, Column] = {}
        for name in names:
            lacking = [share for share in shares if (name, share) not in found]
            if lacking:
                raise Fault(
                    f"{file} has no {name} for the share {lacking[0].name.lower()}", f"it holds {listing(found)}"
                )
            made |= column(file, name, np.concatenate([found[name, share] for share in shares]))
        kept = np.repeat(np.array(shares, np.uint8), lengths)
        rows = np.concatenate([np.arange(1, length + 1) for length in lengths])
        order = [f"{file.name}, {share.name.lower()}" if share != Share.OPEN else file.name for share in shares]
        return Table(
            made, kept, str(path), order, np.repeat(np.arange(len(shares), dtype=np.int32), lengths), rows, notes
        )

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures, bright and dark, in the arrays of MedMNIST."""
        generator = np.random.default_rng(0)
        arrays: dict[str, Any] = {}
        for share, count in (("train", 20), ("val", 4), ("test", 6)):
            labels = np.arange(count, dtype=np.uint8)[:, None] % 2
            noise = generator.integers(0, 100, (count, 8, 8))
            arrays |= {
                f"{share}_images": (noise + 120 * labels[:, :, None]).astype(np.uint8),
                f"{share}_labels": labels,
            }
        np.savez(folder / "tiny.npz", **arrays)
        return folder / "tiny.npz"


def archives(folder: Path) -> list[Path]:
    """The .npz files of a folder."""
    return [entry for entry in tables.visible(folder) if entry.suffix.lower() == ".npz"]


def opened(file: Path) -> dict[str, NDArray[Any]]:
    """Every array of the archive.

    Raises:
        Fault: it is damaged, or holds pickled objects.
    """
    try:
        with file.open("rb") as stream:
            return dict(np.load(stream, allow_pickle=False))
    except ValueError as error:
        what = "holds pickled objects, which can run code" if "pickle" in str(error) else f"cannot be read ({error})"
        raise Fault(f"{file} {what}", "save plain arrays: np.savez(file, images=..., labels=...)") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, TypeError, NotImplementedError) as error:
        raise Fault(f"{file} is no whole .npz archive ({error})", "write or download it again") from None


def sorted_out(file: Path, arrays: dict[str, NDArray[Any]]) -> tuple[Arrays, list[str]]:
    """Arrays by column and share, told by their names; and a note on those whose names say nothing.

    Raises:
        Fault: no array has a known name.
    """
    found: Arrays = {}
    strange = []
    for key, array in arrays.items():
        words = re.split(r"[_\W]+", key.lower())
        share = next((tables.SHARE_WORDS[word] for word in words if word in tables.SHARE_WORDS), Share.OPEN)
        rest = [word for word in words if word not in tables.SHARE_WORDS] or ["x"]
        name = INPUTS.get(rest[0]) or LABELS.get(rest[0])
        if name and len(rest) == 1 and array.ndim:
            found["image" if name == "x" and array.ndim >= 3 else name, share] = array
        else:
            strange.append(key)
    if not found:
        raise Fault(f"{file} holds {', '.join(strange) or 'nothing'}", "name the arrays images and labels, or X and y")
    return found, [f"not read: {', '.join(strange)} (names not known)"] if strange else []


def length_of(file: Path, found: Arrays, names: list[str], share: Share) -> int:
    """How many rows a share has.

    Raises:
        Fault: its arrays differ in length.
    """
    lengths = {name: len(found[name, share]) for name in names if (name, share) in found}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length:,} {name}" for name, length in lengths.items())
        raise Fault(f"{file} holds {told} in the share {share.name.lower()}", "give each row both")
    return next(iter(lengths.values()))


def listing(found: Arrays) -> str:
    """Which columns and shares there are, for messages."""
    return ", ".join(f"{name} ({share.name.lower()})" for name, share in found)


def column(file: Path, name: str, array: NDArray[Any]) -> dict[str, Column]:
    """One array as a column, or as many."""
    if name == "image" and is_scans(array):
        return columns.from_array("scan", array)
    if name == "image" and array.ndim >= 3:
        return columns.from_array(name, pixels(file, array))
    if name == "series":
        return {name: signals(file, array)}
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if name == "label" and array.ndim == 1 and array.dtype.kind in "iub":
        return {
            name: Column(array.astype(str).astype(object), Kind.CATEGORY, "labels: whole numbers, one for each class")
        }
    return columns.from_array(name, array)


def signals(file: Path, array: NDArray[Any]) -> Column:
    """Series [N, T] or [N, T, C] of numbers.

    Raises:
        Fault: another shape, or no numbers.
    """
    if array.ndim not in (2, 3) or array.dtype.kind not in "iuf":
        what = f"{file}: series of shape {array.shape} and type {array.dtype} are not understood"
        raise Fault(what, "give numbers [N, T], or [N, T, C] of C variables")
    values = np.empty(len(array), object)
    for row, one in enumerate(array.astype(np.float64)):
        values[row] = one
    told = f"series of {array.shape[1]} steps" + (f", {array.shape[2]} variables" if array.ndim == 3 else "")
    return Column(values, Kind.SERIES, told)


def pixels(file: Path, array: NDArray[Any]) -> NDArray[np.uint8]:
    """Pictures as uint8 [N, H, W] or [N, H, W, C], from 0..1 or 0..255, channels first or last.

    Raises:
        Fault: a shape or a range that no picture has.
    """
    if array.ndim == 4 and array.shape[1] in (1, 3, 4) and array.shape[3] not in (1, 3, 4):
        array = np.moveaxis(array, 1, 3)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim > 4 or (array.ndim == 4 and array.shape[3] not in (3, 4)):
        raise Fault(f"{file}: pictures of shape {array.shape[1:]} are not understood", "give [N, H, W] or [N, H, W, 3]")
    if array.dtype == np.uint8:
        return array
    low, high = float(array.min()), float(array.max())
    if not 0 <= low <= high <= 255:
        raise Fault(f"{file}: pixels go from {low:g} to {high:g}", "give 0 to 255 as uint8, or 0 to 1")
    scale = 255 if high <= 1 and array.dtype.kind == "f" else 1
    return np.asarray(np.rint(array * scale), np.uint8)
