"""Verifying: are two pictures of one identity? Pairs of examples by how alike they are, counted and resampled."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.slots import Prediction

MOST = 1500  # examples whose pairs are counted: more than a million pairs
SAMPLES = 200  # of identities, for an interval


def directed(prediction: Prediction, truth: Tensor) -> Tensor:
    """Code and direction of each example, float64 [B, 1 + D]; scores serve for a model without directions."""
    direction = prediction.values.get("direction", prediction.scores)
    assert isinstance(direction, Tensor)
    return torch.cat([truth[:, None].double(), direction.double()], 1)


def pairs(rows: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Of rows [N, 1 + D], code and direction: each pair's cosine, whether it is one identity, and both codes [2]."""
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).round().astype(np.int64)]
    codes, directions = rows[:, 0].astype(np.int64), rows[:, 1:]
    directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    one, other = np.triu_indices(len(rows), 1)
    return (directions @ directions.T)[one, other], codes[one] == codes[other], np.stack([codes[one], codes[other]])


def curve(
    cosines: NDArray[np.float64], same: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Share of strangers' pairs accepted, share of own pairs refused, and the cosine from which pairs are accepted.

    One point for each different cosine, falling, and one before them where none is accepted; NaN where there are no
    pairs of a kind.
    """
    order = np.argsort(-cosines, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(cosines[order]) != 0, True])
    own, other = weights * same, weights * ~same
    with np.errstate(invalid="ignore", divide="ignore"):
        accepted = np.r_[0.0, np.cumsum(other[order])[ends]] / other.sum()
        refused = 1 - np.r_[0.0, np.cumsum(own[order])[ends]] / own.sum()
    return accepted, refused, np.r_[np.inf, cosines[order][ends]]


def equal_error(accepted: NDArray[np.float64], refused: NDArray[np.float64]) -> float:
    """The rate at which both errors are alike, on the straight line between the points around it."""
    if np.isnan(accepted).any() or np.isnan(refused).any():
        return float("nan")
    after = int(np.argmax(accepted >= refused))
    if after == 0:
        return float(accepted[0])
    gap = refused - accepted
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(accepted[after - 1] + share * (accepted[after] - accepted[after - 1]))


def accepted_at(accepted: NDArray[np.float64], refused: NDArray[np.float64], rate: float) -> float:
    """Share of own pairs that are accepted where at most `rate` of strangers' pairs are."""
    if np.isnan(accepted).any() or np.isnan(refused).any():
        return float("nan")
    return float(1 - refused[accepted <= rate].min())


def boundary(rows: NDArray[Any]) -> float:
    """The cosine from which two pictures count as one identity: where both errors are alike; NaN without pairs."""
    cosines, same, _ = pairs(rows)
    if not same.any() or same.all():
        return float("nan")
    accepted, refused, levels = curve(cosines, same, np.ones(len(cosines)))
    after = int(np.argmax(accepted >= refused))
    around = levels[[max(1, after - 1), max(1, after)]]
    return float(around.mean())


def drawn(rows: NDArray[Any], seed: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Curves of samples of identities, drawn with replacement (a pair counts as often as both its identities)."""
    cosines, same, codes = pairs(rows)
    names, places = np.unique(codes, return_inverse=True)
    places = places.reshape(codes.shape)
    draw, found = np.random.default_rng(seed), []
    for _ in range(SAMPLES):
        times = np.bincount(draw.integers(0, len(names), len(names)), minlength=len(names)).astype(np.float64)
        weights = np.where(same, times[places[0]], times[places[0]] * times[places[1]])
        accepted, refused, _ = curve(cosines, same, weights)
        found.append((accepted, refused))
    return found
