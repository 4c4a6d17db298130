"""MNIST (IDX files): a folder with train-images-idx3-ubyte, train-labels-idx1-ubyte and the t10k pair, also as .gz."""

import gzip
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

PAIRS = (("train", Share.TRAIN), ("t10k", Share.TEST), ("test", Share.TEST))
UINT8 = 8  # the element type in the third byte of an IDX header


class MnistIdx(Reader):
    """Pictures and labels as IDX files, such as MNIST, Fashion-MNIST, KMNIST, EMNIST."""

    rank: ClassVar[int] = 10

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A folder that holds training pictures as IDX, also below raw or MNIST/raw."""
        return path.is_dir() and bool(sought(path, "train", "images"))

    def read(self, path: Path) -> Table:
        """The pictures of all shares as one uint8 array [N, H, W]; labels are categories."""
        parts = [(word, share) for word, share in PAIRS if sought(path, word, "images")]
        images = [values(only(path, word, "images"), 3) for word, _ in parts]
        labels = [values(only(path, word, "labels"), 1) for word, _ in parts]
        for (word, _), pictures, numbers in zip(parts, images, labels, strict=True):
            if len(pictures) != len(numbers) or pictures.shape[1:] != images[0].shape[1:]:
                told = f"{only(path, word, 'images')} holds {len(pictures):,} pictures of {pictures.shape[1:]}"
                raise Fault(f"{told} for {len(numbers):,} labels", "the files of a pair must belong together")
        lengths = [len(numbers) for numbers in labels]
        table = {
            "image": Column(np.concatenate(images), Kind.IMAGE, "pictures: IDX, uint8"),
            "label": Column(
                np.concatenate(labels).astype(str).astype(object), Kind.CATEGORY, "labels: one for each class"
            ),
        }
        shares = np.repeat(np.array([share for _, share in parts], np.uint8), lengths)
        files = [only(path, word, "images").name for word, _ in parts]
        file_of = np.repeat(np.arange(len(parts), dtype=np.int32), lengths)
        return Table(table, shares, str(path), files, file_of, np.concatenate([np.arange(1, n + 1) for n in lengths]))

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty pictures, bright and dark."""
        generator = np.random.default_rng(0)
        for word, count in (("train", 20), ("t10k", 10)):
            labels = np.arange(count, dtype=np.uint8) % 2
            images = (generator.integers(0, 100, (count, 8, 8)) + 120 * labels[:, None, None]).astype(np.uint8)
            for what, array in (("images", images), ("labels", labels)):
                header = bytes([0, 0, UINT8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
                (folder / f"{word}-{what}-idx{array.ndim}-ubyte.gz").write_bytes(
                    gzip.compress(header + array.tobytes())
                )
        return folder


def sought(path: Path, word: str, what: str) -> list[Path]:
    """The files of one share and sort, in the first place that has any; torchvision nests MNIST/raw."""
    for folder in (path, path / "raw", *sorted(path.glob("*/raw"))):
        found = [file for file in sorted(folder.glob(f"*{word}-{what}[-.]idx*")) if file.is_file()]
        if found:
            return found
    return []


def only(path: Path, word: str, what: str) -> Path:
    """The one file of a share and sort; an unpacked file beside its .gz counts once.

    Raises:
        Fault: none, or several data sets in one place.
    """
    by_name = {file.name.removesuffix(".gz"): file for file in sought(path, word, what)}
    if not by_name:
        raise Fault(f"{path} has {word} pictures but no {word}-{what} file", "put both IDX files there")
    if len(by_name) > 1:
        raise Fault(f"{path} holds several data sets: {', '.join(sorted(by_name))}", "give each a folder of its own")
    return next(iter(by_name.values()))


def values(file: Path, dimensions: int) -> NDArray[Any]:
    """One IDX file as uint8 [N] or [N, H, W]: zero, zero, type, dimensions, sizes, data (yann.lecun.com/exdb/mnist).

    Raises:
        Fault: not IDX, or cut short.
    """
    try:
        data = file.read_bytes()
        data = gzip.decompress(data) if file.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        raise Fault(f"{file} cannot be unpacked ({error})", "download it again") from None
    if data[:4] != bytes([0, 0, UINT8, dimensions]):
        raise Fault(f"{file} is not an IDX file of {dimensions}-dimensional bytes", "download it again")
    start = 4 + 4 * dimensions
    shape = np.frombuffer(data[4:start], ">u4").astype(int)
    if len(data) - start != np.prod(shape):
        raise Fault(f"{file} holds {len(data) - start:,} bytes where {np.prod(shape):,} belong", "download it again")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
