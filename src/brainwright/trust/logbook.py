"""Logbook: drives in a world with what the expert did there, or would have done, as a log that `train` reads."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from brainwright.errors import Fault
from brainwright.training.checkpoints import write_whole
from brainwright.trust.closed_loop import Driven, Driver, driven
from brainwright.worlds.world import Deed, Drive, World

LOG, FRAMES = "log.csv", "frames"
EVERY = 10  # of so many drives one validates and one tests
WHO = "driver"  # the column of who drove


@dataclass(frozen=True)
class Logbook:
    """A folder with log.csv and its frames; drives are added, never changed."""

    folder: Path
    world: World

    @property
    def log(self) -> Path:
        """The table."""
        return self.folder / LOG

    def begin(self) -> None:
        """Make the folder.

        Raises:
            Fault: it holds something already, or cannot be made.
        """
        if self.folder.exists() and any(self.folder.iterdir()):
            raise Fault(f"{self.folder} is not empty", "name a new folder for the log: --learn FOLDER")
        try:
            (self.folder / FRAMES).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Fault(f"{self.folder} cannot be made ({error.strerror})", "choose another folder") from None

    def rows(self) -> pd.DataFrame:
        """What is in the log."""
        return pd.read_csv(self.log) if self.log.is_file() else pd.DataFrame({"drive": [], WHO: []})

    def add(self, seeds: Sequence[int], who: str, driver: Driver) -> Driven:
        """Let somebody drive and write down what there was to see and what the expert would have done."""
        scribe = Scribe(self, who, driver, len(self.rows()["drive"].unique()))
        found = driven(self.world, seeds, scribe)
        written = pd.concat([self.rows(), pd.DataFrame(scribe.told())])
        packed = io.BytesIO()
        written.to_csv(packed, index=False)
        write_whole(self.log, packed.getvalue())
        return found


class Scribe:
    """A driver who writes down what was seen, and what the expert says to it."""

    def __init__(self, book: Logbook, who: str, driver: Driver, before: int) -> None:
        """`before`: drives that the log holds already."""
        self.book, self.who, self.driver, self.before = book, who, driver, before
        self.places: dict[Drive, int] = {}
        self.lines: dict[int, list[dict[str, Any]]] = {}
        self.moment = 0

    def __call__(self, drives: Sequence[Drive]) -> Sequence[Deed]:
        for drive in drives:
            place = self.places.setdefault(drive, self.before + len(self.places))
            self.write(place, drive.sees(), drive.expert())
        self.moment += 1
        return self.driver(drives)

    def write(self, place: int, seen: Mapping[str, Any], right: Deed) -> None:
        """One line, and its frame as a file."""
        camera = self.book.world.camera
        name = f"{FRAMES}/{place:04d}_{self.moment:04d}.png"
        packed = io.BytesIO()
        Image.fromarray(np.asarray(seen[camera], np.uint8)).save(packed, "PNG")
        (self.book.folder / name).write_bytes(packed.getvalue())
        share = {EVERY - 2: "validation", EVERY - 1: "test"}.get(place % EVERY, "train")
        told = {one: round(float(value), 4) for one, value in seen.items() if one != camera}
        done = {one: round(value, 4) if isinstance(value, float) else value for one, value in right.items()}
        who = {"drive": f"drive {place}", WHO: self.who, "split": share}
        self.lines.setdefault(place, []).append({camera: name, **told, **done, **who})

    def told(self) -> list[dict[str, Any]]:
        """The lines, drive by drive."""
        return [line for lines in self.lines.values() for line in lines]
