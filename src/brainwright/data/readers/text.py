"""Text: plain texts without columns, in one .txt file or a folder of them, cut into rows that follow on each other."""

import csv
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data import tables
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table

DELIMITERS = "\t;|,"
HEAD, LINES = 64 * 1024, 20  # bytes and lines looked at to tell a table from a text
ROWS = 1_000  # about so many a file: shares can be cut finely enough


class Text(Reader):
    """UTF-8; a folder may hold several texts, or train.txt, validation.txt and test.txt."""

    rank: ClassVar[int] = 69

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A .txt file whose lines have no even columns, or a folder whose only data are such."""
        if path.is_file():
            return plain(path)
        files = tables.table_files(path)
        return bool(files) and all(plain(file) for file in files)

    def read(self, path: Path) -> Table:
        """One column, `text`: blocks of whole lines in order. Line ends are \\n however they were written."""
        shares = files_of(path)
        folder = path if path.is_dir() else path.parent
        pieces = {file: blocks(tables.text_of(file).decode().replace("\r\n", "\n")) for file in shares}
        names = [file.relative_to(folder).as_posix() for file in shares]
        counts = [len(texts) for texts, _ in pieces.values()]
        texts = np.array([text for found, _ in pieces.values() for text in found], object)
        return Table(
            {"text": Column(texts, Kind.TEXT, "a text without columns")},
            np.repeat(np.array(list(shares.values()), np.uint8), counts),
            str(path),
            names,
            np.repeat(np.arange(len(names), dtype=np.int32), counts),
            np.concatenate([lines for _, lines in pieces.values()]),
            ordered=True,
        )

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty lines of a ship's log."""
        winds = ("calm", "a breeze", "half a gale")
        lines = [f"On day {day} we had {winds[day % 3]} and made {day * 7 % 40} miles." for day in range(30)]
        file = folder / "log.txt"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file


def plain(file: Path) -> bool:
    """Whether a file is a .txt without columns: no delimiter cuts its first lines evenly."""
    if file.suffix.lower() != ".txt":
        return False
    with file.open("rb") as stream:
        head = stream.read(HEAD).decode("utf-8", errors="ignore")
    lines = [line for line in head.splitlines() if line.strip()][:LINES]
    widths = ([len(row) for row in csv.reader(lines, delimiter=mark)] for mark in DELIMITERS)
    return len(lines) < 2 or not any(min(width) == max(width) > 1 for width in widths if width)


def files_of(path: Path) -> Mapping[Path, Share]:
    """The files to read, and the share of each."""
    if path.is_file():
        return {path: Share.OPEN}
    return tables.named(path) or dict.fromkeys(tables.table_files(path), Share.OPEN)


def blocks(text: str) -> tuple[list[str], NDArray[np.int64]]:
    """A text in about a thousand pieces, and the line on which each begins, counted from 1.

    Cut after a line where one ends soon, else between characters.
    """
    size = max(1, len(text) // ROWS)
    ends = np.flatnonzero(np.frombuffer(text.encode("utf-32-le"), np.uint32) == ord("\n")) + 1
    wanted = np.arange(size, len(text), size)
    near = np.append(ends, len(text))[np.searchsorted(ends, wanted)]
    cuts = np.unique(np.where(near - wanted < max(size, HEAD // 64), near, wanted))
    cuts = cuts[cuts < len(text)]
    edges = [0, *cuts.tolist(), len(text)]
    begins = np.concatenate([[0], cuts])
    lines = np.searchsorted(ends, begins, "right") + 1
    return [text[start:stop] for start, stop in pairwise(edges)], lines.astype(np.int64)
