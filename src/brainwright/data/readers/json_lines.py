"""JSON lines: one record a line, or a .json file that is a list of records."""

import io
import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.json as arrow_json
from numpy.typing import NDArray

from brainwright.data import tables
from brainwright.data.columns import array_of
from brainwright.data.reader import Reader
from brainwright.data.table import Table
from brainwright.errors import Fault

LINES = (".jsonl", ".ndjson")


class JsonLines(Reader):
    """Records such as {"text": "good", "label": 1}; nested records become columns such as meta.age."""

    rank: ClassVar[int] = 74

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A .jsonl or .ndjson file, a .json file that begins as a list of records, or a folder of such."""
        return tables.knows(path, suits)

    def read(self, path: Path) -> Table:
        """Numbers, words and truth values as written; a key that a record lacks is missing there."""
        return tables.read(path, suits, load)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty remarks with a mood, in one file."""
        records = (
            {"remark": f"the {i}th day was a very {m} one", "stars": i % 5, "mood": m}
            for i, m in enumerate(["good", "bad"] * 15)
        )
        file = folder / "remarks.jsonl"
        file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        return file


def suits(file: Path) -> bool:
    """By suffix; a .json file must begin with [ and {."""
    if file.suffix.lower() != ".json":
        return file.suffix.lower() in LINES
    with file.open("rb") as stream:
        start = b"".join(stream.read(4096).removeprefix(b"\xef\xbb\xbf").split())
    return start.startswith(b"[{")


def load(file: Path) -> tables.Piece:
    """One file as arrow columns, nested records laid flat.

    Raises:
        Fault: naming the row that is no JSON record.
    """
    data = tables.text_of(file)
    if file.suffix.lower() == ".json":
        records = listed(file, data)
        return tables.Piece(flattened(framed(records)), np.arange(1, len(records) + 1))
    lines = data.split(b"\n")
    rows = np.array([i for i, line in enumerate(lines, 1) if line.strip()])
    try:
        frame = arrow_json.read_json(io.BytesIO(data))
    except pa.ArrowInvalid:
        frame = None  # mixed types or a broken line: the slow way tells which
    if frame is None or len(frame) != len(rows):
        frame = framed([record(file, lines[row - 1], row) for row in rows])
    return tables.Piece(flattened(frame), rows)


def listed(file: Path, data: bytes) -> list[dict[str, Any]]:
    """The records of a .json file.

    Raises:
        Fault: naming the line that is no JSON, or the record that is none.
    """
    try:
        records = json.loads(data)
    except json.JSONDecodeError as error:
        raise Fault(
            f"{file}, row {error.lineno} is not JSON ({error.msg})", "mend it or write the file again"
        ) from None
    for i, entry in enumerate(records, 1):
        if not isinstance(entry, dict):
            raise Fault(f"{file}: entry {i} is {str(entry)[:40]!r}, not a record", 'write {"column": value, ...}')
    return list(records)


def record(file: Path, line: bytes, row: int) -> dict[str, Any]:
    """One line as a record.

    Raises:
        Fault: naming the row.
    """
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise Fault(f"{file}, row {row} is not JSON ({error.msg}): {line[:60]!r}", "mend or delete the row") from None
    if not isinstance(entry, dict):
        raise Fault(
            f"{file}, row {row} is {str(entry)[:40]!r}, not a record", 'write {"column": value, ...} on each line'
        )
    return entry


def framed(records: list[dict[str, Any]]) -> pa.Table:
    """Records as columns; a column of mixed types becomes strings."""
    names = dict.fromkeys(name for entry in records for name in entry)
    return pa.table({name: array_of([entry.get(name) for entry in records]) for name in names})


def flattened(frame: pa.Table) -> pa.Table:
    """Nested records as columns of their own, named outer.inner; pictures (bytes and path) stay one."""
    while any(nested(field) for field in frame.schema):
        picked: dict[str, NDArray[Any] | pa.ChunkedArray] = {}
        for field in frame.schema:
            parts = frame.select([field.name]).flatten() if nested(field) else frame.select([field.name])
            picked |= dict(zip(parts.column_names, parts.columns, strict=True))
        frame = pa.table(picked)
    return frame


def nested(field: pa.Field) -> bool:
    """Whether a column holds records that can be laid flat."""
    return pa.types.is_struct(field.type) and {inner.name for inner in field.type} != {"bytes", "path"}
