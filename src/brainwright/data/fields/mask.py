"""A label for every place of a scan or picture."""

from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data import dicom
from brainwright.data.encoded import Encoded, Ragged
from brainwright.data.field import Field, Values
from brainwright.data.outlines import Outlines
from brainwright.data.pictures import reading
from brainwright.data.scans import is_volume, scan_of
from brainwright.data.slices import slices_shown
from brainwright.errors import Fault

MOST = 64  # labels
HEAD = 3  # numbers before the labels: their sides


class Mask(Field[list[Tensor]]):
    """A list of uint8 [depth, height, width], codes of labels, as large as each user's mask; a picture's depth is 1."""

    placed: ClassVar[bool] = True
    values: tuple[int, ...] = ()
    """The number that the user's masks write for each label."""
    classes: tuple[str, ...] = ()
    """What each label is called; the first is what is nothing."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        found: set[int] = set()
        for value in values:
            found |= set(np.unique(numbers(value)).tolist())
            if len(found) > MOST:
                raise Fault(
                    f"the masks hold more than {MOST} different numbers", "give masks of labels, not of colours"
                )
        if len(found) < 2:
            raise Fault(f"every training mask holds {found or 'nothing'} alone", "bring masks that mark something")
        named = next((value[1] for value in values if isinstance(value, tuple)), ())
        known = dict(named) or ({0: "background", max(found): "marked"} if len(found) == 2 else {0: "background"})
        order = tuple(sorted(found))
        names = tuple(str(known.get(number, f"label {number}")) for number in order)
        return self.model_copy(update={"values": order, "classes": names})

    def encode(self, value: Any) -> NDArray[np.int16]:
        if isinstance(value, dict):  # what decode gives
            codes = np.repeat([code for code, _ in value["runs"]], [count for _, count in value["runs"]])
            return np.array([*value["shape"], *codes], np.int16)
        given = numbers(value)
        codes = np.searchsorted(self.values, given).clip(max=len(self.values) - 1)
        strange = np.asarray(self.values)[codes] != given
        if strange.any():
            name = value[0] if isinstance(value, tuple) and isinstance(value[0], str) else "a mask"
            what = f"{name} holds the label {int(given[strange][0])}, which no training mask holds"
            raise Fault(what, f"known are {', '.join(map(str, self.values))}; mend it, or mark some in training")
        return np.concatenate([given.shape, codes.ravel()]).astype(np.int16)

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        return Ragged.of([self.encode(value) for value in values])

    def collate(self, encoded: Encoded) -> list[Tensor]:
        assert isinstance(encoded, Ragged)
        return [self.shaped(piece) for piece in np.split(encoded.values, encoded.offsets[1:-1])]

    def shaped(self, piece: NDArray[Any]) -> Tensor:
        """One encoded value as uint8 [depth, height, width]."""
        return torch.from_numpy(piece[HEAD:].astype(np.uint8)).view(*piece[:HEAD].tolist())

    def decode(self, encoded: Any) -> Any:
        """{"shape": [depth, height, width], "classes": names, "runs": [[code, how many in a row], ...]}."""
        codes = torch.as_tensor(encoded)
        codes = self.shaped(codes.numpy()) if codes.ndim == 1 else codes
        found, counts = codes.flatten().unique_consecutive(return_counts=True)
        runs = [[int(code), int(count)] for code, count in zip(found, counts, strict=True)]
        return {"shape": list(codes.shape), "classes": list(self.classes), "runs": runs}

    def show(self, value: Any) -> str:
        codes = self.encode(value)[HEAD:]
        shares = np.bincount(codes, minlength=len(self.classes))[1:] / codes.size
        return ", ".join(f"{word} {share:.1%}" for word, share in zip(self.classes[1:], shares, strict=True) if share)

    def show_in(self, value: Any, whole: Any) -> str:
        return slices_shown(scan_of(whole).values, self.shaped(self.encode(value)).numpy())


def numbers(value: Any) -> NDArray[np.int64]:
    """A mask's own numbers [D, H, W] from an array, a path, or a path with the names of its labels.

    Raises:
        Fault: it is in colour, or holds fractions.
    """
    path = value[0] if isinstance(value, tuple) else value
    if isinstance(path, Outlines):
        return path.numbers()
    if isinstance(path, np.ndarray):
        return (path[None] if path.ndim == 2 else path).astype(np.int64)
    if is_volume(path) or dicom.is_file(path):
        scan = scan_of(path).values[0] if is_volume(path) else dicom.numbers(path)[1][None]
        if (scan % 1 != 0).any():
            raise Fault(f"{path} holds fractions, and labels are whole numbers", "save labels, not probabilities")
        labels: NDArray[np.int64] = scan.astype(np.int64)
        return labels
    with reading(path, path) as picture:
        picture.load()
        pixels = np.asarray(picture)
    if pixels.ndim == 3 and (np.ptp(pixels[..., :3], 2) > 0).any():
        raise Fault(f"{path} is a mask in colours", "save it with one number a label, in grey or with a palette")
    codes: NDArray[np.int64] = (pixels if pixels.ndim == 2 else pixels[..., 0])[None].astype(np.int64)
    return codes
