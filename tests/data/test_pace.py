"""The pace of dates, their cycles, and the dates that come next."""

import numpy as np
import pandas as pd
import pytest

from brainwright.data.pace import Pace, pace_of

PACES = {
    "30s": (Pace("second", 30), "30 seconds"),
    "15min": (Pace("second", 900), "15 minutes"),
    "h": (Pace("second", 3600), "1 hour"),
    "D": (Pace("second", 86_400), "1 day"),
    "B": (Pace("business day", 1), "1 business day"),
    "W": (Pace("second", 604_800), "1 week"),
    "MS": (Pace("month", 1), "1 month"),
    "ME": (Pace("month", 1), "1 month"),
    "QS": (Pace("month", 3), "3 months"),
    "YE": (Pace("month", 12), "12 months"),
}


def dates(rule, count=60, start="2023-01-01"):
    return pd.date_range(start, periods=count, freq=rule).to_numpy().astype("datetime64[s]")


@pytest.mark.parametrize("rule", PACES)
def test_finds_the_pace_and_says_it(rule):
    pace, words = PACES[rule]
    assert pace_of(dates(rule)) == pace
    assert str(pace) == words


@pytest.mark.parametrize("rule", PACES)
def test_goes_on_as_pandas_does(rule):
    known = dates(rule, 50)
    ahead = PACES[rule][0].after(known[[19, 29]], 20)
    np.testing.assert_array_equal(ahead, [known[20:40], known[30:50]])


@pytest.mark.parametrize("rule", PACES)
def test_places_are_one_apart(rule):
    assert (np.diff(PACES[rule][0].places(dates(rule))) == 1).all()


def test_month_ends_stay_ends_and_other_days_are_cut_to_the_month():
    ends = Pace("month", 1).after(np.array(["2024-01-31", "2023-01-30"], "datetime64[s]"), 2)
    assert ends.astype("datetime64[D]").astype(str).tolist() == [
        ["2024-02-29", "2024-03-31"],
        ["2023-02-28", "2023-03-30"],
    ]


def test_gaps_and_several_series_do_not_hide_the_pace():
    hours = np.delete(dates("h", 100), [5, 6, 50])
    assert pace_of(np.concatenate([hours, hours])) == Pace("second", 3600)


def test_steps_of_any_length_are_irregular():
    seconds = np.cumsum(np.random.default_rng(0).integers(100, 200, 50))
    pace = pace_of(np.datetime64(0, "s") + seconds.astype("timedelta64[s]"))
    assert pace.unit == "irregular"
    assert str(pace).startswith("about ")


def test_cycles_are_those_of_the_calendar():
    assert Pace("second", 3600).seasons[:2] == (24, 168)
    assert Pace("second", 900).seasons[:2] == (96, 672)
    assert Pace("second", 60).seasons[:2] == (60, 1440)
    assert Pace("second", 86_400).seasons == (7, 365)
    assert Pace("month", 1).seasons == (12,)
    assert Pace("business day", 1).seasons == (5,)
    assert Pace("row", 1).seasons == ()
