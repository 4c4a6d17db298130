"""Columns: what raw cells are taken for, why, and that no cell is lost or changed on the way."""

import datetime
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from brainwright.data.columns import array_of, corrected, is_identifier, missing, typed, understood
from brainwright.data.table import Column, Kind
from brainwright.data.values import MISSING, MISSING_FIGURES, number_style, numbers


def read(cells, name="c", folder=Path("/nowhere")) -> Column:
    return understood(name, array_of(cells), folder)


SENTENCES = [f"the {i}th film was rather long and dull" for i in range(30)]


@pytest.mark.parametrize(
    ("cells", "kind", "reason"),
    [
        (["1", "2.5", "?", ""], Kind.NUMBER, "numbers from 1 to 2.5; 2 missing (written '?')"),
        (["1", "NA", "None", "-"], Kind.NUMBER, "3 missing (written '-', 'NA', 'None')"),
        (
            [" 7 ", "8"],
            Kind.NUMBER,
            "whole numbers from 7 to 8, 2 different: read as amounts (classes? write c=category)",
        ),
        (["1,234.5", "12"], Kind.NUMBER, "thousands style"),
        (["1,5", "12,25"], Kind.NUMBER, "decimal comma style"),
        (["1.234,50", "12,5"], Kind.NUMBER, "numbers from 12.5 to 1234.5; decimal comma style"),
        (["1", "inf"], Kind.NUMBER, "1 infinite cells count as missing"),
        (["02139", "10001"], Kind.CATEGORY, "codes: digits that begin with 0"),
        (["yes", "No", ""], Kind.CATEGORY, "true or false"),
        (["a", "b", "a", "N/A"], Kind.CATEGORY, "categories: 2 different in 3; 1 missing (written 'N/A')"),
        (["1"] * 40 + ["many"], Kind.CATEGORY, "all but 1 are numbers: 'many' is not"),
        (["", "?"], Kind.CATEGORY, "empty: every cell is missing"),
        (SENTENCES, Kind.TEXT, "text: 8 words on average, 30 different"),
        (["New York", "San Francisco"] * 20, Kind.CATEGORY, "categories: 2 different"),
        ([f"今天的天气非常好我们一起去公园散步吧第{i}次" for i in range(9)], Kind.TEXT, "text"),
        (["2024-01-31", "2024-2-1", ""], Kind.DATE, "dates, year-month-day; 1 missing"),
        (["2024-01-31T12:00:00Z", "2024-01-31T12:00:00+02:00"], Kind.DATE, "year-month-day"),
        (["31/01/2024", "01/02/2024"], Kind.DATE, "dates, day/month/year"),
        (["01/02/2024", "03/04/2024"], Kind.DATE, "month/day/year (it could also be day/month/year)"),
        (["31.1.24", "1.2.24"], Kind.DATE, "day.month.year"),
        (["5 Mar 2024", "17 April 2024"], Kind.TEXT, "text"),  # two ways of writing are no one way
        (["5 Mar 2024", "17 Apr 2024"], Kind.DATE, "day month year"),
        (["Mar 5, 2024", "Apr 17, 2024"], Kind.DATE, "month day, year"),
        (["2024/01/31 14:30", "2024/02/01 08:00"], Kind.DATE, "year/month/day"),
        (["2024-13-45", "2024-01-01"], Kind.CATEGORY, "categories"),
        ([True, False, None], Kind.CATEGORY, "true or false"),
        ([1.5, None, math.nan], Kind.NUMBER, "numbers from 1.5 to 1.5; 2 missing"),
        ([datetime.date(2024, 1, 1)], Kind.DATE, "dates"),
        ([datetime.timedelta(seconds=3)], Kind.NUMBER, "numbers"),
        (["a.png", "b.png"], Kind.CATEGORY, "categories"),  # names of pictures that are not there
        ([None, None], Kind.CATEGORY, "empty"),
    ],
)
def test_kinds_and_reasons(cells, kind, reason):
    column = read(cells)
    assert column.kind == kind and reason in column.reason, column.reason
    assert len(column) == len(cells)


def test_date_values_are_right():
    assert read(["31/01/2024 14:30", "01/02/2024 00:00"]).values.tolist() == [
        datetime.datetime(2024, 1, 31, 14, 30),
        datetime.datetime(2024, 2, 1),
    ]
    assert read(["2024-01-31T12:00:00+02:00"]).values[0] == np.datetime64("2024-01-31T10:00:00")
    assert np.isnat(read(["2024-01-31", "?"]).values[1])


def test_one_pass_over_all_files_decides_the_order_of_day_and_month():
    assert read(["01/02/2024"] * 5 + ["13/02/2024"]).values[0] == np.datetime64("2024-02-01")


