"""Oddities are found where they were planted, by row, and clean columns are left in peace."""

from dataclasses import replace

import numpy as np
import pytest

from brainwright.data.finding import Flaw
from brainwright.data.oddities import oddities
from brainwright.data.sides import sides
from brainwright.data.table import Column, Kind, Share, Table

COUNT = 400


def clean(seed: int = 0) -> Table:
    draw = np.random.default_rng(seed)
    day = np.datetime64("2024-01-01", "s") + draw.integers(0, 10**7, COUNT).astype("timedelta64[s]")
    return Table.of(
        {
            "size": Column(draw.normal(50, 9, COUNT), Kind.NUMBER),
            "income": Column(np.exp(draw.normal(9, 1, COUNT)).round(2), Kind.NUMBER),
            "gain": Column(np.where(draw.random(COUNT) < 0.7, 0.0, draw.normal(900, 200, COUNT).round()), Kind.NUMBER),
            "day": Column(day, Kind.DATE),
            "town": Column(draw.choice(["Köln", "Bonn", "Trier"], COUNT).astype(object), Kind.CATEGORY),
            "said": Column(np.array([f"café {draw.random()} à la carte" for _ in range(COUNT)], object), Kind.TEXT),
            "patient": Column(np.array([f"p{index % 80}" for index in range(COUNT)], object), Kind.CATEGORY),
            "answer": Column(draw.choice(["yes", "no"], COUNT).astype(object), Kind.CATEGORY),
        },
        "clean",
    )


def changed(name: str, rows: object, value: object) -> Table:
    table = clean()
    values = table[name].values.copy()
    values[rows] = value
    return replace(table, columns={**table.columns, name: replace(table[name], values=values)})


@pytest.mark.parametrize("seed", range(20))
def test_a_clean_table_is_left_in_peace(seed: int) -> None:
    assert [one.text for one in oddities(clean(seed), "answer")] == []


ROWS = np.arange(7, 300, 41)


@pytest.mark.parametrize(
    ("name", "rows", "value", "words"),
    [
        ("size", ROWS, -999.0, "missing value"),
        ("gain", ROWS, 99999.0, "missing value"),
        ("size", ROWS[:2], 50e5, "out of all proportion"),
        ("day", ROWS[:1], np.datetime64("0202-05-01", "s"), "before 1800"),
        ("day", ROWS, np.datetime64("1970-01-01", "s"), "1970"),
        ("said", ROWS[:2], "cafÃ© au lait", "broken letters"),
        ("said", ROWS[:2], "he said â€œyesâ€\u009d", "broken letters"),
        ("said", ROWS[:2], "lost \ufffd letter", "broken letters"),
        ("town", ROWS, "bonn ", "different ways"),
        ("town", ROWS, "Ko\u0308ln", "different ways"),
    ],
)
def test_what_is_planted_is_found_by_row(name: str, rows: object, value: object, words: str) -> None:
    (found,) = oddities(changed(name, rows, value), "answer")
    assert words in found.text
    assert name in found.text
    assert set(np.atleast_1d(rows)) == set(found.rows)


def test_persons_on_both_sides_of_a_given_split() -> None:
    table = clean()
    apart = np.array([int(word[1:]) < 60 for word in table["patient"].values])
    kept = replace(table, shares=np.where(apart, Share.TRAIN, Share.TEST).astype(np.uint8))
    assert Flaw.PERSONS not in {one.flaw for one in sides(kept, "answer")}
    mixed = replace(table, shares=np.where(np.arange(COUNT) < 300, Share.TRAIN, Share.TEST).astype(np.uint8))
    found = next(one for one in sides(mixed, "answer") if one.flaw == Flaw.PERSONS)
    assert "80 values of 'patient'" in found.text
    assert "--group patient" in found.text


def test_rows_that_contradict_each_other() -> None:
    table = clean()
    columns = {}
    for name, column in table.columns.items():
        values = column.values.copy()
        values[10] = values[20] if name != "answer" else "yes"
        if name == "answer":
            values[20] = "no"
        columns[name] = replace(column, values=values)
    (found,) = oddities(replace(table, columns=columns), "answer")
    assert found.rows.tolist() == [10, 20]
    assert "another 'answer'" in found.text
