"""Parallel: texts in two languages, line by line, in two files such as train.en and train.de."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from brainwright.data import tables
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

LANGUAGE = re.compile(r"\.[a-z]{2}([-_][A-Za-z]{2,4})?")  # a suffix that names one, such as .en, .de, .pt_br, .zh-hans
Pairs = Mapping[str, tuple[Path, Path]]


class Parallel(Reader):
    """A folder with one pair of files, or a pair for each share: train, validation, test."""

    rank: ClassVar[int] = 60

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A folder whose files come in pairs of the same two suffixes, which no other data have."""
        return path.is_dir() and bool(pairs_of(path))

    def read(self, path: Path) -> Table:
        """Two columns, called as the suffixes. An empty line is a text that is missing."""
        pairs = pairs_of(path)
        shares = {stem: tables.share_of(stem) for stem in pairs}
        if len(pairs) == 1 or Share.TRAIN not in shares.values():
            shares = dict.fromkeys(pairs, Share.OPEN)
        texts = {stem: tuple(lines_of(file) for file in pair) for stem, pair in pairs.items()}
        for stem, (ones, others) in texts.items():
            if len(ones) != len(others):
                first, second = (file.name for file in pairs[stem])
                what = (
                    f"{first} has {len(ones):,} lines, {second} {len(others):,}: line {min(len(ones), len(others)) + 1}"
                )
                raise Fault(f"{what} has no partner", "give every line of one its translation in the other")
        counts = [len(ones) for ones, _ in texts.values()]
        columns = {
            file.suffix[1:]: Column(
                np.array([line or None for pair in texts.values() for line in pair[side]], object),
                Kind.TEXT,
                f"a line each of files that end in {file.suffix}",
            )
            for side, file in enumerate(next(iter(pairs.values())))
        }
        return Table(
            columns,
            np.repeat(np.array(list(shares.values()), np.uint8), counts),
            str(path),
            [one.name for one, _ in pairs.values()],
            np.repeat(np.arange(len(pairs), dtype=np.int32), counts),
            np.concatenate([np.arange(1, count + 1) for count in counts]),
        )

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty greetings in English and French, twenty of them to learn from."""
        names = ("Anna", "Ben", "Clara", "David", "Eva")
        pairs = [(f"Good day, {names[i % 5]} {i}.", f"Bonjour, {names[i % 5]} {i}.") for i in range(30)]
        for stem, some in (("train", pairs[:20]), ("test", pairs[20:])):
            for side, suffix in enumerate(("en", "fr")):
                text = "\n".join(pair[side] for pair in some)
                (folder / f"{stem}.{suffix}").write_text(f"{text}\n", encoding="utf-8")
        return folder


def pairs_of(folder: Path) -> Pairs:
    """Stem -> its two files; empty where the folder is not laid out so."""
    files = [file for file in tables.visible(folder) if file.is_file() and file.stem.lower() not in tables.PAPERWORK]
    suffixes = {file.suffix for file in files}
    if len(suffixes) != 2 or not all(map(LANGUAGE.fullmatch, suffixes)):
        return {}
    stems: dict[str, list[Path]] = {}
    for file in files:
        stems.setdefault(file.stem, []).append(file)
    if any(len(pair) != 2 for pair in stems.values()):
        return {}
    order = sorted(stems, key=lambda stem: (tables.share_of(stem), stem))
    return {stem: (stems[stem][0], stems[stem][1]) for stem in order}


def lines_of(file: Path) -> list[str]:
    """The lines of a file.

    Raises:
        Fault: it is empty or not UTF-8, with file and row.
    """
    text = tables.text_of(file).decode().replace("\r\n", "\n")
    return [line.strip() for line in text.removesuffix("\n").split("\n")]
