"""Where a drive ends: by its name, its share, its file, rows that are missing, and its clock."""

from dataclasses import replace

import numpy as np
import pytest

from brainwright.data.drives import behind, names_a_drive, stretches, tells_time
from brainwright.data.table import Column, Kind, Table


def table(**columns: tuple[Kind, list[object]]) -> Table:
    made = {name: Column(np.array(values, float if kind == Kind.NUMBER else None), kind)
            for name, (kind, values) in columns.items()}  # fmt: skip
    return Table.of({"speed": Column(np.arange(6.0), Kind.NUMBER), **made})


def test_one_drive_is_one_stretch() -> None:
    assert stretches(table()).tolist() == [0] * 6
    assert stretches(table(time=(Kind.NUMBER, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]))).tolist() == [0] * 6


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("episode", [1.0, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1]),
        ("timestamp", [0.0, 0.1, 0.2, 9.0, 9.1, 9.2], [0, 0, 0, 1, 1, 1]),
        ("timestamp", [5.0, 5.1, 5.2, 0.0, 0.1, 0.2], [0, 0, 0, 1, 1, 1]),
    ],
)
def test_a_name_or_a_clock_parts_drives(name: str, values: list[object], wanted: list[int]) -> None:
    assert stretches(table(**{name: (Kind.NUMBER, values)})).tolist() == wanted


def test_shares_files_and_missing_rows_part_stretches() -> None:
    plain = table()
    shared = replace(plain, shares=np.array([0, 0, 1, 1, 2, 2], np.uint8))
    assert stretches(shared).tolist() == [0, 0, 1, 1, 2, 2]
    filed = replace(plain, file_of=np.array([0, 0, 0, 1, 1, 1], np.int32), row_of=np.array([2, 3, 5, 6, 7, 8]))
    assert stretches(filed).tolist() == [0, 0, 1, 2, 2, 2]


def test_what_lies_behind_never_leaves_its_stretch() -> None:
    assert behind(np.array([0, 0, 0, 1, 1]), 3).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [3, 3, 3], [3, 3, 4]]
    assert behind(np.array([0, 0]), 1).tolist() == [[0], [1]]


def test_names() -> None:
    assert names_a_drive("driveId") and names_a_drive("clip_number") and not names_a_drive("driver_mood")
    assert tells_time("time_stamp") and not tells_time("speed")
