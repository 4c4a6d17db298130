"""Which columns may tell a target, and which column is the target."""

import numpy as np
import pytest

from brainwright.data.inputs import inputs, likely_target
from brainwright.data.table import Column, Kind, Table

ROWS = 40


def words(*choices):
    return Column(np.resize(np.array(choices, object), ROWS), Kind.CATEGORY)


def numbers(*values):
    return Column(np.resize(np.array(values, float), ROWS), Kind.NUMBER)


def test_what_tells_nothing_is_left_out_with_a_reason():
    table = Table.of(
        {
            "id": Column(np.arange(ROWS, dtype=float), Kind.NUMBER),
            "age": numbers(1, 2, np.nan),
            "sex": words("f", "m", None),
            "flat": numbers(7),
            "sometimes": numbers(7, np.nan),
            "void": words(None),
            "story": Column(np.resize(np.array(["it was a night", "and so on"], object), ROWS), Kind.TEXT),
            "split": words("train", "train", "test"),
            "target": words("yes", "no"),
        }
    )
    kept, left = inputs(table, "target")
    assert kept == ("age", "sex", "sometimes")
    reasons = "'id' (an identifier)", "'flat' (never changes)", "'void' (always missing)"
    assert left == (*reasons, "'story' (text)", "'split' (says the split)")


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        (("age", "target", "sex"), "target"),
        (("age", "Label"), "Label"),
        (("age", "sex", "income"), "income"),
        (("income", "age", "sex"), ""),
        (("age", "house_price"), "house_price"),
        (("target", "label", "age"), ""),
        (("age", "sex"), ""),
    ],
)
def test_a_target_is_guessed_only_from_its_name(columns, target):
    assert likely_target(Table.of({name: words("a", "b") for name in columns})) == target
