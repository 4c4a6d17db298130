"""TuSimple: JSON lines with lanes, h_samples and raw_file, or a folder with one such file for each share."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from brainwright.data.reader import Reader
from brainwright.data.table import Table
from brainwright.data.tables import text_of
from brainwright.data.tracing import Traced, share_along, traced_table
from brainwright.errors import Fault

KEYS = ("lanes", "h_samples", "raw_file")
HEAD = 2**16  # bytes of a file in which its first line must end
DEEP = 2  # folders below the one given in which such files are sought


class Tusimple(Reader):
    """label_data_0313.json beside clips; below train and test or not."""

    rank: ClassVar[int] = 6

    @classmethod
    def knows(cls, path: Path) -> bool:
        return bool(labels(path))

    def read(self, path: Path) -> Table:
        """One row a picture; pictures without a lane are kept, for they teach what is none."""
        home = path.absolute() if path.is_dir() else path.absolute().parent
        pictures = [one for file in labels(path) for one in traced(file.absolute(), home)]
        return traced_table(path, sorted(pictures, key=lambda one: one.share), [])

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small roads with two bright lanes each, in train and test."""
        generator = np.random.default_rng(0)
        rows = list(range(8, 24, 2))
        for share, count in (("train", 20), ("test", 10)):
            (folder / share / "clips").mkdir(parents=True)
            lines = []
            for index in range(count):
                pixels = generator.integers(0, 80, (24, 40), dtype=np.uint8)
                lanes = [
                    [round(float(20 + side * row * generator.uniform(0.6, 0.7))) for row in rows] for side in (-1, 1)
                ]
                for lane in lanes:
                    pixels[rows, lane] = pixels[[row - 1 for row in rows], lane] = 230
                Image.fromarray(pixels).save(folder / share / "clips" / f"{index:02d}.png")
                lines.append(json.dumps({"lanes": lanes, "h_samples": rows, "raw_file": f"clips/{index:02d}.png"}))
            (folder / share / "label_data.json").write_text("\n".join(lines), encoding="utf-8")
        return folder


def labels(path: Path) -> list[Path]:
    """The files of this form: the one given, or those in a folder."""
    if path.is_file():
        return [path] if suits(path) else []
    found = [file for deep in range(DEEP + 1) for file in sorted(path.glob("*/" * deep + "*.json")) if suits(file)]
    return [file for file in found if not file.name.startswith(".")]


def suits(file: Path) -> bool:
    """Whether the first line of a JSON file names lanes, rows and a picture."""
    if file.suffix.lower() not in (".json", ".jsonl") or not file.is_file():
        return False
    with file.open("rb") as stream:
        first = stream.read(HEAD).lstrip().split(b"\n", 1)[0]
    return first.startswith(b"{") and all(f'"{key}"'.encode() in first for key in KEYS)


def traced(file: Path, home: Path) -> Iterator[Traced]:
    """The pictures that one file describes.

    Raises:
        Fault: a line that is no such record.
    """
    share = share_along(file, home)
    for row, line in enumerate(text_of(file).decode().split("\n"), 1):
        if line.strip():
            where = f"{file.relative_to(home)}, row {row}"
            one = record(line, where)
            yield Traced(placed(file, home, one["raw_file"]), share, one["h_samples"], one["lanes"], where)


def record(line: str, where: str) -> dict[str, Any]:
    """One line.

    Raises:
        Fault: it is no JSON, lacks a key, or holds other things than numbers.
    """
    try:
        one = json.loads(line)
    except json.JSONDecodeError as error:
        raise Fault(f"{where} is not JSON ({error.msg})", "mend or delete the row") from None
    lacking = [key for key in KEYS if not isinstance(one, dict) or key not in one]
    if lacking:
        raise Fault(f"{where} has no {lacking[0]}", "write lanes, h_samples and raw_file on each line")
    lists = [one["h_samples"], *one["lanes"]] if isinstance(one["lanes"], list) else [None]
    if not all(isinstance(each, list) and all(map(is_number, each)) for each in lists):
        raise Fault(f"{where}: lanes and h_samples must be lists of numbers", "mend the row")
    return dict(one)


def is_number(value: Any) -> bool:
    """Whether a value of JSON counts something."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def placed(file: Path, home: Path, name: str) -> Path:
    """Where a picture lies: below its file's folder or one above it, up to `home`; beside the file where nowhere."""
    above = [one for one in file.parents if one == home or home in one.parents]
    return next((one / name for one in above if (one / name).is_file()), file.parent / name)
