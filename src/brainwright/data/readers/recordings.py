"""Recordings: folders of sounds, one folder for each class; or with transcripts, x.wav beside x.txt or a .trans.txt."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from brainwright.data import foldering, tables
from brainwright.data.columns import ENDS
from brainwright.data.reader import Reader
from brainwright.data.sounds import wav
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

TRANS = ".trans.txt"
NAMED = 3  # files that a note names


class Recordings(Reader):
    """yes/1.wav, no/2.wav, below train and test or not; or speech with what was said: 1.wav, 1.txt; LibriSpeech."""

    rank: ClassVar[int] = 62

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A folder of sounds or of folders of sounds, unless a table lies there to describe them."""
        return foldering.knows(path, Kind.SOUND)

    def read(self, path: Path) -> Table:
        """Paths of the sounds, absolute, with the folder of each as its class, or with what is said in it."""
        root = foldering.root_of(path, Kind.SOUND)
        said = dict(transcripts(root))
        if not said:
            return foldering.read(path, Kind.SOUND)
        given = foldering.shares_below(root) or [(root, Share.OPEN)]
        found = [(file, share) for folder, share in given for file in foldering.wanted_below(folder, Kind.SOUND)]
        kept = [(file, share) for file, share in found if os.path.splitext(file)[0] in said]
        if not kept:
            raise Fault(f"{path}: no transcript names a recording", "call them alike: talk.wav and talk.txt")
        silent = [os.path.relpath(file, path.absolute()) for file, _ in found if os.path.splitext(file)[0] not in said]
        names = [file for file, _ in kept]
        words = [said[os.path.splitext(file)[0]] for file in names]
        columns = {
            "sound": Column(np.array(names, object), Kind.SOUND, "sounds: files of the folder"),
            "text": Column(np.array(words, object), Kind.TEXT, "transcripts: the files beside them"),
            **speakers(root, names),
        }
        told = f" {', '.join(silent[:NAMED])}{' ...' * (len(silent) > NAMED)}"
        return Table(
            columns,
            np.array([share for _, share in kept], np.uint8),
            str(path),
            [os.path.relpath(file, path.absolute()) for file in names],
            np.arange(len(names), dtype=np.int32),
            np.zeros(len(names), np.int64),
            [f"{len(silent):,} recordings have no transcript and were left out:{told}"] if silent else [],
        )

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty short sounds in train/high, train/low, test/high, test/low."""
        draw = np.random.default_rng(0)
        for i in range(30):
            home = folder / ("train" if i < 20 else "test") / ("high" if i % 2 else "low")
            home.mkdir(parents=True, exist_ok=True)
            tone = np.sin(2 * np.pi * (1200 if i % 2 else 300) * np.arange(1600) / 8000)
            (home / f"{i:02d}.wav").write_bytes(wav(0.3 * tone + 0.05 * draw.normal(size=1600), 8000))
        return folder


def transcripts(root: Path) -> Iterator[tuple[str, str]]:
    """Each recording that has a transcript, by its path without suffix, and what is said in it.

    Raises:
        Fault: a transcript is not UTF-8, or a line of a .trans.txt says nothing.
    """
    for file in foldering.files_below(root):
        stem = file.removesuffix(".txt")
        if file.endswith(TRANS):
            for row, line in enumerate(content(Path(file)).splitlines(), 1):
                name, _, words = line.strip().partition(" ")
                if name and not words.strip():
                    raise Fault(f"{file}, row {row} names {name} and says nothing", "write NAME and the words")
                yield f"{os.path.dirname(file)}{os.sep}{name}", words.strip()
        elif stem != file and any(os.path.isfile(stem + end) for end in ENDS[Kind.SOUND]):
            yield stem, " ".join(content(Path(file)).split())


def content(file: Path) -> str:
    """A text file; an empty one is an empty text."""
    return tables.text_of(file).decode("utf-8") if file.stat().st_size else ""


def speakers(root: Path, names: list[str]) -> dict[str, Column]:
    """Who speaks, where each name begins with a folder above it, as LibriSpeech's do: 84-121123-0001.flac."""
    said = [os.path.basename(name).partition("-")[0] for name in names]
    if not all(word in Path(name).relative_to(root).parts[:-1] for word, name in zip(said, names, strict=True)):
        return {}
    return {"speaker": Column(np.array(said, object), Kind.CATEGORY, "speakers: the first part of each name")}
