"""Floors of tables equal their references, and answer the same from what was saved of them."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.number import Number
from brainwright.data.fields.row import Row
from brainwright.data.slots import Fields, input, target
from brainwright.data.table import Column, Kind
from brainwright.floors.boosting import Boosting
from brainwright.floors.linear_table import LinearTable
from brainwright.floors.mean import Mean

ROW, LABEL, VALUE = input(Row()), target(Category()), target(Number())
for name, slot in {"row": ROW, "label": LABEL, "value": VALUE}.items():
    slot.__set_name__(object, name)
SLOTS = (ROW, LABEL, VALUE)
WORDS = np.array([*"abcdefghij", None], object)


def portions(classes=2, rows=1500, words=WORDS):
    """A training share and one that asks, with a class that training never saw; numbers and classes have gaps."""
    draw = np.random.default_rng(classes)
    height, word, shade = draw.normal(0, 2, rows), draw.integers(0, len(words), rows), draw.integers(0, 300, rows)
    raw = height + np.cos(word) * 2 + draw.normal(0, 0.5, rows)
    label = np.digitize(raw, np.quantile(raw, np.linspace(0, 1, classes + 1)[1:-1])).astype(str).astype(object)
    height[::9] = np.nan
    cells = {
        "height": Column(height, Kind.NUMBER),
        "word": Column(words[word], Kind.CATEGORY),
        "shade": Column(shade.astype(str).astype(object), Kind.CATEGORY),
        "day": Column(np.datetime64("2020-01-01", "s") + draw.integers(0, 10**8, rows).astype("m8[s]"), Kind.DATE),
    }
    examples = Examples({"row": cells, "label": label, "value": raw}, np.zeros(rows, np.uint8), np.arange(rows))
    fields = Fields.fit(SLOTS, examples.take(np.arange(1000)).values)
    train, asked = (Portion.of(SLOTS, fields, examples.take(np.arange(*part))) for part in ((1000,), (1000, rows)))
    asked.encoded["row"].values[:20, 1] = 0
    return train, asked


def kept(state):
    """What is left of a floor after it was written and read."""
    return load(save({name: np.ascontiguousarray(array) for name, array in state.items()}))


def inputs(portion):
    """What scikit-learn is given: codes as they are, unknown ones as missing, the column of 300 classes by order."""
    rows = portion.encoded["row"].values.astype(np.float64)
    rows[rows[:, 1] == 0, 1] = np.nan
    return rows


@pytest.mark.parametrize("words", [WORDS, np.array([*"abc"], object)])
@pytest.mark.parametrize("classes", [2, 4])
def test_boosted_classes_equal_scikit_learn(classes, words):
    train, asked = portions(classes, words=words)
    floor = Boosting(target="label", classes=classes)
    model = HistGradientBoostingClassifier(categorical_features=[1], random_state=0)
    model.fit(inputs(train), train.encoded["label"].values)
    answer = floor.predict(kept(floor.fit(train)), asked)
    np.testing.assert_allclose(answer.scores, model.predict_proba(inputs(asked)), atol=1e-6)
    np.testing.assert_array_equal(answer.values["label"], model.predict(inputs(asked)))


def test_boosted_numbers_equal_scikit_learn():
    train, asked = portions()
    floor = Boosting(target="value")
    model = HistGradientBoostingRegressor(categorical_features=[1], random_state=0)
    model.fit(inputs(train), train.encoded["value"].values.astype(np.float64))
    answer = floor.predict(kept(floor.fit(train)), asked)
    np.testing.assert_allclose(answer.values["value"], model.predict(inputs(asked)), atol=1e-5)


def one_hot(portion):
    """The linear floor's features, built plainly."""
    field, rows = portion.fields[ROW], portion.encoded["row"].values.astype(np.float64)
    features = []
    for place in field.places:
        value = rows[:, place.at]
        if place.classes:
            code = np.where(np.isnan(value), place.classes + 1, value)
            features += [(code == index).astype(float) for index in range(place.classes + 2)]
        else:
            inside = value.clip(place.spread.edges[0], place.spread.edges[-1])
            features += [np.nan_to_num((inside - place.spread.mean) / place.spread.scale), np.isnan(value) * 1.0]
    return np.stack(features, 1)


@pytest.mark.parametrize("classes", [2, 4])
def test_logistic_regression_equals_scikit_learn(classes):
    train, asked = portions(classes)
    floor = LinearTable(target="label", classes=classes)
    model = LogisticRegression(max_iter=1000).fit(one_hot(train), train.encoded["label"].values)
    answer = floor.predict(kept(floor.fit(train)), asked)
    np.testing.assert_allclose(answer.scores, model.predict_proba(one_hot(asked)), atol=2e-3)


def test_ridge_equals_scikit_learn():
    train, asked = portions()
    floor = LinearTable(target="value")
    model = Ridge(solver="svd").fit(one_hot(train), train.encoded["value"].values)
    answer = floor.predict(kept(floor.fit(train)), asked)
    np.testing.assert_allclose(answer.values["value"], model.predict(one_hot(asked)), atol=2e-3)


def test_a_class_that_the_floor_did_not_see_gets_no_share():
    """The field knows four classes, the rows at hand show two."""
    train, asked = portions(4)
    two = train.take(np.isin(train.encoded["label"].values, [1, 3]))
    for kind in (LinearTable, Boosting):
        floor = kind(target="label", classes=4)
        scores = floor.predict(floor.fit(two), asked).scores
        assert scores[:, [0, 2]].max() == 0
        torch.testing.assert_close(scores.sum(1), torch.ones(len(scores)))


def test_mean_is_the_mean():
    train, asked = portions()
    floor = Mean(target="value")
    answer = floor.predict(kept(floor.fit(train)), asked).values["value"]
    assert answer.shape == (len(asked),)
    torch.testing.assert_close(answer, torch.full_like(answer, float(train.encoded["value"].values.mean())))
