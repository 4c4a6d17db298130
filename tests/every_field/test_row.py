"""Row and Number: what is encoded comes back, one row is as many, and what cannot be read is refused by name."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from brainwright.data.fields.number import Number
from brainwright.data.fields.row import Row
from brainwright.data.spread import BINS, Spread
from brainwright.data.table import Column, Kind
from brainwright.errors import Fault

DATES = np.array(["2020-02-29T12:30:05", "1969-12-31T23:59:59", "NaT", "2024-01-01T00:00:00"], "datetime64[s]")
TABLE = {
    "age": Column(np.array([39, np.nan, 50.5, 1e30]), Kind.NUMBER),
    "job": Column(np.array(["clerk", "chef", None, "10"], object), Kind.CATEGORY),
    "born": Column(DATES, Kind.DATE),
}
ROWS = [
    {"age": 39.0, "job": "clerk", "born": "2020-02-29T12:30:05"},
    {"age": None, "job": "chef", "born": "1969-12-31T23:59:59"},
    {"age": 50.5, "job": None, "born": None},
    {"age": 1e30, "job": "10", "born": "2024-01-01"},
]
FITTED = Row().fit(TABLE)
shortest = some.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda one: float(str(np.float32(one))))
numbers = some.none() | shortest
moments = some.none() | some.datetimes().map(lambda one: one.replace(microsecond=0).isoformat())


def test_a_table_as_rows_and_back():
    encoded = FITTED.encode_all(TABLE).values
    assert encoded.shape == (4, 8)
    assert encoded.dtype == np.float32
    assert [FITTED.decode(row) for row in encoded] == ROWS
    for row, one in zip(encoded, ROWS, strict=True):
        np.testing.assert_array_equal(FITTED.encode(one), row)


@settings(deadline=None)  # a busy machine is no failure
@given(numbers, some.sampled_from([None, "clerk", "chef", "10"]), moments)
def test_decode_undoes_encode(age, job, born):
    row = {"age": age, "job": job, "born": born and born.removesuffix("T00:00:00")}
    assert FITTED.decode(FITTED.encode(row)) == row


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"age": "39"}, {"age": 39}),
        ({"age": " 39.0 "}, {"age": 39}),
        ({"age": "?"}, {"age": None}),
        ({"age": float("inf")}, {"age": None}),
        ({"job": 10}, {"job": "10"}),
        ({"job": 10.0}, {"job": "10"}),
        ({"job": "NA"}, {"job": None}),
        ({"job": " chef"}, {"job": "chef"}),
        ({"born": "2020-02-29 12:30:05"}, {"born": np.datetime64("2020-02-29T12:30:05")}),
        ({"born": "", "extra": "ignored"}, {"born": None}),
    ],
)
def test_a_value_may_be_written_in_several_ways(written, meant):
    rest = {"age": 1.0, "job": "chef", "born": None}
    np.testing.assert_array_equal(FITTED.encode(rest | written), FITTED.encode(rest | meant))


def test_a_new_class_is_unknown_and_not_missing():
    new, none = (FITTED.encode(ROWS[0] | {"job": job}) for job in ("pilot", None))
    assert new[1] == 0
    assert np.isnan(none[1])
    assert FITTED.decode(new)["job"] is None


def test_whole_columns_are_read_as_training_had_them():
    given = {
        "age": Column(np.array(["39", None], object), Kind.CATEGORY),
        "job": Column(np.array([10.0, np.nan]), Kind.NUMBER),
        "born": Column(np.array([None, None], object), Kind.CATEGORY),
    }
    assert [FITTED.decode(row) for row in FITTED.encode_all(given).values] == [
        {"age": 39.0, "job": "10", "born": None},
        {"age": None, "job": None, "born": None},
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"age": 1, "job": "chef"}, "the column 'born' is missing"),
        ({"age": "old", "job": "chef", "born": None}, "column 'age' holds 'old' in row 1"),
        ({"age": 1, "job": "chef", "born": "soon"}, "column 'born' holds 'soon' in row 1"),
        ("chef", "a row is wanted, not 'chef'"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(row, said):
    with pytest.raises(Fault, match=said) as caught:
        FITTED.encode(row)
    assert "\n" not in str(caught.value)
    assert caught.value.fix


def test_text_is_no_cell_of_a_row():
    with pytest.raises(Fault, match="'note' holds text"):
        Row().fit({"note": Column(np.array(["a long story"], object), Kind.TEXT)})


def test_what_was_learned_is_plain_json():
    assert Row.model_validate_json(FITTED.model_dump_json()) == FITTED


def test_rows_are_shown_without_running_what_they_hold():
    assert "<script>" not in FITTED.show({"job": "<script>"})


@given(some.lists(some.floats(-1e6, 1e6), min_size=1, max_size=300))
def test_edges_rise_and_span_the_training_range(values):
    spread = Spread.of(np.array([*values, np.nan]))
    edges, levels = np.array(spread.edges), np.array(spread.levels)
    assert (edges[0], edges[-1]) == (min(values), max(values))
    assert len(edges) <= BINS + 3
    assert (np.diff(edges) > 0).all()
    assert (np.diff(levels) > 0).all()
    assert 0 < levels[0] <= levels[-1] < 1


def test_few_rare_values_keep_edges_of_their_own():
    """Nine zeros in ten: plain quantiles would leave the rest five pieces."""
    draw = np.random.default_rng(0)
    spread = Spread.of(np.concatenate([np.zeros(9000), draw.uniform(1, 100, 1000)]))
    assert len(spread.edges) >= BINS
    assert np.interp(50, spread.edges, spread.levels) == pytest.approx(0.95, abs=0.01)


@given(shortest)
def test_a_number_comes_back(value):
    assert Number().decode(Number().encode(value)) == value
    assert Number().decode(torch.tensor(value)) == value


def test_number_learns_its_range():
    fitted = Number().fit(np.array([1.0, 2, 3, 6]))
    assert (fitted.mean, fitted.scale, fitted.low, fitted.high) == (3, pytest.approx(3.5**0.5), 1, 6)
    assert Number().fit(np.array([2.0, 2])).scale == 1


@pytest.mark.parametrize(
    ("value", "said"), [("many", "'many' is no number"), (np.nan, "is missing in example 1"), (1e300, "too large")]
)
def test_no_number_is_refused(value, said):
    with pytest.raises(Fault, match=said):
        Number().encode(value)