def test_pictures_by_path_and_by_bytes(tmp_path):
    (tmp_path / "pics").mkdir()
    for i in range(3):
        Image.new("L", (2, 2)).save(tmp_path / "pics" / f"{i}.PNG")
    by_path = read(["0.PNG", "", "2.PNG"], folder=tmp_path)
    assert by_path.kind == Kind.IMAGE and by_path.values.tolist()[0] == str(tmp_path / "pics" / "0.PNG")
    assert by_path.values[1] is None
    absolute = str(tmp_path / "pics" / "1.PNG")
    assert read([absolute], folder=tmp_path).values[0] == absolute
    blob = (tmp_path / "pics" / "0.PNG").read_bytes()
    assert read([blob, None]).kind == Kind.IMAGE
    assert read([{"bytes": None, "path": "0.PNG"}], folder=tmp_path).values[0] == str(tmp_path / "pics" / "0.PNG")


def test_what_no_kind_can_hold_is_noted(tmp_path):
    frame = pa.table({"a": [1], "list": [[1, 2]], "bytes": [b"\0\1nothing known"], "hour": [datetime.time(3)]})
    columns, notes = typed(frame, tmp_path)
    assert list(columns) == ["a"] and len(notes) == 3


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("any", [f"u{i}" for i in range(30)], True),
        ("customer_id", [7 * i for i in range(30)], True),
        ("customerID", [7 * i for i in range(30)], True),
        ("", list(range(5, 35)), True),
        ("row", list(range(30)), True),
        ("population", [7 * i for i in range(30)], False),
        ("idea", [7 * i for i in range(30)], False),
        ("year", list(range(1990, 2020)), False),
        ("id", [i + 0.5 for i in range(30)], False),
        ("any", ["a", "b"] * 15, False),
        ("text", SENTENCES, False),
    ],
)
def test_identifiers(name, cells, expected):
    column = read(cells, name)
    assert is_identifier(name, column) == expected == ("looks like an identifier" in column.reason)


def test_an_identifier_that_is_asked_for_is_none():
    column, wrong = corrected(read([f"u{i}" for i in range(30)]), Kind.CATEGORY)
    assert not wrong.any() and not is_identifier("c", column)


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ([1, 2.5, None], Kind.CATEGORY, ["1", "2.5", None]),
        (["1,5", "x"], Kind.NUMBER, None),
        (["12", "007"], Kind.NUMBER, [12.0, 7.0]),
        (["2024-01-01", "x"], Kind.DATE, None),
        (["2024-01-01"], Kind.TEXT, ["2024-01-01 00:00:00"]),
    ],
)
def test_correction(cells, kind, expected):
    column, wrong = corrected(read(cells), kind)
    assert column.kind == kind
    assert wrong.any() if expected is None else column.values.tolist() == expected


cells = st.one_of(
    st.lists(st.text(max_size=12), min_size=1, max_size=30),
    st.lists(st.sampled_from(["a", "b", "1", "2.5", "", "?", "2024-01-01", "x y z"]), min_size=1, max_size=30),
    st.lists(st.one_of(st.none(), st.floats(), st.integers(-(10**9), 10**9)), min_size=1, max_size=30),
    st.lists(st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)).map(str), min_size=1, max_size=30),
)


@settings(max_examples=120, deadline=None)
@given(cells)
def test_any_cells_are_read_as_exactly_one_kind(given_cells):
    column = read(given_cells)
    kinds = {Kind.NUMBER: "f", Kind.DATE: "M", Kind.CATEGORY: "O", Kind.TEXT: "O"}
    assert column.values.dtype.kind == kinds[column.kind] and len(column) == len(given_cells) and column.reason
    if column.kind in (Kind.CATEGORY, Kind.TEXT):
        assert all(value is None or isinstance(value, str) for value in column.values)
        for value, cell in zip(column.values, given_cells, strict=True):
            if isinstance(cell, str):
                trimmed = cell.strip()
                assert value == trimmed or (value is None and trimmed in MISSING_FIGURES) or trimmed != cell
    assert missing(column).sum() >= sum(cell in MISSING or cell is None for cell in given_cells)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_written_are_numbers_read(floats):
    strings = pa.array([repr(value) for value in floats], pa.large_string())
    values, wrong = numbers(strings, number_style(strings))
    assert values.tolist() == floats and not wrong.any()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.datetimes(datetime.datetime(1800, 1, 1), datetime.datetime(2200, 1, 1)), min_size=1, max_size=20))
def test_dates_written_are_dates_read(moments):
    moments = [moment.replace(microsecond=0) for moment in moments]
    column = read([moment.isoformat(sep=" ") for moment in moments])
    assert column.kind == Kind.DATE and column.values.tolist() == moments
