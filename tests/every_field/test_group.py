"""Groups are told by columns: categories as they are, numbers and dates by training quartiles, gaps apart."""

import numpy as np
import pytest

from brainwright.data.fields.group import Group
from brainwright.data.table import Column, Kind
from brainwright.errors import Fault

SEX = Column(np.array(["f", "m", None, "f", "m", "m"], object), Kind.CATEGORY)
AGE = Column(np.array([20.0, 30, 40, 50, 60, 70, 80, np.nan]), Kind.NUMBER)


def test_categories_and_gaps() -> None:
    field = Group().fit({"sex": SEX})
    assert [field.decode(code) for code in field.encode_all({"sex": SEX}).values] == [
        "f",
        "m",
        "missing",
        "f",
        "m",
        "m",
    ]
    assert field.counts == (2, 3, 0, 1)
    new = Column(np.array(["x"], object), Kind.CATEGORY)
    assert field.decode(field.encode_all({"sex": new}).values[0]) == "others"
    assert field.decode(field.encode({"sex": "m"})) == "m"


def test_numbers_are_cut_at_training_quartiles() -> None:
    field = Group().fit({"age": AGE})
    assert field.cuts[0].edges == (30.0, 50.0, 70.0)
    said = [field.decode(code) for code in field.encode_all({"age": AGE}).values]
    assert said[:3] == ["below 30", "30 to below 50", "30 to below 50"]
    assert said[6:] == ["70 and above", "missing"]
    assert field.decode(field.encode({"age": 55})) == "50 to below 70"


def test_few_numbers_are_groups_themselves() -> None:
    some = Column(np.array([1.0, 2, 10, 1, np.nan]), Kind.NUMBER)
    assert Group().fit({"n": some}).classes == ("1", "2", "10", "others", "missing")


def test_dates_are_cut() -> None:
    days = np.datetime64("2020-01-01", "s") + np.arange(8) * np.timedelta64(86_400, "s")
    field = Group().fit({"day": Column(days, Kind.DATE)})
    assert field.decode(field.encode_all({"day": Column(days, Kind.DATE)}).values[0]) == "below 2020-01-02"


def test_columns_are_crossed() -> None:
    town = Column(np.array(["a", "b", "a", "b", "a", "b"], object), Kind.CATEGORY)
    field = Group().fit({"sex": SEX, "town": town})
    codes = field.encode_all({"sex": SEX, "town": town}).values
    assert [field.decode(code) for code in codes][:3] == ["f & a", "m & b", "missing & a"]
    assert sum(field.counts) == 6 and field.counts[codes[0]] == 1


def test_what_names_no_groups_is_refused() -> None:
    many = Column(np.array([f"name {i}" for i in range(200)], object), Kind.CATEGORY)
    with pytest.raises(Fault, match="200 different values"):
        Group().fit({"name": many})
    with pytest.raises(Fault, match="images"):
        Group().fit({"image": Column(np.zeros((3, 8, 8), np.uint8), Kind.IMAGE)})
