"""Outliers are found without having seen any, and what is like the training data is seldom called an outlier."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from brainwright.trust.outliers import Looked, fitted, learned, rarity, unlikeness, whitening


def crowd(count: int, seed: int, width: int = 20, shift: float = 0.0) -> tuple[Looked, np.ndarray]:
    """Three classes in a few directions of a wider space."""
    draw = np.random.default_rng(seed)
    centres = np.zeros((3, width))
    centres[np.arange(3), np.arange(3)] = 6.0
    kinds = draw.integers(0, 3, count)
    features = centres[kinds] + draw.normal(size=(count, width)) * np.where(np.arange(width) < 8, 1.0, 0.05) + shift
    return Looked({"head": features.astype(np.float32)}, draw.uniform(0.9, 1.0, count)), kinds


def test_calm_where_nothing_is_odd_and_sharp_where_something_is() -> None:
    (train, kinds), (validation, _), (test, _) = crowd(600, 0), crowd(400, 1), crowd(2000, 2)
    made, found = fitted({"train": train, "validation": validation, "test": test}, kinds)
    calm = rarity(made, test)
    assert found.verdict == "passed"
    assert (calm <= 0.01).mean() < 0.025
    assert (calm <= 0.5).mean() == pytest.approx(0.5, abs=0.08)  # ranks of one crowd among another are even
    draw = np.random.default_rng(3)
    odd = {
        "between the classes": Looked({"head": np.full((50, 20), 2.0, np.float32)}, np.full(50, 0.95)),
        "in a direction that training lacks": Looked(
            {"head": (crowd(50, 4)[0].spaces["head"] + np.eye(20)[19] * 2).astype(np.float32)}, np.full(50, 0.95)
        ),
        "far away": Looked({"head": draw.normal(0, 30, (50, 20)).astype(np.float32)}, np.full(50, 0.95)),
    }
    for what, one in odd.items():
        truth = np.r_[np.zeros(len(calm)), np.ones(50)]
        assert roc_auc_score(truth, np.r_[-calm, -rarity(made, one)]) > 0.97, what


def test_a_shifted_test_share_is_said() -> None:
    (train, kinds), (validation, _), (test, _) = crowd(600, 0), crowd(400, 1), crowd(300, 2, shift=1.0)
    _, found = fitted({"train": train, "validation": validation, "test": test}, kinds)
    assert found.verdict == "failed"
    assert found.advice


def test_missing_and_wild_numbers_break_nothing() -> None:
    """Tables have gaps, and columns of very different size; neither may hide what is odd elsewhere."""
    (train, kinds), (validation, _), (test, _) = crowd(600, 0), crowd(400, 1), crowd(300, 2)
    sizes = np.geomspace(1, 1e5, 20).astype(np.float32)
    wide = [Looked({"input": one.spaces["head"] * sizes}, one.sure) for one in (train, validation, test)]
    for one in wide:
        one.spaces["input"][::7, 3] = np.nan
        one.spaces["input"][:, 19] = 4.0  # never changes
    made, found = fitted(dict(zip(("train", "validation", "test"), wide, strict=True)), kinds)
    assert found.verdict == "passed"
    odd = wide[2].spaces["input"][:20].copy()
    odd[:, 4] += 30 * sizes[4]
    odd[0, 5] = np.inf
    assert (rarity(made, Looked({"input": odd}, wide[2].sure[:20])) <= 0.01).mean() > 0.9


def test_no_head_and_few_examples_are_said() -> None:
    none = Looked({}, np.zeros(0))
    assert fitted(dict.fromkeys(("train", "validation", "test"), none), np.zeros(200, np.int64))[1].verdict == "missing"
    (train, kinds), (few, _) = crowd(100, 0), crowd(50, 1)
    made, found = fitted({"train": train, "validation": few, "test": few}, kinds)
    assert not made and "too few" in found.says


def test_distances_by_hand() -> None:
    values = np.array([[2.0, 0], [-2, 0], [0, 1], [0, -1]])
    whitened = values @ whitening(values)
    np.testing.assert_allclose(whitened.T @ whitened / 4, np.eye(2), atol=5e-3)
    found = unlikeness(learned(values.astype(np.float32), np.zeros(4, np.int64)), values.astype(np.float32))
    assert len(found) == 3
    np.testing.assert_allclose(found[0], 2.0, rtol=1e-2)  # variances 2 and 1/2: each point lies at squared distance 2


def test_distance_is_that_of_pytorch_ood() -> None:
    why = "pytorch-ood needs torchvision, whose wheel does not load beside a CPU build of torch; see the test by hand"
    detectors = pytest.importorskip("pytorch_ood.detector", reason=why)
    (train, kinds), (test, _) = crowd(600, 0), crowd(200, 1)
    theirs = detectors.Mahalanobis(encoder=torch.nn.Identity(), eps=0.0)
    theirs.fit_features(torch.from_numpy(train.spaces["head"]), torch.from_numpy(kinds))
    wanted = theirs.predict_features(torch.from_numpy(test.spaces["head"])).numpy()
    made = learned(train.spaces["head"], kinds)
    made["whole"] = np.zeros_like(made["whole"])  # ours is relative to the distance from all: without that it is theirs
    ours = unlikeness(made, test.spaces["head"])[0]
    assert np.corrcoef(np.argsort(np.argsort(ours)), np.argsort(np.argsort(wanted)))[0, 1] > 0.95
