"""Opening: whatever the user hands over, a path, a pandas frame or arrays, becomes a Table, its columns corrected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from brainwright.catalogue import catalogue, find, nearest
from brainwright.data import columns as reading
from brainwright.data import tables
from brainwright.data.reader import Reader
from brainwright.data.table import WHOLE, Column, Kind, Table
from brainwright.errors import Fault

FAMILY = "data/readers"
ADVICE = {".xlsx": "save the sheet as CSV", ".xls": "save the sheet as CSV", ".zip": "unpack it and give the folder"}
Data = str | Path | pd.DataFrame | Mapping[str, Any] | Table


def open_table(data: Data, columns: str = "") -> Table:
    """The user's data as a table: a path, a pandas frame, a mapping of arrays or lists, or a table.

    `columns` corrects how columns are read, such as "zip=category,age=number".

    Raises:
        Fault: nothing there, nothing readable, or a correction that the values do not fit.
    """
    if isinstance(data, Table):
        table = data
    elif isinstance(data, str | Path):
        table = from_path(Path(data).expanduser())
    else:
        table = from_memory(data)
    return corrected(table, columns) if columns.strip() else table


def from_path(path: Path) -> Table:
    """Ask every reader, the most special first, and let the first that knows the path read it.

    Raises:
        Fault: no such path, an empty file or folder, or nothing that any reader knows.
    """
    if not path.exists():
        raise Fault(f"there is no {path}", near(path))
    if path.is_file() and not path.stat().st_size:
        raise Fault(f"{path} is empty", "fill it or give another")
    if path.is_dir() and not tables.visible(path):
        raise Fault(f"the folder {path} is empty", "put the data there or give another")
    known, lacking = readers()
    try:
        for reader in known:
            if reader.knows(path):
                return reader().read(path)
    except PermissionError as error:
        raise Fault(f"{error.filename} may not be read", "change its permissions or copy it") from None
    raise Fault(unknown(path), "; ".join([ADVICE.get(path.suffix.lower(), formats()), *lacking]))


def readers() -> tuple[list[type[Reader]], list[str]]:
    """Every reader, the most special first; and one line for each that misses its library."""
    known, lacking = [], []
    for word in catalogue(FAMILY):
        try:
            known.append(find(FAMILY, word, Reader))
        except Fault as fault:
            lacking.append(str(fault))
    return sorted(known, key=lambda reader: reader.rank), lacking


def near(path: Path) -> str:
    """The advice for a path that is not there: the nearest name in the deepest folder that is."""
    parent = next(folder for folder in path.absolute().parents if folder.is_dir())
    wanted = path.absolute().relative_to(parent).parts[0]
    names = [entry.name for entry in tables.visible(parent)]
    found = get_close_matches(wanted, names, 1)
    some = f"{parent} holds {', '.join(names[:8])}{' ...' * (len(names) > 8)}" if names else f"{parent} is empty"
    return f"did you mean {parent / found[0]}?" if found else some


def unknown(path: Path) -> str:
    """What was found where no reader knows the path."""
    if path.is_file():
        if path.suffix.lower() in (*reading.IMAGE_SUFFIXES, *reading.SOUND_SUFFIXES):
            what = "picture" if path.suffix.lower() in reading.IMAGE_SUFFIXES else "recording"
            return f"{path} is a single {what}, and learning takes a folder of them"
        return f"{path} is laid out as no reader knows"
    ends = Counter(file.suffix.lower() or "without suffix" for file in path.rglob("*") if file.is_file())
    held = ", ".join(f"{count:,} {end}" for end, count in ends.most_common(5))
    return f"nothing in {path} can be read as data (it holds {held or 'only folders'})"


def formats() -> str:
    """What can be read, from the readers' own first lines."""
    return "readable are: " + "; ".join(line.partition(":")[0].rstrip(".") for line in catalogue(FAMILY).values())


def from_memory(data: pd.DataFrame | Mapping[str, Any]) -> Table:
    """Columns held in memory.

    Raises:
        Fault: no rows, a single value, or columns of different length.
    """
    made: dict[str, Column] = {}
    notes: list[str] = []
    for name, values in data.items():
        array = values if isinstance(values, pd.Series | list | tuple) else np.asarray(values)
        if isinstance(array, np.ndarray) and not array.ndim:
            raise Fault(
                f"column {name!r} is a single value: {str(values)[:40]!r}", "give a list, one value for each row"
            )
        if isinstance(array, np.ndarray) and array.ndim > 1:
            made |= reading.from_array(str(name), array)
        else:
            read, said = reading.typed(pa.table({str(name): reading.array_of(array)}), Path())
            made, notes = made | read, notes + said
    lengths = {name: len(column) for name, column in made.items()}
    if len(set(lengths.values())) > 1:
        raise Fault(f"the columns differ in length: {lengths}", "give every row every value")
    if not any(lengths.values()):
        raise Fault("; ".join(["the data in memory has no rows that can be read", *notes]), "give some")
    return replace(Table.of(made), notes=notes)


def corrected(table: Table, columns: str) -> Table:
    """Read some columns as the user says.

    Raises:
        Fault: no such column or kind (with the nearest name), or a value that does not fit, with its file and row.
    """
    changed = dict(table.columns)
    for piece in filter(None, (piece.strip() for piece in columns.split(","))):
        name, _, word = (part.strip() for part in piece.rpartition("="))
        if not name:
            raise Fault(f"{piece!r} says no kind", f"write NAME=KIND, the kinds are {', '.join(Kind)}")
        if name not in changed:
            raise Fault(f"no column is called {name!r}", nearest(name, changed))
        if word not in set(Kind):
            raise Fault(f"{word!r} is no kind of column", nearest(word, {kind.value: kind for kind in Kind}))
        changed[name] = recast(table, name, Kind(word))
    return replace(table, columns=changed)


def recast(table: Table, name: str, kind: Kind) -> Column:
    """One column read as another kind.

    Raises:
        Fault: naming the first value that does not fit, its file and row.
    """
    column, wrong = reading.corrected(table[name], kind)
    if not wrong.any():
        return column
    row = int(np.flatnonzero(wrong)[0])
    if {table[name].kind, kind} & {*WHOLE}:
        what = f"column {name!r} holds {table[name].kind} values, which cannot be read as {kind}"
        raise Fault(what, f"{table.where(row)} holds {str(table[name].values[row])[:40]!r}")
    also = f" and {wrong.sum() - 1:,} more" if wrong.sum() > 1 else ""
    what = f"{table.where(row)}: {name} holds {str(table[name].values[row])[:40]!r}{also}, which is no {kind}"
    raise Fault(what, f"mend the value or read {name} as {table[name].kind}")
