"""The cases of every contender: the same data, batch and epochs; and how each is timed. Knows no library but numpy."""

import json
import resource
import statistics
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

RATE = 1e-3  # AdamW's, constant, no clipping
CLASSES = 10


@dataclass(frozen=True)
class Case:
    """How much is learned: `epochs` of `examples` in batches of `batch`; the first epoch is not counted."""

    examples: int
    batch: int
    epochs: int
    unit: str = "samples"
    each: int = 1
    """Units an example."""


CASES = {
    "cnn32": Case(1024, 128, 4),
    "cnn256": Case(256, 64, 4),
    "mlp": Case(50_000, 256, 6),
    "lstm": Case(1280, 128, 4),
    "lm": Case(64, 16, 4, "tokens", 128),
}


def write(home: Path) -> None:
    """Make every case's data: folders of JPEG pictures, one a class, and arrays."""
    draw = np.random.default_rng(0)
    for case, side in (("cnn32", 32), ("cnn256", 256)):
        for index in range(CASES[case].examples):
            folder = home / case / f"class{index % CLASSES}"
            folder.mkdir(parents=True, exist_ok=True)
            coarse = draw.integers(0, 255, (side // 8, side // 8, 3), np.uint8)
            Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{index}.jpg")
    count = CASES["mlp"].examples
    rows = draw.normal(size=(count, 50)).astype(np.float32)
    np.savez(home / "mlp.npz", given=rows, target=(rows @ draw.normal(size=(50, 5))).argmax(1))
    series = draw.normal(size=(CASES["lstm"].examples, 100, 8)).astype(np.float32)
    np.savez(home / "lstm.npz", given=series, target=series.mean((1, 2)).argsort().argsort() * 4 // len(series))
    words = draw.integers(0, 256, (CASES["lm"].examples, 129))
    np.savez(home / "lm.npz", given=words[:, :-1], target=words[:, 1:])


def arrays(home: Path, case: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of a case that is no folder of pictures."""
    found = np.load(home / f"{case}.npz")
    return found["given"], found["target"]


@dataclass
class Clock:
    """Processor seconds of this process at the start and at the end of every epoch."""

    marks: list[float] = field(default_factory=list)

    def mark(self) -> None:
        """An epoch ends here (or the first begins)."""
        self.marks.append(time.process_time())

    def line(self, case: str, libraries: tuple[str, ...]) -> str:
        """The result as JSON."""
        told = CASES[case]
        seen = told.examples // told.batch * told.batch * told.each
        spans = np.diff(self.marks)
        return json.dumps(
            {
                "case": case,
                "rate": seen / statistics.median(spans[1:]),
                "unit": f"{told.unit} per core-second",
                "first_epoch": float(spans[0]),
                "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "versions": {name: version(name) for name in libraries},
            }
        )


def asked() -> tuple[Path, list[str]]:
    """The folder of the data and the cases to run, from the command line."""
    return Path(sys.argv[1]), sys.argv[2:]
