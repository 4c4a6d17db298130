"""Signals: one folder for each class, below train, val and test or not; in it a CSV file for each series of numbers."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.data import foldering, tables
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

ENDS = (".csv", ".tsv")
CLOCKS = {"time", "date", "datetime", "timestamp", "t", "index", "step", "seconds", "unnamed: 0"}
FEWEST = 2  # files in a class folder: one table a folder is no folder of series


class Signals(Reader):
    """walking/1.csv, running/2.csv; or train/walking/1.csv, test/walking/7.csv: a row a step, a column a variable."""

    rank: ClassVar[int] = 64

    @classmethod
    def knows(cls, path: Path) -> bool:
        """Two class folders at least, each with two CSV files at least and nothing else that is data."""
        if not path.is_dir() or tables.named(path) or tables.table_files(path):
            return False
        shares = foldering.shares_below(path)
        homes = classes(shares[0][0] if shares else path)
        return len(homes) > 1 and all(is_home(home) for home in homes)

    def read(self, path: Path) -> Table:
        """Every file as one series [T, C], with the name of its folder as its class."""
        root = path.absolute()
        shares = foldering.shares_below(root) or [(root, Share.OPEN)]
        found = [(file, home.name, share) for top, share in shares for home in classes(top) for file in files(home)]
        names = [os.path.relpath(file, root) for file, _, _ in found]
        values = np.empty(len(found), object)
        for row, steps in enumerate(loaded([file for file, _, _ in found], names)):
            values[row] = steps
        columns = {
            "series": Column(values, Kind.SERIES, "series: a file each, a row a step"),
            "label": Column(np.array([label for _, label, _ in found], object), Kind.CATEGORY, "labels: the folders"),
        }
        places = np.arange(len(found), dtype=np.int32)
        said = np.array([share for _, _, share in found], np.uint8)
        return Table(columns, said, str(path), names, places, np.zeros(len(found), np.int64))

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty series of two variables in train/slow, train/quick, test/slow, test/quick."""
        draw = np.random.default_rng(0)
        for i in range(30):
            home = folder / ("train" if i < 20 else "test") / ("quick" if i % 2 else "slow")
            home.mkdir(parents=True, exist_ok=True)
            wave = np.sin(np.arange(40) * (1.5 if i % 2 else 0.4))
            rows = np.column_stack([wave, 2 + 0.1 * draw.normal(size=40)])
            lines = ["push,pull", *(f"{one:.3f},{other:.3f}" for one, other in rows)]
            (home / f"{i:02d}.csv").write_text("\n".join(lines), encoding="utf-8")
        return folder


def classes(top: Path) -> list[Path]:
    """The folders below one."""
    return [entry for entry in tables.visible(top) if entry.is_dir()]


def files(home: Path) -> list[str]:
    """The tables right in a folder."""
    return [str(entry) for entry in tables.visible(home) if entry.suffix.lower() in ENDS]


def is_home(home: Path) -> bool:
    """Whether a folder holds tables alone, none of them named as a share."""
    inside = tables.visible(home)
    return len(inside) >= FEWEST and len(files(home)) == len(inside) and not tables.named(home)


def loaded(paths: Sequence[str], names: Sequence[str]) -> Iterator[NDArray[np.float64]]:
    """Each file's numbers [T, C], a column that only tells the time left out.

    Raises:
        Fault: a file is empty or no table, holds words, or has other columns than the first one.
    """
    first: list[str] = []
    for path, name in zip(paths, names, strict=True):
        frame = table_of(path, name)
        frame = frame[[column for column in frame if str(column).strip().lower() not in CLOCKS]]
        told = [str(column) for column in frame]
        first = first or told
        if told != first:
            raise Fault(
                f"{name} has the columns {', '.join(told)[:80]}, {names[0]} {', '.join(first)[:80]}", "make all alike"
            )
        for column in frame:
            words = pd.to_numeric(frame[column], errors="coerce").isna() & frame[column].notna()
            if words.any():
                row = int(np.flatnonzero(words)[0])
                what = (
                    f"{name}, row {row + 2}: {column} holds {str(frame[column].iloc[row])[:40]!r}, which is no number"
                )
                raise Fault(what, "mend the value or take the column out")
        yield frame.to_numpy(np.float64)


def table_of(path: str, name: str) -> pd.DataFrame:
    """One file; without a header where its first line is numbers.

    Raises:
        Fault: it is empty or cannot be read as a table.
    """
    split = "\t" if path.lower().endswith(".tsv") else ","
    try:
        frame = pd.read_csv(path, sep=split)
        if pd.to_numeric(pd.Series(frame.columns), errors="coerce").notna().all():
            frame = pd.read_csv(path, sep=split, header=None)
    except (ValueError, UnicodeDecodeError) as error:
        raise Fault(
            f"{name} cannot be read as a table ({str(error).splitlines()[0]})", "mend it or take it out"
        ) from None
    if not len(frame):
        raise Fault(f"{name} holds no steps", "fill it or take it out")
    return frame
