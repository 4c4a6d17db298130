"""CSV, TSV or text with a header line: one file, or a folder with train.csv and test.csv."""

import csv
import io
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from brainwright.data import tables, values
from brainwright.data.reader import Reader
from brainwright.data.table import Table
from brainwright.errors import Fault

DELIMITERS = ",\t;|"
HEAD = 64 * 1024  # bytes looked at to tell delimiter and header
LARGEST = 2**31 - 1  # bytes arrow reads as one block
QUOTE, NEWLINE = 34, 10


class Csv(Reader):
    """Cells split by comma, tab, semicolon or bar (found by looking), UTF-8, quoted as spreadsheets do."""

    rank: ClassVar[int] = 70

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A .csv or .tsv file, a .txt file with columns, or a folder of such."""
        return tables.knows(path, suits)

    def read(self, path: Path) -> Table:
        """Every cell is read as written; what the columns hold is decided afterwards, over all files at once."""
        return tables.read(path, suits, load)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty flowers in train.csv and test.csv."""
        rows = [
            f"{i % 7 + 0.5},{'red' if i % 3 else 'blue'},2024-01-{i % 28 + 1:02d},{'rose' if i % 2 else 'lily'}"
            for i in range(30)
        ]
        header = "petal,colour,seen,kind"
        (folder / "train.csv").write_text("\n".join([header, *rows[:20]]), encoding="utf-8")
        (folder / "test.csv").write_text("\n".join([header, *rows[20:]]), encoding="utf-8")
        return folder


def suits(file: Path) -> bool:
    """By suffix; a .txt file must show a delimiter in its first line."""
    suffix = file.suffix.lower()
    if suffix != ".txt":
        return suffix in (".csv", ".tsv")
    with file.open("rb") as stream:
        first = stream.readline(HEAD)
    return any(mark.encode() in first for mark in "\t;|") or (first.count(b",") > 0 and b", " not in first)


def load(file: Path) -> tables.Piece:
    """One file as columns of strings, with the line of each record.

    Raises:
        Fault: not UTF-8, empty, a quote that is never closed, or a line with too few or too many cells.
    """
    data = tables.text_of(file)
    data = data if b"\n" in data else data.replace(b"\r", b"\n")
    delimiter = "\t" if file.suffix.lower() == ".tsv" else sniffed(data[:HEAD])
    odd = data.count(b'"') % 2
    inches = delimiter == "\t" and any(line.count(b'"') % 2 for line in data.splitlines())  # marks, not quotes
    counted = [record_lines(data, quoted) for quoted in ((False,) if odd or inches else (True, False))]
    options = arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False if inches else '"')
    frame = parsed(file, data, options, counted[0])
    lines = next((lines for lines in counted if len(lines) == len(frame)), np.arange(1, len(frame) + 1))
    if odd and len(counted[0]) != len(frame):
        what = f"{file}: a quote is opened at or after row {counted[0][len(frame) - 1]} and never closed"
        raise Fault(what, "close it; a quote within a quoted cell is written twice")
    names = [str(column[0].as_py()).strip() for column in frame.columns]
    if headless(names):
        note = f"{file.name} begins with data, not with names: its columns are called column1, column2, ..."
        return tables.Piece(frame.rename_columns([f"column{i + 1}" for i in range(len(names))]), lines, [note])
    return tables.Piece(frame.slice(1).rename_columns(unique(names)), lines[1:])


def sniffed(head: bytes) -> str:
    """The delimiter that cuts the first lines into the most columns, evenly."""
    lines = head.decode("utf-8", errors="ignore").splitlines()[:20]
    lines = [line for line in lines if line.strip()]
    if len(head) == HEAD:
        lines = lines[:-1] or lines
    best, most = ",", (False, 1)
    for mark in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark)]
        score = (min(widths) == max(widths) > 1, widths[0])
        if score > most:
            best, most = mark, score
    return best


def record_lines(data: bytes, quoted: bool) -> NDArray[np.int64]:
    """The line of the file, from 1, where each record begins [N]; quoted cells may span lines, blank lines are none."""
    letters = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)
    ends = np.flatnonzero(letters == NEWLINE)
    whole = np.ones(len(ends), bool)
    if quoted and b'"' in data:
        whole = np.cumsum(letters == QUOTE, dtype=np.uint8)[ends] % 2 == 0
    lines = np.flatnonzero(np.r_[True, whole[:-1]])  # a record begins where the line before ended one
    begins = np.r_[0, ends[:-1] + 1][lines]
    blank = (begins == ends[lines]) | (letters[begins] == ord("\r")) & (begins + 1 == ends[lines])
    return np.asarray(lines[~blank] + 1)


def parsed(file: Path, data: bytes, how: arrow_csv.ParseOptions, lines: NDArray[np.int64]) -> pa.Table:
    """All records, the header included, as strings.

    Raises:
        Fault: naming the row whose cells do not match the header's.
    """
    ragged: list[arrow_csv.InvalidRow] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    how.newlines_in_values, how.invalid_row_handler = True, note
    width = 1 + max(line.count(how.delimiter.encode()) for line in data.split(b"\n", 20)[:20])
    strings = arrow_csv.ConvertOptions(column_types={f"f{i}": pa.large_string() for i in range(width)})
    settings = arrow_csv.ReadOptions(
        use_threads=False, autogenerate_column_names=True, block_size=min(len(data) + 1, LARGEST)
    )
    try:
        return arrow_csv.read_csv(io.BytesIO(data), settings, how, strings)
    except pa.ArrowInvalid as error:
        if not ragged:
            raise Fault(f"{file} cannot be read as a table ({error})", "check its quotes and line ends") from None
    bad = ragged[0]
    row = lines[min(bad.number, len(lines)) - 1]
    raise Fault(
        f"{file}, row {row} has {bad.actual_columns} cells, the header {bad.expected_columns}: {bad.text[:60]!r}",
        "mend the row; a cell that holds the delimiter needs quotes",
    )


def headless(names: list[str]) -> bool:
    """Whether the first line is data: some cell is a number, save numbers that count up as years or positions do."""
    cells = pa.array(names, pa.large_string())
    found = cells.filter(values.fits(cells, values.NUMBER)).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return len(found) == 1 or (len(found) > 1 and bool((np.diff(found) != 1).any()))


def unique(names: list[str]) -> list[str]:
    """Column names, the empty ones numbered and the repeated ones told apart."""
    filled = [name or f"column{i + 1}" for i, name in enumerate(names)]
    return [name if filled.index(name) == i else f"{name}_{i + 1}" for i, name in enumerate(filled)]
