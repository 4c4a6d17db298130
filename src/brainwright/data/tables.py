"""Tables: which files of a folder make one table, which share each of them gives, and how they are joined."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from brainwright.data import columns
from brainwright.data.table import Share, Table
from brainwright.errors import Fault

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".jsonl", ".ndjson", ".json")
SHARE_WORDS = {
    **dict.fromkeys(("train", "training"), Share.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev", "development"), Share.VALIDATION),
    **dict.fromkeys(("test", "testing"), Share.TEST),
}
PAPERWORK = {
    "readme",
    "license",
    "licence",
    "changelog",
    "citation",
    "notice",
    "authors",
    "contributing",
    "requirements",
}


@dataclass(frozen=True)
class Piece:
    """One file as raw columns, with the row of the file that each record came from [N], counted from 1."""

    frame: pa.Table
    rows: NDArray[np.int64]
    notes: Sequence[str] = ()


def share_of(word: str) -> Share:
    """The share that a word such as "Training", "dev" or "test-00000-of-00001" means; OPEN where it means none."""
    return SHARE_WORDS.get(re.split(r"[^a-z]", word.lower(), maxsplit=1)[0], Share.OPEN)


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, sorted, without hidden files and system clutter."""
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX")))


def table_files(folder: Path) -> list[Path]:
    """Files that may be tables by their suffix; READMEs and licences are none."""
    files = (entry for entry in visible(folder) if entry.suffix.lower() in SUFFIXES and entry.is_file())
    return [file for file in files if not PAPERWORK & set(re.split(r"[^a-z]", file.stem.lower()))]


def named(folder: Path) -> dict[Path, Share]:
    """Table files whose names say their share (train.csv, test-00000.parquet); empty where none is for training."""
    shares = sorted((share_of(file.stem), file) for file in table_files(folder))
    if not shares or shares[0][0] != Share.TRAIN:
        return {}
    return {file: share for share, file in shares if share != Share.OPEN}


def home(folder: Path) -> Path:
    """The folder itself, or the one folder below it that holds tables named by share (data/train-*.parquet)."""
    if named(folder):
        return folder
    below = [entry for entry in visible(folder) if entry.is_dir() and named(entry)]
    return below[0] if len(below) == 1 else folder


def knows(path: Path, suits: Callable[[Path], bool]) -> bool:
    """Whether a path is a table file of one format, or a folder of them."""
    if path.is_file():
        return suits(path)
    folder = home(path)
    return any(suits(file) for file in named(folder) or table_files(folder))


def chosen(path: Path, suits: Callable[[Path], bool]) -> Mapping[Path, Share]:
    """The files to read with the share of each: one file, those named by share, or the only table of a folder.

    Raises:
        Fault: several tables of which none is named as a share.
    """
    if path.is_file():
        return {path: Share.OPEN}
    folder = home(path)
    shares = {file: share for file, share in named(folder).items() if suits(file)}
    if shares:
        return shares
    lone = [file for file in table_files(folder) if suits(file)]
    if len(lone) > 1:
        raise Fault(
            f"{path} holds {len(lone)} tables and none is called train: {', '.join(file.name for file in lone)}",
            f"give one of them, such as {lone[0]}, or name them train and test",
        )
    return {lone[0]: Share.OPEN}


def read(path: Path, suits: Callable[[Path], bool], load: Callable[[Path], Piece]) -> Table:
    """Read one table file, or a folder of them whose names give the shares.

    Raises:
        Fault: several tables of which none is named as a share; a file that `load` cannot read; files that differ.
    """
    shares = chosen(path, suits)
    pieces = [load(file) for file in shares]
    for file, piece in zip(shares, pieces, strict=True):
        if not len(piece.frame):
            raise Fault(f"{file} holds no rows", "fill it or take it away")
    folder = path if path.is_dir() else path.parent
    names = [file.relative_to(folder).as_posix() for file in shares]
    lengths = [len(piece.frame) for piece in pieces]
    read_columns, notes = columns.typed(joined(names, [piece.frame for piece in pieces]), next(iter(shares)).parent)
    return Table(
        read_columns,
        np.repeat(np.array(list(shares.values()), np.uint8), lengths),
        str(path),
        names,
        np.repeat(np.arange(len(names), dtype=np.int32), lengths),
        np.concatenate([piece.rows for piece in pieces]),
        [
            *notes,
            *(note for piece in pieces for note in piece.notes),
            *differences(names, pieces),
            *unread(path, shares),
        ],
    )


def text_of(file: Path) -> bytes:
    """The bytes of a file that is UTF-8, without its byte order mark.

    Raises:
        Fault: it is empty, or naming the row and the byte that is not UTF-8.
    """
    data = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise Fault(f"{file} is empty", "fill it or take it away")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
        row = data.count(b"\n", 0, start) + 1
        guess = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "Windows-1252 or another encoding, or no text"
        place = start - data.rfind(b"\n", 0, start)
        what = f"byte {place} ({data[start]:#04x}) is not UTF-8 (perhaps {guess})"
        raise Fault(f"{file}, row {row}: {what}", "save the file as UTF-8") from None
    return data


def joined(names: Sequence[str], frames: Sequence[pa.Table]) -> pa.Table:
    """One table below the other; a column that one lacks is missing there.

    Raises:
        Fault: a column of two types, or no column in common.
    """
    for name, frame in zip(names, frames, strict=True):
        if not set(frame.column_names) & set(frames[0].column_names):
            raise Fault(
                f"{names[0]} and {name} have no column in common", "give both the same header, or give one file"
            )
    try:
        return pa.concat_tables(frames, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise Fault(f"{' and '.join(names)} differ in a column's type ({error})", "write it alike in each") from None


def differences(names: Sequence[str], pieces: Sequence[Piece]) -> list[str]:
    """One note for each file that lacks columns which another has."""
    every = dict.fromkeys(name for piece in pieces for name in piece.frame.column_names)
    lacks = [[name for name in every if name not in piece.frame.column_names] for piece in pieces]
    return [
        f"{name} has no column {', '.join(map(repr, missing))}: missing in all its rows"
        for name, missing in zip(names, lacks, strict=True)
        if missing
    ]


def unread(path: Path, shares: Mapping[Path, Share]) -> list[str]:
    """One note that names the other data files of a folder."""
    if path.is_file():
        return []
    folder = next(iter(shares)).parent
    others = [entry.name for entry in visible(folder) if entry.is_file() and entry not in shares]
    others = [name for name in others if not PAPERWORK & set(re.split(r"[^a-z]", name.lower()))]
    return [f"not read: {', '.join(others[:5])}{' ...' * (len(others) > 5)}"] if others else []
