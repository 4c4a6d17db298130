"""Peak memory of whole `train` runs on one amount of pictures and on twenty times as many: it should be the same.

python benchmarks/memory.py [PICTURES]      (prints one JSON line; the folders are made on the fly and removed)

Peaks are those of getrusage: all pages of the process that were in memory at once, shared libraries included.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, TIMES = 160, 20
OPTIONS = ["--steps", "30", "--evaluations", "1", "--width", "4", "--threads", "1", "--quiet"]


def folder(home: Path, count: int) -> Path:
    """Two classes of noisy JPEG pictures, no two alike."""
    draw = np.random.default_rng(0)
    for index in range(count):
        place = home / ("light" if index % 2 else "dark")
        place.mkdir(parents=True, exist_ok=True)
        coarse = draw.integers(0, 160, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8) + 80 * (index % 2)
        Image.fromarray(coarse.astype(np.uint8)).resize((SIDE, SIDE)).save(place / f"{index}.jpg")
    return home


def peak(words: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """The most memory that a process held, in MiB, and its processor seconds."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    process = os.posix_spawn(words[0], words, environment, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main(count: int) -> None:
    """Cold and warm, once and twenty times."""
    line: dict[str, object] = {"case": "memory", "pictures": count, "side": SIDE, "times": TIMES}
    for times in (1, TIMES):
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(scratch)
            source = folder(home / "pictures", count * times)
            environment = {**os.environ, "XDG_CACHE_HOME": str(home / "cache"), "OMP_NUM_THREADS": "1"}
            for name in ("cold", "warm"):
                words = [sys.executable, "-m", "brainwright", "train", str(source), "--out", str(home / name), *OPTIONS]
                began = time.monotonic()
                most, seconds = peak(words, environment)
                line[f"{name}_{times}x"] = {
                    "mib": round(most),
                    "seconds": round(seconds, 1),
                    "wall": round(time.monotonic() - began, 1),
                }
            line[f"decoded_mb_{times}x"] = round(SIDE * SIDE * 3 * count * times / 1e6)
            shutil.rmtree(home / "cache")
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
