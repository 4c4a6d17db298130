"""Floors of driving answer classes and numbers at once, as their sources say, and alike from their saved state."""

import numpy as np
import torch
from safetensors.numpy import load, save
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from brainwright.data.encoded import Dense
from brainwright.data.examples import Examples, Portion
from brainwright.data.slots import Fields
from brainwright.floors.habit import Habit
from brainwright.floors.nearest_views import NearestViews

WHAT = {"target": "decision", "numbers": ("control", "throttle"), "decision": "decision", "classes": 3}


def portion(seed: int, count: int = 120) -> Portion:
    draw = np.random.default_rng(seed)
    encoded = {
        "image": Dense(draw.integers(0, 255, (count, 1, 4, 6)).astype(np.uint8)),
        "decision": Dense(draw.integers(0, 3, count)),
        "control": Dense(draw.normal(size=count).astype(np.float32)),
        "throttle": Dense(draw.random(count).astype(np.float32)),
    }
    return Portion(Fields({}), Examples({}, np.zeros(count, np.uint8), np.arange(count)), encoded)


def test_habit_is_what_is_done_most() -> None:
    train, floor = portion(0), Habit(**WHAT)
    said = floor.predict(floor.fit(train), portion(1))
    truth = {name: one.values for name, one in train.encoded.items()}
    assert said.scores is not None
    np.testing.assert_allclose(said.scores[0], np.bincount(truth["decision"]) / 120, atol=1e-6)
    assert (said.values["decision"] == int(np.bincount(truth["decision"]).argmax())).all()
    np.testing.assert_allclose(said.values["throttle"], truth["throttle"].mean(), rtol=1e-5)


def test_nearest_views_vote_as_scikit_learn_does() -> None:
    train, asked, floor = portion(0), portion(1), NearestViews(image="image", **WHAT)
    said = floor.predict(floor.fit(train), asked)
    known, new = (one.encoded["image"].values.reshape(120, -1) / 255 for one in (train, asked))
    how = {"n_neighbors": 5, "weights": lambda apart: 1 / (apart + 1e-3 * apart[:, -1:] + 1e-6)}
    wheel = KNeighborsRegressor(**how).fit(known, train.encoded["control"].values).predict(new)
    np.testing.assert_allclose(said.values["control"], wheel, atol=1e-4)
    odds = KNeighborsClassifier(**how).fit(known, train.encoded["decision"].values).predict_proba(new)
    assert said.scores is not None
    np.testing.assert_allclose(said.scores, (5 * odds + 1 / 3) / 6, atol=1e-4)


def test_a_saved_floor_answers_alike() -> None:
    for floor in (Habit(**WHAT), NearestViews(image="image", **WHAT)):
        state = floor.fit(portion(0))
        first, again = (floor.predict(one, portion(1)) for one in (state, load(save(dict(state)))))
        assert all(torch.equal(first.values[name], again.values[name]) for name in first.values)
