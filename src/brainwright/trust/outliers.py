"""Outliers: how unlike the training data an input is, from the input and from what goes into a net's heads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import bdtr

from brainwright.metrics.metric import wilson
from brainwright.trust.finding import Finding, missing
from brainwright.trust.seeing import HEAD

Arrays = dict[str, NDArray[Any]]
WHAT = "inputs unlike the training data"
AXES = 128  # principal axes that distances are measured along
MOST = 0.95  # of the variance lies within the axes whose complement should be nearly empty (ViM)
GALLERY = 2_000  # training examples that neighbours are looked for among
NEIGHBOUR = 10  # the distance to the tenth nearest (Sun et al. 2022, with few examples)
LEAN = 1e-3  # of the mean variance is added to each, so that covariances can be inverted
FAR = 1e6  # deviations: nothing is farther
FEWEST = 99  # validation examples: fewer cannot tell one in a hundred
UNLIKE = 0.01  # as rare among validation examples: unlike the training data


@dataclass(frozen=True)
class Looked:
    """What a detector reads: each space's [N, D], and how sure the answers are [N] (empty: no scores)."""

    spaces: Mapping[str, NDArray[np.float32]]
    sure: NDArray[np.float64]

    def __len__(self) -> int:
        return max((len(one) for one in self.spaces.values()), default=0)


def fitted(looked: Mapping[str, Looked], classes: NDArray[np.int64]) -> tuple[Arrays, Finding]:
    """A detector from "train" (its `classes` [N] all 0 where there are none) and "validation", judged on "test".

    No outlier is ever needed. Each example gets up to seven scores (below). Each score becomes the share of validation
    examples that are as unlike, and Fisher's sum of their logarithms is again compared with the validation share. What
    is unlike by one measure alone counts, no measure is chosen, and nothing is tuned: the best for near outliers is the
    worst for far ones.
    """
    train, validation, test = (looked[name] for name in ("train", "validation", "test"))
    if not train.spaces:
        return {}, missing(WHAT, "this net has no head, and its inputs are no numbers, so nothing could be compared")
    if len(validation) < FEWEST:
        why = f"{len(validation)} validation examples are too few to know what is as rare as one in a hundred"
        return {}, missing(WHAT, why)
    alike = np.zeros_like(classes)
    every = {name: learned(one, classes if name == HEAD else alike) for name, one in train.spaces.items()}
    made = {f"{space}.{name}": array for space, arrays in every.items() for name, array in arrays.items()}
    known = scores(made, validation)
    made |= {"references": np.sort(known, 1), "sums": np.sort(combined(np.sort(known, 1), known))}
    return made, judged(rarity(made, test), len(validation))


def learned(features: NDArray[np.float32], classes: NDArray[np.int64]) -> Arrays:
    """Principal axes, centres of classes, covariances within classes and of all, and a gallery for neighbours."""
    mean, scale = usual(features)
    given = torch.from_numpy(standard(features, mean, scale))
    torch.manual_seed(0)  # svd_lowrank draws
    _, spread, axes = torch.svd_lowrank(given, q=min(AXES, *given.shape))
    along = (given @ axes).double().numpy()
    kinds = np.unique(classes)
    centres = np.stack([along[classes == kind].mean(0) for kind in kinds])
    within = along - centres[np.searchsorted(kinds, classes)]
    variance = spread.square().cumsum(0) / given.square().sum().clamp(min=1e-12)
    places = np.unique(np.linspace(0, len(along) - 1, min(GALLERY, len(along))).round().astype(int))
    return {
        "mean": mean, "scale": scale, "axes": axes.numpy(), "centres": centres,
        "within": whitening(within), "whole": whitening(along),
        "full": np.array([min(int((variance < MOST).sum()) + 1, len(spread))]),
        "gallery": unit(along[places]),
    }  # fmt: skip


