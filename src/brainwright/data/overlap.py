"""Masks against truth: how many places of each label are right, and how far apart surfaces lie, a picture at a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from brainwright.data.fields.mask import MOST

Numbers = NDArray[np.float64]


def counted(said: NDArray[Any], truth: NDArray[Any]) -> Numbers:
    """Of each label but the first: places that both name, and those that either names, summed [2, MOST - 1]."""
    both = np.bincount(truth[said == truth].ravel(), minlength=MOST)[1:MOST]
    either = np.bincount(said.ravel(), minlength=MOST)[1:MOST] + np.bincount(truth.ravel(), minlength=MOST)[1:MOST]
    counts: Numbers = np.stack([both, either]).astype(np.float64)
    return counts


def by_label(both: Numbers, either: Numbers) -> Numbers:
    """The mean over pictures [N, K] of each label, NaN where it is in none [K]; absent from both counts for nothing."""
    known = either > 0
    ratio = np.divide(both, either, out=np.zeros_like(both), where=known)
    mean: Numbers = np.divide(ratio.sum(0), known.sum(0), out=np.full(both.shape[1], np.nan), where=known.any(0))
    return mean


def mean_of(each: Numbers) -> float:
    """The plain mean of the labels that occur; 0 where none does."""
    known = each[~np.isnan(each)]
    return float(known.mean()) if len(known) else 0.0


def surfaces(said: NDArray[Any], truth: NDArray[Any], spacing: NDArray[Any]) -> Numbers:
    """Of each label but the first the mean distance of either surface from the other, in millimetres [MOST - 1]; NaN
    where neither names it, and the picture's diagonal where only one does.
    """
    found = np.full(MOST - 1, np.nan)
    for code in np.unique([*np.unique(said), *np.unique(truth)]):
        if code:
            found[int(code) - 1] = apart(said == code, truth == code, spacing)
    return found


def apart(one: NDArray[np.bool_], other: NDArray[np.bool_], spacing: NDArray[Any]) -> float:
    """The mean distance of the places on each surface [D, H, W] from the nearest on the other."""
    if not one.any() or not other.any():
        return float(np.linalg.norm(np.array(one.shape) * spacing))
    reach = [slice(low, high + 1) for low, high in zip(*corners(one | other), strict=True)]
    edges = [surface(mask[tuple(reach)]) for mask in (one, other)]
    far = [distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    gaps = np.concatenate([far[1][edges[0]], far[0][edges[1]]])
    return float(gaps.mean())


def corners(mask: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """The first and last place of a mask along each axis."""
    there = np.argwhere(mask)
    return there.min(0).tolist(), there.max(0).tolist()


def surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Places of a mask that touch what it is not; an axis of one place has no inside."""
    flat = mask[0] if len(mask) == 1 else mask
    inside: NDArray[np.bool_] = flat & ~binary_erosion(flat)
    return inside[None] if len(mask) == 1 else inside
