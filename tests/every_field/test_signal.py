"""Signal: numbers come back, gaps are filled from before, lengths are kept, and readers find series where plain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from brainwright.catalogue import find
from brainwright.data.field import Unreadable
from brainwright.data.fields.signal import Signal, filled
from brainwright.data.opening import open_table
from brainwright.data.table import Column, Kind, Table
from brainwright.errors import Fault
from brainwright.runs.inference import infer
from brainwright.tasks.task import Task

DRAW = np.random.default_rng(0)
SIGNALS = np.empty(5, object)
for row in range(5):
    SIGNALS[row] = DRAW.normal((3, -20), (2, 0.1), (10 + 3 * row, 2))
FIELD = Signal().fit(SIGNALS)


def test_statistics_are_those_of_all_steps_together():
    every = np.concatenate(list(SIGNALS))
    np.testing.assert_allclose(FIELD.mean, every.mean(0), rtol=1e-5)
    np.testing.assert_allclose(FIELD.scale, every.std(0), rtol=1e-4)
    assert FIELD.middle == 16


@given(some.lists(some.tuples(*[some.floats(-1e6, 1e6, width=32)] * 2), min_size=1, max_size=20))
def test_decodes_what_it_encoded(steps):
    np.testing.assert_array_equal(FIELD.decode(FIELD.encode(steps)), steps)


def test_gaps_take_the_value_before_them_and_the_first_ones_the_value_after():
    gap = np.nan
    steps = np.array([[gap, 1], [gap, gap], [5, gap], [gap, 2]])
    assert filled(steps).tolist() == [[5, 1], [5, 1], [5, 1], [5, 2]]
    with pytest.raises(Unreadable, match="without any number"):
        FIELD.encode(np.full((4, 2), gap))
    with pytest.raises(Unreadable, match="3 variables instead of 2"):
        FIELD.encode(np.zeros((4, 3)))


def test_batches_say_lengths_and_units_are_stretches_of_each_variable():
    batch = FIELD.collate(FIELD.encode_all(SIGNALS[:2]))
    assert batch.values.shape == (2, 13, 2) and batch.lengths.tolist() == [10, 13] and not batch.values[0, 10:].any()
    one = FIELD.collate(FIELD.encode_all(SIGNALS[4:]))
    units = FIELD.units(one, SIGNALS[4])
    assert len(units) == 32 and units.owner.shape == (22, 2) and len(set(units.owner.ravel().tolist())) == 32
    assert units.names[0] == "variable 1, steps 1 to 2"
    assert FIELD.show(SIGNALS[0]).count("<polyline") == 2


def test_archives_hold_series_where_they_say_so(tmp_path):
    np.savez(tmp_path / "a.npz", series=DRAW.normal(size=(30, 50, 3)), labels=np.arange(30) % 2)
    table = open_table(tmp_path / "a.npz")
    assert table["series"].kind == Kind.SERIES and table["series"].values[0].shape == (50, 3)
    assert infer(table, "", "")[0].word() == "series-classification"
    np.savez(tmp_path / "b.npz", X=DRAW.normal(size=(30, 50)), y=np.arange(30) % 2)
    plain = open_table(tmp_path / "b.npz")
    assert infer(plain, "", "")[0].word() == "tabular-classification"  # a table stays a table,
    kind, claim = infer(plain, "label", "series-classification")  # unless it is asked for
    examples = kind().examples(plain, claim)
    assert examples.values["signal"].shape == (30, 50)
    assert Signal().fit(examples.values["signal"]).encode_all(examples.values["signal"]).values.shape == (1500, 1)


def test_folders_of_tables_are_series_and_what_is_wrong_is_named(tmp_path):
    for label in ("up", "down"):
        (tmp_path / label).mkdir()
        for i in range(4):
            rows = "\n".join(f"{t},{t * i},{t}" for t in range(5))
            (tmp_path / label / f"{i}.csv").write_text(f"time,x,y\n{rows}")
    table = open_table(tmp_path)
    assert table["series"].values[1].tolist()[-1] == [4, 4] and table.where(1) == "down/1.csv"
    (tmp_path / "up" / "2.csv").write_text("x,y\n1,2\n3,four")
    with pytest.raises(Fault, match=r"up/2.csv, row 3: y holds 'four', which is no number"):
        open_table(tmp_path)
    (tmp_path / "up" / "2.csv").write_text("x,z\n1,2")
    with pytest.raises(Fault, match=r"up/2.csv has the columns x, z, down/0.csv x, y"):
        open_table(tmp_path)
    (tmp_path / "up" / "2.csv").write_text("x,y\n")
    with pytest.raises(Fault, match=r"up/2.csv holds no steps"):
        open_table(tmp_path)


def test_a_task_claims_series_before_the_words_beside_them():
    columns = {"series": Column(SIGNALS, Kind.SERIES), "label": Column(np.array(list("ababa"), object), Kind.CATEGORY)}
    table = Table.of(columns)
    claim = find("tasks", "series-classification", Task).claim(table, "")
    assert claim is not None and claim.columns == {"signal": "series", "label": "label"}
