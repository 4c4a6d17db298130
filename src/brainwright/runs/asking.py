"""Asking: what a user brings for prediction (files, folders, tables, texts, rows) as a table the run can read."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from brainwright.data.columns import ENDS, WORDS
from brainwright.data.opening import open_table
from brainwright.data.scans import is_one_scan
from brainwright.data.table import FILES, Column, Kind, Share, Table
from brainwright.errors import Fault
from brainwright.runs.run import Run


def question(run: Run, source: Any) -> Table:
    """A table of the run's input columns.

    `source` is a path to a picture, a sound or a scan, a folder of them or a table; a text where the run reads one; a
    mapping of column to value, a list of any of these, a pandas DataFrame, or for a run that makes things how many.

    Raises:
        Fault: nothing there that this run can read.
    """
    if isinstance(source, Table):
        return source
    if not any(slot.name in run.claim.columns for slot in run.task.slots() if slot.side == "input"):
        return so_many(source)
    lone = single_input(run)
    if isinstance(source, Mapping):
        source = [source]
    if isinstance(source, list):
        bare = lone and not any(isinstance(one, Mapping) for one in source)
        source = pd.DataFrame({lone: source} if bare else source)
    if isinstance(source, pd.DataFrame):
        return open_table(source, kinds_of(run, source.columns))
    path = Path(source) if len(str(source)) < 1000 else Path()
    kind = run.kinds.get(lone)
    if (kind in FILES and path.suffix.lower() in ENDS[kind]) or (kind == Kind.VOLUME and is_one_scan(path)):
        if not path.exists():
            raise Fault(f"there is no {WORDS.get(kind, 'scans')[:-1]} {path}", "check the path")
        column = Column(np.array([str(path)], object), kind)
        file, row = np.zeros(1, np.int32), np.zeros(1, np.int64)  # row 0: the file itself
        return Table({lone: column}, np.full(1, Share.OPEN, np.uint8), str(path), (str(path),), file, row)
    if lone and run.kinds.get(lone) == Kind.TEXT and not (path.name and path.exists()):
        return Table.of({lone: Column(np.array([str(source)], object), Kind.TEXT)}, "the text given")
    return named(run, open_table(path, columns_of(run, path)), lone)


def so_many(source: Any) -> Table:
    """A run that reads nothing of the user's (it makes things from noise) is only asked how many.

    Raises:
        Fault: no whole number above zero.
    """
    if not str(source).isdecimal() or int(source) < 1:
        raise Fault(f"this run makes things from nothing; {source!r} is no number of them", "say how many, such as 16")
    return Table({}, np.full(int(source), Share.OPEN, np.uint8), f"{source} asked for")


def from_lines(run: Run, content: str) -> Table:
    """Standard input: JSON lines, a CSV with a header, or plain lines of text for a run that reads one text."""
    lone = single_input(run)
    if content.lstrip().startswith("{"):
        return question(run, [json.loads(line) for line in content.splitlines() if line.strip()])
    if lone and run.kinds.get(lone) == Kind.TEXT:
        lines = [line for line in content.splitlines() if line.strip()]
        return Table.of({lone: Column(np.array(lines, object), Kind.TEXT)}, "standard input")
    return question(run, pd.read_csv(io.StringIO(content)))


def single_input(run: Run) -> str:
    """The one column that the run reads, or "" when it reads several."""
    columns = [run.claim.columns.get(slot.name) for slot in run.task.slots() if slot.side == "input"]
    return columns[0] if len(columns) == 1 and isinstance(columns[0], str) else ""


def named(run: Run, table: Table, lone: str) -> Table:
    """A folder of pictures calls its column `image`; the run may know it by another name."""
    same = table.kinds(run.kinds[lone]) if lone in run.kinds else []
    if lone and lone not in table.columns and len(same) == 1:
        columns = dict(table.columns)
        columns[lone] = columns.pop(same[0])
        return Table(columns, table.shares, table.source, table.files, table.file_of, table.row_of, table.notes)
    return table


def kinds_of(run: Run, present: Any) -> str:
    """How columns were read in training, as the `columns` option writes it, for those that are present."""
    return ",".join(f"{name}={kind.value}" for name, kind in run.kinds.items() if name in set(present) and safe(name))


def columns_of(run: Run, path: Path) -> str:
    """The same for a table file, whose header is asked first; folders and other layouts bring their own kinds."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return ""
    try:
        header = path.read_text(encoding="utf-8-sig").partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        return ""  # opening it will say what is wrong
    splitter = "\t" if "\t" in header else ","
    return kinds_of(run, [name.strip().strip('"') for name in header.split(splitter)])


def safe(name: str) -> bool:
    """Whether the `columns` option can write this name."""
    return not set(name) & set(",=")
