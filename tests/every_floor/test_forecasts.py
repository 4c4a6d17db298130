"""Floors of forecasting equal their references: repetition by hand, the ridge by scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from brainwright.data.examples import Portion
from brainwright.data.opening import open_table
from brainwright.data.slots import Fields
from brainwright.data.table import Share, Table
from brainwright.floors.linear_forecast import STRENGTHS, LinearForecast
from brainwright.floors.naive import Naive
from brainwright.floors.seasonal_naive import SeasonalNaive, peaks
from brainwright.tasks.forecasting import Forecasting

PAST, FUTURE = 30, 10
DRAW = np.random.default_rng(0)
HOUR = np.arange(500)
X = 50 + 10 * np.sin(HOUR / 24 * 2 * np.pi) + np.cumsum(DRAW.normal(size=500)) * 0.3
Y = np.roll(X, 5) * 2 + DRAW.normal(size=500)


@pytest.fixture(scope="module")
def portions():
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=500, freq="h"), "x": X, "y": Y})
    table = open_table(frame)
    shares = np.repeat([Share.TRAIN, Share.VALIDATION, Share.TEST], [300, 100, 100]).astype(np.uint8)
    table = Table(table.columns, shares, "memory")
    task = Forecasting(horizon=FUTURE, lookback=PAST)
    examples = task.examples(table, task.claim(table, ""))
    fields = Fields.fit(task.slots(), examples.share(Share.TRAIN).values)
    return [Portion.of(task.slots(), fields, examples.share(share)) for share in (Share.TRAIN, Share.TEST)]


def in_units(portion, floor):
    """The floor's answer to every example of the test share, in the user's units [N, FUTURE, 2]."""
    train, test = portion
    said = floor.predict(floor.fit(train), test).values["future"]
    return np.array([test.fields.fitted["future"].decode(one) for one in said])


def test_naive_repeats_the_last_value(portions):
    said = in_units(portions, Naive(target="future", past="past"))
    assert said.shape == (91, FUTURE, 2)
    for index in (0, 40, 90):
        np.testing.assert_allclose(said[index], np.tile([X[399 + index], Y[399 + index]], (FUTURE, 1)), rtol=1e-5)


@pytest.mark.parametrize("seasons", [(24, 168), ()])
def test_seasonal_naive_finds_and_repeats_the_day(portions, seasons):
    said = in_units(portions, SeasonalNaive(target="future", past="past", seasons=seasons))
    np.testing.assert_allclose(said[7, :, 0], X[407 - 24 : 417 - 24], rtol=1e-5)


def test_a_season_shorter_than_the_horizon_is_repeated_on_and_on(portions):
    said = in_units(portions, SeasonalNaive(target="future", past="past", seasons=(4,)))
    np.testing.assert_allclose(said[0, :, 0], X[396 + np.arange(FUTURE) % 4], rtol=1e-5)


def test_nothing_recurs_in_a_straight_line():
    assert peaks(np.arange(100.0, dtype=np.float32)[:, None], 30) == [1]


def test_linear_equals_scikit_learns_ridge(portions):
    train, test = portions
    floor = LinearForecast(target="future", past="past", moments="moments")
    state = floor.fit(train)
    strength = float(state["strength"][0])
    assert strength in STRENGTHS

    def changes(portion):
        field = portion.fields.fitted["future"]
        past = np.stack([field.standardised(one) for one in portion.encoded["past"].values]).astype(np.float64)
        future = portion.encoded["future"].values
        last = past[:, -1:]
        flat = [np.swapaxes(one - last, 1, 2).reshape(2 * len(past), -1) for one in (past, future)]
        return *flat, last

    past, future, _ = changes(train)
    ridge = Ridge(alpha=strength, fit_intercept=False).fit(past, future)
    asked, _, last = changes(test)
    expected = np.swapaxes(ridge.predict(asked).reshape(-1, 2, FUTURE), 1, 2) + last
    np.testing.assert_allclose(floor.predict(state, test).values["future"], expected, atol=2e-4)


def test_linear_beats_repetition_on_waves(portions):
    truth = np.stack([np.stack([X, Y], 1)[400 + i : 410 + i] for i in range(91)])
    errors = [
        np.square(in_units(portions, floor) - truth).mean()
        for floor in (
            LinearForecast(target="future", past="past", moments="moments"),
            Naive(target="future", past="past"),
        )
    ]
    assert errors[0] < 0.5 * errors[1]
