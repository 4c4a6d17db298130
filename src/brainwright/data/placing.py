"""Placing: how scans are turned and spaced, told in a line each, whether every mask fits its scan, what labels mean."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from brainwright.data.field import Unreadable
from brainwright.data.scans import seen
from brainwright.errors import Fault

APART = 0.05  # millimetres that the spacings of two scans may differ by before it is said


def looked(pairs: Sequence[tuple[Path, Path | None]]) -> list[str]:
    """Heads of scans, compared with those of their masks where there are some: what was turned, and which spacings.

    A scan without a mask whose head cannot be read is passed over: the data check names it with all that are damaged.

    Raises:
        Fault: a mask of another size or place than its scan; tags that are lost or conflict.
    """
    spacings, turned = [], Counter[str]()
    for scan, mask in pairs:
        try:
            shape, spacing, how = seen(str(scan))
        except Unreadable:
            if mask is None:
                continue
            raise
        if mask is not None:
            fits(mask, shape, spacing)
        spacings.append(spacing)
        turned[how] += 1
    if not spacings:
        return []
    said = ", ".join(f"{count:,} {how}" for how, count in turned.most_common())
    notes = [f"orientation: {said}; all are read as RAS (left to right, back to front, low to high)"]
    apart = np.ptp(np.array(spacings), 0)
    middle = np.median(np.array(spacings), 0).round(3).tolist()
    mixed = f"; they differ by up to {apart.round(2).tolist()} and are resampled" if (apart > APART).any() else ""
    return [*notes, f"spacing: {words(middle)} mm in the middle scan{mixed}"]


def fits(mask: Path, shape: Sequence[int], spacing: Sequence[float]) -> None:
    """Nothing where a mask's head says the same as its scan's.

    Raises:
        Fault: it does not.
    """
    other, own, _ = seen(str(mask))
    if tuple(shape) != tuple(other):
        raise Fault(f"{mask.name} is {words(other)} voxels, and its scan {words(shape)}", "bring masks made on it")
    if max(abs(one - two) for one, two in zip(spacing, own, strict=True)) > APART:
        what = f"{mask.name} has voxels of {words(own)} mm, and its scan of {words(spacing)}"
        raise Fault(what, "one of the heads is wrong: mend it")


def words(numbers: Any) -> str:
    """3 × 4 × 5."""
    return " × ".join(f"{one:g}" for one in numbers)


def labels_of(path: Path) -> tuple[tuple[int, str], ...]:
    """Number and name of each label as dataset.json says; none where it does not.

    Raises:
        Fault: the file is damaged.
    """
    file = path / "dataset.json"
    if not file.is_file():
        return ()
    try:
        found = json.loads(file.read_text(encoding="utf-8")).get("labels", {})
    except (ValueError, AttributeError) as error:
        raise Fault(f"{file} is no whole JSON ({error})", "mend it, or take it away") from None
    pairs = found.items() if isinstance(found, Mapping) else ()
    both = [(key, name) if str(key).isdigit() else (name, key) for key, name in pairs]  # nnU-Net writes name: number
    return tuple((int(number), str(name)) for number, name in both if str(number).isdigit())
