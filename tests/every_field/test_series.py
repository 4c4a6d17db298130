"""Series and moments: what goes in comes out, statistics come from covered rows, windows equal single stretches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from brainwright.data.encoded import Windows
from brainwright.data.fields.moments import Moments
from brainwright.data.fields.series import Series
from brainwright.errors import Fault

ROWS = np.random.default_rng(0).normal([100, -3], [20, 0.1], (60, 2))


def windows(rows, offset=0, length=6, names=("x", "y")):
    return Windows(rows, np.arange(0, 40, 3), length, offset, 10, names)


@pytest.mark.parametrize("standard", [False, True])
@settings(max_examples=50, deadline=None)
@given(value=arrays.arrays(np.float32, (6, 2), elements=st.floats(-1e6, 1e6, width=32)))
def test_decodes_what_it_encoded(standard, value):
    field = Series(standard=standard).fit(windows(ROWS))
    np.testing.assert_allclose(field.decode(field.encode(value)), value, rtol=1e-5, atol=1e-4)


def test_statistics_count_each_covered_row_once():
    field = Series().fit(windows(ROWS))
    np.testing.assert_allclose(field.mean, ROWS[:49].mean(0))
    np.testing.assert_allclose(field.scale, ROWS[:49].std(0))
    assert (field.names, field.length) == (("x", "y"), 6)
    gaps = ROWS.copy()
    gaps[3, 0] = np.nan
    np.testing.assert_allclose(Series().fit(windows(gaps)).mean[0], np.delete(ROWS[:49, 0], 3).mean())


def test_a_constant_is_not_divided_by_zero():
    field = Series(standard=True).fit(windows(np.full((60, 2), 7.0)))
    assert (np.asarray(field.encode(np.full((6, 2), 8.0))) == 1).all()


@pytest.mark.parametrize("standard", [False, True])
def test_windows_equal_single_stretches(standard):
    given = windows(ROWS, offset=4)
    field = Series(standard=standard).fit(given)
    batch = field.collate(field.encode_all(given).take(np.array([5, 2])))
    assert batch.shape == (2, 6, 2)
    for place, index in enumerate((5, 2)):
        np.testing.assert_array_equal(batch[place], field.encode(given[index]))
        np.testing.assert_array_equal(given[index], ROWS[3 * index + 4 : 3 * index + 10])


def test_unknown_values_decode_to_none_and_a_past_has_none():
    future = Series(standard=True).fit(windows(ROWS))
    assert future.decode(future.encode([[1.0, None]] * 6))[2][1] is None
    with pytest.raises(Fault, match="'y' is missing in step 1"):
        Series().fit(windows(ROWS)).encode([[1.0, None]] * 6)
    with pytest.raises(Fault, match="6 steps of x, y are needed"):
        future.encode([[1.0, 2.0]])


def test_moments_know_their_pace_and_the_cycles_seen_twice():
    hours = np.datetime64("2024-01-01", "s") + np.arange(400) * np.timedelta64(3600, "s")
    field = Moments().fit(Windows(hours, np.arange(360), 6, 4, 40))
    assert str(field.pace) == "1 hour"
    assert field.cycles == (86_400, 604_800)
    assert Moments().fit(Windows(hours, np.arange(60), 6, 4, 40)).cycles == (86_400,)
    encoded = field.encode(["2024-01-01T00:00:00"] * 6)
    assert field.decode(encoded) == ["2024-01-01T00:00:00"] * 6
    rows = Moments().fit(Windows(np.arange(400), np.arange(360), 6, 4, 40))
    assert (rows.unit, rows.cycles) == ("row", ())
    assert rows.decode(rows.encode(range(6))) == list(range(6))
    with pytest.raises(Fault, match="6 dates are needed"):
        field.encode(["2024-01-01"])
