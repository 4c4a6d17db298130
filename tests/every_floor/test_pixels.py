"""Floors of pictures equal what scikit-learn answers on the same vectors, and answer alike from their saved state."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from brainwright.data.encoded import Dense
from brainwright.data.examples import Examples, Portion
from brainwright.data.slots import Fields
from brainwright.data.table import Share
from brainwright.floors.floor import Floor
from brainwright.floors.linear_pixels import PULL, LinearPixels
from brainwright.floors.majority import Majority
from brainwright.floors.nearest_neighbour import NearestNeighbour

OPTIONS = {"target": "label", "classes": 10}


def portion(pixels: np.ndarray, truth: np.ndarray) -> Portion:
    examples = Examples({}, np.full(len(truth), Share.TRAIN, np.uint8), np.arange(len(truth)))
    return Portion(Fields({}), examples, {"image": Dense(pixels), "label": Dense(truth)})


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    return (found.images[order] * 255 / 16).astype(np.uint8)[:, None], found.target[order].astype(np.int64)


@pytest.fixture(scope="module", params=[LinearPixels, NearestNeighbour])
def floor(request: pytest.FixtureRequest) -> Floor:
    return request.param(image="image", **OPTIONS)


def test_answers_digits(floor: Floor, digits: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, truth = digits
    prediction = floor.predict(floor.fit(portion(pixels[:1300], truth[:1300])), portion(pixels[1300:], truth[1300:]))
    assert (prediction.values["label"].numpy() == truth[1300:]).mean() > 0.95
    torch.testing.assert_close(prediction.scores.sum(1), torch.ones(len(truth) - 1300))
    assert (prediction.scores > 0).all()
    assert torch.equal(prediction.values["label"], prediction.scores.argmax(1))


def test_saved_state_answers_alike(floor: Floor, digits: tuple[np.ndarray, np.ndarray]) -> None:
    given = portion(digits[0][:300], digits[1][:300])
    state = floor.fit(given)
    again = load(save(dict(state)))
    assert torch.equal(floor.predict(state, given).scores, floor.predict(again, given).scores)


def test_linear_equals_scikit_learn(digits: tuple[np.ndarray, np.ndarray]) -> None:
    """The same penalised optimum, on the same scaled vectors (all 64 numbers span all directions)."""
    pixels, truth = digits[0][:600], digits[1][:600]
    vectors = pixels.reshape(600, -1) / 255
    scale = (vectors - vectors.mean(0)).std() * (64 / len(pca_kept(vectors))) ** 0.5
    model = LogisticRegression(C=1 / (2 * PULL * 600), tol=1e-6, max_iter=2000).fit(vectors / scale, truth)
    floor = LinearPixels(image="image", **OPTIONS)
    scores = floor.predict(floor.fit(portion(pixels, truth)), portion(pixels, truth)).scores
    np.testing.assert_allclose(scores, model.predict_proba(vectors / scale), atol=0.02)


def pca_kept(vectors: np.ndarray) -> np.ndarray:
    values = np.linalg.svd(vectors - vectors.mean(0), compute_uv=False) ** 2
    return values[values > 1e-6 * values[0]]


def test_neighbours_are_scikit_learns(digits: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, truth = digits
    floor = NearestNeighbour(image="image", **OPTIONS)
    scores = floor.predict(floor.fit(portion(pixels[:1300], truth[:1300])), portion(pixels[1300:], truth[1300:])).scores
    vectors = pixels.reshape(len(pixels), -1) / 255
    model = KNeighborsClassifier(5, weights="distance").fit(vectors[:1300], truth[:1300])
    wanted = model.predict_proba(vectors[1300:])
    np.testing.assert_allclose(scores, (5 * wanted + 0.1) / 6, atol=0.02)


def test_majority_says_the_shares() -> None:
    floor = Majority(target="label", classes=3)
    given = portion(np.zeros((4, 1, 2, 2), np.uint8), np.array([2, 0, 2, 2]))
    prediction = floor.predict(floor.fit(given), given)
    assert prediction.values["label"].tolist() == [2, 2, 2, 2]
    assert prediction.scores[0].tolist() == [0.25, 0.0, 0.75]