def usual(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and scale of each number [D]: its deviation, but not below half the median one, so that what hardly ever
    changes is not blown up; missing numbers (NaN) left out.
    """
    known = np.isfinite(features)
    count = known.sum(0).clip(min=1)
    mean = np.where(known, features, 0).sum(0, dtype=np.float64) / count
    spread = np.sqrt(np.where(known, np.square(features - mean), 0).sum(0) / count)
    scale = np.maximum(spread, 0.5 * np.median(spread))
    return mean.astype(np.float32), np.where(scale > 0, scale, 1.0).astype(np.float32)


def standard(
    features: NDArray[np.float32], mean: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Numbers [N, D] in training deviations; missing ones count as usual, and none farther than can be squared."""
    apart = (features - mean) / scale
    return np.asarray(np.nan_to_num(apart, nan=0.0, posinf=FAR, neginf=-FAR).clip(-FAR, FAR), np.float32)


def whitening(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix [Q, Q] that gives values [N, Q] covariance one: distances after it are Mahalanobis distances."""
    covariance = values.T @ values / len(values)
    covariance += np.eye(len(covariance)) * (LEAN * np.trace(covariance) / len(covariance) + 1e-12)
    return np.asarray(np.linalg.cholesky(np.linalg.inv(covariance)))


def unit(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Each of length one."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.maximum(length, 1e-12), np.float32)


def scores(made: Mapping[str, NDArray[Any]], looked: Looked) -> NDArray[np.float64]:
    """The more, the more unlike [J, N]: in each space relative Mahalanobis distance (Ren et al. 2021; plain where there
    is one class), length outside the principal axes (Wang et al. 2022, ViM), distance to the tenth neighbour (Sun et
    al. 2022); and how unsure the answer is (Hendrycks and Gimpel 2017).

    A space near the answer knows new kinds of things, one near the input damaged or foreign recordings.
    """
    found = [part for space, one in looked.spaces.items() for part in unlikeness(within(made, space), one)]
    return np.stack([*found, -looked.sure] if len(looked.sure) else found)


def within(made: Mapping[str, NDArray[Any]], space: str) -> Arrays:
    """What was learned of one space."""
    return {name.removeprefix(f"{space}."): one for name, one in made.items() if name.startswith(f"{space}.")}


def unlikeness(made: Mapping[str, NDArray[Any]], features: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """The three scores [N] of one space."""
    apart = standard(features, made["mean"], made["scale"])
    along = (apart @ made["axes"]).astype(np.float64)
    near = torch.cdist(torch.from_numpy(along @ made["within"]), torch.from_numpy(made["centres"] @ made["within"]))
    distance = near.amin(1).square().numpy()
    if len(made["centres"]) > 1:
        distance = distance - np.square(along @ made["whole"]).sum(1)
    outside = np.square(apart.astype(np.float64)).sum(1) - np.square(along[:, : int(made["full"][0])]).sum(1)
    around = torch.cdist(torch.from_numpy(unit(along)), torch.from_numpy(made["gallery"]))
    place = min(NEIGHBOUR, around.shape[1])
    return [distance, outside, around.kthvalue(place, 1).values.double().numpy()]


def combined(references: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fisher's sum [N] of minus log of the share of references [J, M] that are as unlike as each score [J, N]."""
    count = references.shape[1]
    above = np.stack([count - np.searchsorted(one, mine) for one, mine in zip(references, found, strict=True)])
    return np.asarray(-np.log((1 + above) / (1 + count)).sum(0))


def rarity(made: Mapping[str, NDArray[Any]], looked: Looked) -> NDArray[np.float64]:
    """The share of validation examples that are at least as unlike the training data [N]: a p-value."""
    sums = combined(made["references"], scores(made, looked))
    return np.asarray((1 + len(made["sums"]) - np.searchsorted(made["sums"], sums)) / (1 + len(made["sums"])))


def judged(rare: NDArray[np.float64], known: int) -> Finding:
    """Whether as many test examples are called unlike as chance would have it."""
    flagged, count = int((rare <= UNLIKE).sum()), len(rare)
    share = flagged / count
    passed = not flagged or bdtr(flagged - 1, count, UNLIKE + 2 * (UNLIKE / known) ** 0.5) < 0.975
    return Finding(
        WHAT, "passed" if passed else "failed",
        f"{share:.1%} of the test examples are called unlike the training data, one in a hundred would be by chance",
        share, *wilson(share, count), count,
        f"Mahalanobis, residual, neighbour and confidence on {known:,} validation examples, joined by Fisher's sum",
        advice="" if passed else "the test share holds inputs that training has not seen the like of: look at them",
    )  # fmt: skip
