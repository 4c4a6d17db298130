"""Floors of image generation: their pictures have the moments that scikit-learn finds, saved state or not."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from brainwright.data.encoded import Dense
from brainwright.data.examples import Examples, Portion
from brainwright.data.slots import Fields
from brainwright.data.table import Share
from brainwright.floors.floor import Floor
from brainwright.floors.gaussian_pictures import DIRECTIONS, GaussianPictures
from brainwright.floors.mean_picture import MeanPicture


def portion(pixels: np.ndarray) -> Portion:
    examples = Examples({}, np.full(len(pixels), Share.TRAIN, np.uint8), np.arange(len(pixels)))
    return Portion(Fields({}), examples, {"image": Dense(pixels)})


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return (load_digits().images * 255 / 16).astype(np.uint8)[:, None]


@pytest.mark.parametrize("floor", [GaussianPictures(target="image"), MeanPicture(target="image")])
def test_saved_state_answers_alike(floor: Floor, digits: np.ndarray) -> None:
    state = floor.fit(portion(digits))
    again = load(save({name: np.ascontiguousarray(array) for name, array in state.items()}))
    mine, other = (floor.predict(one, portion(digits[:50])).values["image"] for one in (state, again))
    assert torch.equal(mine, other)
    assert mine.shape == (50, 1, 8, 8)
    assert mine.min() >= 0
    assert mine.max() <= 255


def test_mean_picture_is_the_mean(digits: np.ndarray) -> None:
    floor = MeanPicture(target="image")
    made = floor.predict(floor.fit(portion(digits)), portion(digits[:2])).values["image"]
    np.testing.assert_allclose(made[0], digits.mean(0), atol=1e-3)
    assert torch.equal(made[0], made[1])


def test_gaussian_has_the_variance_of_principal_components(digits: np.ndarray) -> None:
    flat = digits.reshape(len(digits), -1).astype(np.float64)
    wanted = PCA(min(DIRECTIONS, flat.shape[1])).fit(flat)
    state = GaussianPictures(target="image").fit(portion(digits))
    np.testing.assert_allclose(state["mean"], wanted.mean_, atol=1e-2)
    strong = wanted.explained_variance_ > 1
    found = np.square(state["basis"]).sum(1)[strong]
    np.testing.assert_allclose(found, wanted.explained_variance_[strong], rtol=1e-3)
    covariance = (wanted.components_.T * wanted.explained_variance_) @ wanted.components_
    np.testing.assert_allclose(state["basis"].T @ state["basis"], covariance, atol=covariance.max() * 1e-4)


def test_gaussian_draws_differ(digits: np.ndarray) -> None:
    floor = GaussianPictures(target="image")
    made = floor.predict(floor.fit(portion(digits)), portion(digits)).values["image"].flatten(1)
    assert made.std(0).max() > 50
    assert len(made.unique(dim=0)) == len(made)
