"""Groups: who belongs together in an audit, by columns of the run's own data or of a file beside them; never inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.catalogue import nearest
from brainwright.data.columns import missing
from brainwright.data.examples import Portion
from brainwright.data.fields.group import JOINT, MISSING, OTHERS, Group
from brainwright.data.opening import open_table
from brainwright.data.table import Column, Table
from brainwright.errors import Fault
from brainwright.trust.case import Case

FILE, ROW = "file", "row"  # columns of a side file that say whose line it is
NAMED = 3  # lines of a side file that a message names


@dataclass(frozen=True)
class Grouping:
    """Every example of a portion in one of several groups."""

    name: str
    """The column's, or both columns' of an intersection."""
    labels: tuple[str, ...]
    """Of the groups that occur, in order."""
    codes: NDArray[np.int64]
    """[N] into labels."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Members of each group."""
        return np.bincount(self.codes, minlength=len(self.labels))


def groupings(
    case: Case, columns: Mapping[str, Column], portion: Portion, depth: int
) -> tuple[list[Grouping], tuple[str, ...]]:
    """One grouping a column and, up to `depth` 2, one a pair of columns; and what must be said of the groups.

    Numbers and dates are cut at their quartiles in the training share.
    """
    train = case.shares["train"].examples.rows
    found, notes = [], []
    for names in [*combinations(columns, 1), *(combinations(columns, 2) if depth > 1 else ())]:
        field = Group().fit({name: columns[name].take(train) for name in names})
        given = {name: columns[name].take(portion.examples.rows) for name in names}
        every = field.encode_all(given).values
        present, codes = np.unique(every, return_inverse=True)
        labels = tuple(field.classes[code] for code in present)
        found.append(Grouping(JOINT.join(names), labels, codes.astype(np.int64)))
        if len(names) == 1:
            notes += told(names[0], field, labels, missing(given[names[0]]).sum())
    return found, tuple(notes)


def told(name: str, field: Group, labels: Sequence[str], gaps: int) -> list[str]:
    """How one column's cells were made groups, where that is not plain."""
    notes = []
    if field.cuts[0].edges:
        notes.append(f"{name} was cut at its quartiles in the training share: {', '.join(field.cuts[0].bins())}")
    if gaps:
        notes.append(f"{gaps:,} examples have no {name}: they are the group {MISSING!r}")
    if OTHERS in labels:
        notes.append(f"values of {name} that the training share does not hold are the group {OTHERS!r}")
    return notes


def columns_of(case: Case, by: Sequence[str], side: str) -> dict[str, Column]:
    """The columns that are asked for, [rows of the table] each: of the side file where there is one, else of the data.

    Raises:
        Fault: no such column, or a side file that does not match the data.
    """
    beside = from_side(Path(side), case.table) if side else {}
    known = {**case.table.columns, **beside}
    names = list(dict.fromkeys(name.strip() for name in by if name.strip())) or list(beside)
    if not names:
        raise Fault("an audit needs to know whose answers to compare", f"name columns: --by {', '.join(known)}")
    for name in names:
        if name not in known:
            raise Fault(f"no column is called {name!r}", nearest(name, known))
    return {name: known[name] for name in names}


def from_side(path: Path, table: Table) -> dict[str, Column]:
    """The columns of a CSV file whose lines name the data's files (`file`), their rows (`row`), or both.

    A row is counted as messages count it: the line of its file. Rows that no line names are missing in every column.

    Raises:
        Fault: it cannot be read, names no rows, or names rows that are not there or twice.
    """
    try:
        frame = pd.read_csv(path, dtype=str, skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise Fault(f"{path} cannot be read ({str(error).splitlines()[0]})", "give a CSV file with a header") from None
    keys = [name for name in (FILE, ROW) if name in frame.columns]
    if not keys or len(keys) == len(frame.columns):
        what = f"{path} has the columns {', '.join(map(str, frame.columns))}"
        raise Fault(what, f"give a column {FILE!r} or {ROW!r} that says whose line it is, and columns of groups")
    places = matched(frame, keys, table, path)
    read = open_table(frame.drop(columns=keys))
    return {str(name): laid(column, places, len(table)) for name, column in read.columns.items()}


def matched(frame: pd.DataFrame, keys: Sequence[str], table: Table, path: Path) -> NDArray[np.int64]:
    """The table's row that each line names [lines].

    Raises:
        Fault: a line names no row, several rows, or a row that another line names.
    """
    rows = np.arange(len(table))
    own = {
        FILE: np.asarray(table.files, object)[table.file_of] if len(table.file_of) else np.full(len(table), ""),
        ROW: (table.row_of if len(table.row_of) else rows + 1).astype(str),
    }
    if FILE in keys:
        deep = 1 + max((str(name).replace("\\", "/").count("/") for name in frame[FILE].dropna()), default=0)
        own[FILE] = np.array(["/".join(str(name).replace("\\", "/").split("/")[-deep:]) for name in own[FILE]], object)
    index = pd.MultiIndex.from_arrays([own[key] for key in keys])
    asked = pd.MultiIndex.from_arrays([frame[key].fillna("").str.strip().str.replace("\\", "/") for key in keys])
    for wrong, why in (
        (~asked.isin(index), "name nothing in the data"),
        (asked.isin(index[index.duplicated()]), "name several rows of the data"),
        (asked.duplicated(), "name what an earlier line names"),
    ):
        if wrong.any():
            lines = [f"line {place + 2} ({', '.join(asked[place])})" for place in np.flatnonzero(wrong)[:NAMED]]
            more = f" and {wrong.sum() - NAMED:,} more" if wrong.sum() > NAMED else ""
            raise Fault(f"{path}: {', '.join(lines)}{more} {why}", f"the data have {table.where(0)}, for example")
    return np.asarray(pd.Series(rows, index=index).loc[asked].to_numpy(), np.int64)


def laid(column: Column, places: NDArray[np.int64], length: int) -> Column:
    """A side file's column [lines] as one of the table [rows]; missing where no line speaks."""
    values: NDArray[Any]
    if column.values.dtype == object:
        values = np.full(length, None, object)
    else:
        values = np.full(length, np.datetime64("NaT", "s") if column.values.dtype.kind == "M" else np.nan)
    values[places] = column.values
    return Column(values, column.kind, column.reason)
