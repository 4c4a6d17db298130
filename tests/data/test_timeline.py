"""Tables as series: the columns that hold them, the grid they lie on, the windows that each share may use."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainwright.data.layouts import Layout, layout_of
from brainwright.data.opening import open_table
from brainwright.data.table import Share
from brainwright.data.timeline import timeline
from brainwright.data.windowing import Lengths, in_time, latest, lengths, places
from brainwright.errors import Fault
from brainwright.tasks.forecasting import Forecasting

HOURS = pd.date_range("2024-01-01", periods=100, freq="h")


def table(frame: pd.DataFrame, shares=()):
    opened = open_table(frame)
    return type(opened)(opened.columns, np.asarray(shares, np.uint8), opened.source) if len(shares) else opened


def long(shops=("a", "b", "c"), rows=100):
    pieces = [
        pd.DataFrame({"date": HOURS[:rows], "shop": shop, "sold": np.arange(rows) * 1.5 + 1000 * number})
        for number, shop in enumerate(shops)
    ]
    return pd.concat(pieces, ignore_index=True)


def test_reads_all_numbers_of_one_series():
    frame = pd.DataFrame({"date": HOURS, "x": np.arange(100) / 7, "y": np.sin(np.arange(100))})
    assert layout_of(table(frame), "") == (Layout(("x", "y"), "date"), ("x", "y"))
    assert layout_of(table(frame), "y") == (Layout(("y", "x"), "date"), ("y",))
    assert layout_of(table(frame), "y,x") == (Layout(("y", "x"), "date"), ("y", "x"))


def test_finds_the_columns_that_tell_series_apart():
    assert layout_of(table(long()), "") == (Layout(("sold",), "date", ("shop",)), ("sold",))
    crossed = pd.concat([long().assign(region=region) for region in ("north", "south")])
    assert layout_of(table(crossed), "sold") == (Layout(("sold",), "date", ("shop", "region")), ("sold",))
    numbered = long().assign(shop=lambda frame: frame["shop"].map({"a": 3, "b": 5, "c": 8}))
    assert layout_of(table(numbered), "sold") == (Layout(("sold",), "date", ("shop",)), ("sold",))


def test_is_none_for_words_and_for_a_target_that_is_no_number():
    words = pd.DataFrame({"date": HOURS, "state": ["on", "off"] * 50})
    assert layout_of(table(words), "") is None
    assert layout_of(table(words), "state") is None


def test_sorts_and_says_so():
    frame = long().sample(frac=1, random_state=0)
    opened = table(frame)
    line = timeline(opened, Layout(("sold",), "date", ("shop",)))
    np.testing.assert_array_equal(line.values[:, 0], long()["sold"])
    np.testing.assert_array_equal(opened["sold"].values[line.rows], line.values[:, 0])
    assert any("put in order" in note for note in line.notes)


def test_puts_in_missing_rows_and_fills_forward():
    frame = pd.DataFrame({"date": HOURS, "x": np.arange(100) + 0.5}).drop([10, 11, 40])
    frame.loc[20, "x"] = np.nan
    line = timeline(table(frame), Layout(("x",), "date"))
    np.testing.assert_array_equal(line.times, HOURS.to_numpy().astype("datetime64[s]"))
    assert line.values[[10, 11, 20, 40], 0].tolist() == [9.5, 9.5, 19.5, 39.5]
    assert np.flatnonzero(~line.known[:, 0]).tolist() == [10, 11, 20, 40]
    assert [note.split(":")[0] for note in line.notes] == ["2 gaps", "'x'"]


def test_a_series_that_begins_with_nothing_is_filled_from_itself():
    frame = long()
    frame.loc[[100, 101], "sold"] = np.nan
    line = timeline(table(frame), Layout(("sold",), "date", ("shop",)))
    assert line.values[[99, 100, 101, 102], 0].tolist() == [148.5, 1003.0, 1003.0, 1003.0]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda frame: pd.concat([frame, frame[5:6]]), "has the same 'date'"),
        (lambda frame: frame.assign(x=frame["x"].where(frame.index > 60)), "missing: too many to fill"),
        (lambda frame: frame[(frame.index < 20) | (frame.index > 90)], "missing from a grid"),
        (lambda frame: frame.assign(date=frame["date"].where(frame.index != 7)), "has no 'date'"),
    ],
)
def test_refuses_what_cannot_be_guessed(damage, words):
    frame = damage(pd.DataFrame({"date": HOURS, "x": np.arange(100) + 0.5}))
    with pytest.raises(Fault, match=words):
        timeline(table(frame), Layout(("x",), "date"))


def test_irregular_steps_are_taken_in_order_and_noted():
    minutes = np.cumsum(np.random.default_rng(0).integers(1, 50, 100))
    frame = pd.DataFrame({"date": HOURS[0] + pd.to_timedelta(minutes, unit="min"), "x": np.arange(100) + 0.5})
    line = timeline(table(frame), Layout(("x",), "date"))
    assert len(line) == 100
    assert "steps vary between" in line.notes[0]


def test_extends_every_series_into_the_future():
    line = timeline(table(long()), Layout(("sold",), "date", ("shop",))).extended(3)
    assert len(line) == 309
    fresh = np.isnan(line.values[:, 0])
    assert np.flatnonzero(fresh).tolist() == [100, 101, 102, 203, 204, 205, 306, 307, 308]
    ahead = pd.date_range(HOURS[-1], periods=4, freq="h")[1:].to_numpy().astype("datetime64[s]")
    np.testing.assert_array_equal(line.times[fresh], np.tile(ahead, 3))
    assert not line.known[fresh].any()


@settings(max_examples=60, deadline=None)
@given(
    past=st.integers(1, 12),
    future=st.integers(1, 8),
    cuts=st.tuples(st.integers(25, 60), st.integers(61, 80)),
    shops=st.integers(1, 3),
)
def test_windows_lie_whole_in_their_share_and_look_back_only(past, future, cuts, shops):
    """Every window that may exist does, and none sees a later share or another series."""
    frame = long("abc"[:shops])
    line = timeline(table(frame), Layout(("sold",), "date", ("shop",)))
    shares = np.searchsorted(cuts, np.tile(np.arange(100), shops), "right").astype(np.uint8)
    size = Lengths(past, future)
    starts, own, _ = places(line, shares, size)
    expected = [
        (start, shares[start + past])
        for start in range(len(line) - size.span + 1)
        if len(set(line.series[start : start + size.span])) == 1
        and len(set(shares[start + past : start + size.span])) == 1
        and (shares[start : start + past] <= shares[start + past]).all()
    ]
    assert list(zip(starts, own, strict=True)) == expected


def test_no_window_looks_at_a_later_share_that_lies_before_it():
    line = timeline(table(long("a")), Layout(("sold",), "date"))
    shares = np.repeat([Share.TEST, Share.TRAIN], 50).astype(np.uint8)
    starts, own, _ = places(line, shares, Lengths(10, 5))
    assert starts[own == Share.TRAIN].min() == 50


def test_a_share_without_windows_is_refused():
    line = timeline(table(long("a")), Layout(("sold",), "date"))
    shares = np.repeat([0, 1, 2], [80, 10, 10]).astype(np.uint8)
    with pytest.raises(Fault, match="10 validation rows hold no window of 5 steps back and 12 ahead"):
        places(line, shares, Lengths(5, 12))


def test_shares_at_random_are_cut_anew_by_time():
    line = timeline(table(long()), Layout(("sold",), "date", ("shop",)))
    mixed = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [210, 45, 45])).astype(np.uint8)
    shares, notes = in_time(line, mixed)
    assert "at random" in notes[0]
    for shop in range(3):
        assert (np.diff(shares[line.series == shop].astype(int)) >= 0).all()
    assert np.bincount(shares).tolist() == [210, 45, 45]
    kept, none = in_time(line, shares)
    assert (kept == shares).all()
    assert not none


def test_lengths_follow_the_cycle_the_data_and_the_user():
    hours = pd.date_range("2024-01-01", periods=8000, freq="h")
    line = timeline(table(pd.DataFrame({"date": hours, "x": np.sin(np.arange(8000))})), Layout(("x",), "date"))
    shares = np.repeat([0, 1, 2], [6000, 1000, 1000]).astype(np.uint8)
    assert lengths(line, shares, 0, 0) == Lengths(336, 24)
    assert lengths(line, shares, 50, 7) == Lengths(50, 7)
    months = pd.date_range("2000-01-01", periods=144, freq="MS")
    line = timeline(table(pd.DataFrame({"date": months, "x": np.sin(np.arange(144))})), Layout(("x",), "date"))
    assert lengths(line, np.repeat([0, 1, 2], [100, 22, 22]).astype(np.uint8), 0, 0) == Lengths(24, 12)


def test_the_latest_window_ends_with_its_series():
    frame = pd.concat([long("ab"), long("c", 8)])
    line = timeline(table(frame), Layout(("sold",), "date", ("shop",))).extended(4)
    starts, notes = latest(line, Lengths(10, 4))
    assert starts.tolist() == [90, 194]
    assert notes == ["1 series have less than 10 steps and get no forecast"]
    with pytest.raises(Fault, match="the history has 100 steps, but 200 are read"):
        latest(line, Lengths(200, 4))


def test_rows_in_any_order_are_claimed_as_well():
    claims = [Forecasting.claim(table(frame), "sold") for frame in (long(), long().sample(frac=1, random_state=0))]
    assert claims[0] == claims[1]
    assert claims[0].strength == 0.95
    assert "1 hour, one series for each shop" in claims[0].why
