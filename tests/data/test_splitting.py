"""Splitting: every row decided once, given shares kept, copies and groups together, the past first, classes in step."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainwright.data.opening import open_table
from brainwright.data.splitting import Splitting, merged
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

DRAW = np.random.default_rng(0)


def table(rows: int = 400, **more) -> Table:
    frame = pd.DataFrame(
        {"x": DRAW.normal(size=rows), "y": np.where(DRAW.random(rows) < 0.25, "rare", "common"), **more}
    )
    return open_table(frame)


def with_shares(whole: Table, *lengths: int) -> Table:
    shares = np.repeat(np.array([Share.TRAIN, Share.VALIDATION, Share.TEST], np.uint8), lengths)
    return Table(whole.columns, shares, "memory")


def counts(divided: Table) -> list[int]:
    return np.bincount(divided.shares, minlength=4).tolist()


def test_in_proportion_and_repeatable():
    whole = table()
    divided, reasons = Splitting().divide(whole, "y", 3)
    again, _ = Splitting().divide(whole, "y", 3)
    other, _ = Splitting().divide(whole, "y", 4)
    assert counts(divided) == [280, 60, 60, 0]
    assert (divided.shares == again.shares).all() and (divided.shares != other.shares).any()
    rare = divided["y"].values == "rare"
    for share in range(3):
        assert abs(rare[divided.shares == share].mean() - rare.mean()) < 0.02
    assert reasons == (
        "validation and test cut at random, each class of 'y' in proportion (seed 3)",
        "rows: 280 train, 60 validation, 60 test",
    )


def test_many_small_classes_all_train_and_share_sizes_hold():
    whole = table(400, y=[f"c{i % 40}" for i in range(400)])
    divided, _ = Splitting().divide(whole, "y", 0)
    assert counts(divided)[:3] == [280, 60, 60]
    assert len(set(divided["y"].values[divided.shares == Share.TRAIN])) == 40


def test_given_shares_are_kept_and_validation_is_cut_from_train():
    whole = with_shares(table(), 300, 0, 100)
    divided, reasons = Splitting().divide(whole, "y", 0)
    assert counts(divided) == [255, 45, 100, 0] and (divided.shares[300:] == Share.TEST).all()
    assert reasons[0].startswith("validation cut at random")
    complete = with_shares(table(), 300, 50, 50)
    divided, reasons = Splitting().divide(complete, "y", 0)
    assert (divided.shares == complete.shares).all() and "given by the data" in reasons[0]
    divided, _ = Splitting().divide(with_shares(table(), 350, 50, 0), "y", 0)
    assert counts(divided)[2] == 52 and (divided.shares[350:] == Share.VALIDATION).all()


def test_validation_rows_are_capped():
    assert counts(Splitting(validation_rows=20).divide(table(), "y", 0)[0])[1] == 20


def test_copies_stay_together():
    x = np.repeat(DRAW.normal(size=300), [2] * 100 + [1] * 200)
    divided, reasons = Splitting().divide(table(400, x=x), "y", 0)
    frame = pd.DataFrame({"x": x, "share": divided.shares})
    assert (frame.groupby("x")["share"].nunique() == 1).all()
    assert "100 rows are copies of others: copies stay in one share" in reasons


def test_copied_pictures_stay_together():
    images = DRAW.integers(0, 255, (100, 5, 5), np.uint8)
    images[50:60] = images[:10]
    divided, _ = Splitting().divide(open_table({"image": images, "y": ["a", "b"] * 50}), "y", 0)
    assert (divided.shares[50:60] == divided.shares[:10]).all()


def test_rows_that_repeat_by_nature_are_no_copies():
    whole = open_table(pd.DataFrame({"x": ["a", "b"] * 100, "y": ["u", "v", "v", "u"] * 50}))
    divided, reasons = Splitting().divide(whole, "y", 0)
    assert counts(divided) == [140, 30, 30, 0] and any("not taken for copies" in line for line in reasons)


def test_groups_stay_whole():
    who = np.array([f"p{i}" for i in DRAW.integers(0, 40, 400)])
    divided, reasons = Splitting(group="who").divide(table(400, who=who), "y", 0)
    assert (pd.DataFrame({"who": who, "share": divided.shares}).groupby("who")["share"].nunique() == 1).all()
    assert min(counts(divided)[:3]) > 20 and "by whole groups of 'who'" in reasons[0]


def test_a_giant_group_trains():
    who = ["giant"] * 300 + [f"p{i % 20}" for i in range(100)]
    for seed in range(5):
        divided, _ = Splitting(group="who").divide(table(400, who=who), "y", seed)
        assert (divided.shares[:300] == Share.TRAIN).all() and min(counts(divided)[1:3]) > 10


def test_groups_and_copies_spread_to_each_other():
    assert merged(np.array([0, 0, 1, 2, 3]), np.array([0, 1, 1, 2, 2])).tolist() == [0, 0, 0, 1, 1]


def test_time_by_itself_and_as_told():
    when = pd.date_range("2024-01-01", periods=400, freq="h")
    divided, reasons = Splitting().divide(table(400, when=when), "y", 0)
    assert counts(divided) == [280, 60, 60, 0] and (np.diff(divided.shares.astype(int)) >= 0).all()
    assert "its dates order the rows" in reasons[0]
    shuffled = when.to_numpy().copy()
    DRAW.shuffle(shuffled)
    assert "time" not in Splitting().divide(table(400, when=shuffled), "y", 0)[1][0]
    divided, reasons = Splitting(time="when").divide(table(400, when=shuffled), "y", 0)
    latest = [shuffled[divided.shares == share].max() for share in range(3)]
    earliest = [shuffled[divided.shares == share].min() for share in range(3)]
    assert latest[0] < earliest[1] and latest[1] < earliest[2] and "as asked" in reasons[0]


def test_one_moment_is_not_parted():
    when = np.repeat(pd.date_range("2024-01-01", periods=40, freq="D"), 10)
    divided, _ = Splitting().divide(table(400, when=when), "y", 0)
    assert (pd.DataFrame({"when": when, "share": divided.shares}).groupby("when")["share"].nunique() == 1).all()


@pytest.mark.parametrize("name", ["split", "Subset"])
def test_a_split_column_is_recognised_and_leaves(name):
    words = ["Train"] * 300 + ["dev"] * 40 + ["TEST"] * 60
    divided, reasons = Splitting().divide(table(400, **{name: words}), "y", 0)
    assert counts(divided) == [300, 40, 60, 0] and name not in divided.columns and repr(name) in reasons[0]


def test_a_split_column_by_another_name():
    words = ["train"] * 300 + ["test"] * 100
    divided, _ = Splitting(split="part").divide(table(400, part=words), "y", 0)
    assert counts(divided) == [255, 45, 100, 0]
    words[7] = "tset"
    with pytest.raises(Fault, match="row 8: part says 'tset', which is no share"):
        Splitting(split="part").divide(table(400, part=words), "y", 0)
    assert "split" in Splitting().divide(table(400, split=words), "y", 0)[0].columns  # not all words: an input


def test_test_rows_without_an_answer_are_left_out():
    labels = ["a", "b"] * 150 + [None] * 100
    divided, reasons = Splitting().divide(with_shares(table(400, y=labels), 300, 0, 100), "y", 0)
    assert len(divided) == 300 and counts(divided)[2] == 45 and "100 test rows have no 'y'" in reasons[0]


@pytest.mark.parametrize(
    ("splitting", "rows", "words"),
    [
        (Splitting(group="z"), 400, "no column is called 'z'"),
        (Splitting(group="y"), 400, "2 groups of rows"),
        (Splitting(time="y"), 400, "has no order"),
        (Splitting(time="x", group="y"), 400, "choose one of"),
        (Splitting(), 2, "2 rows cannot be split"),
    ],
)
def test_faults(splitting, rows, words):
    with pytest.raises(Fault, match=words):
        splitting.divide(table(rows), "y", 0)


def test_a_long_text_is_validated_on_enough_and_no_more():
    """Of a text that goes on, 50,000 letters are enough to choose by; of a short one 15 % are validated on as ever."""
    for length, wanted in ((1000, 50), (100, 90)):
        lines = Column(np.full(600, "x" * length, object), Kind.TEXT)
        told = replace(Table.of({"text": lines}), ordered=True)
        divided, _ = Splitting().divide(told, "", 0)
        assert counts(divided)[:3] == [510 - wanted, wanted, 90]
        assert (np.diff(divided.shares.astype(int)) >= 0).all()


def test_a_constant_time_has_no_past():
    with pytest.raises(Fault, match="too few different times"):
        Splitting(time="t").divide(table(400, t=np.ones(400)), "y", 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 300), st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from(["y", "n", ""]))
def test_whatever_the_size_every_share_is_filled(rows, classes, seed, target):
    draw = np.random.default_rng(seed)
    labels = np.array([f"c{i}" for i in draw.integers(0, classes, rows)], object)
    columns = {"x": Column(draw.normal(size=rows), Kind.NUMBER), "n": Column(draw.normal(size=rows), Kind.NUMBER)}
    divided, _ = Splitting().divide(Table.of({**columns, "y": Column(labels, Kind.CATEGORY)}), target, seed)
    assert min(counts(divided)[:3]) > 0 and counts(divided)[3] == 0
    assert counts(divided)[0] >= rows * 0.5
