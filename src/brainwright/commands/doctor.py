"""Tell what this machine and this installation can do, for bug reports and for yourself."""

import shutil
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import torch

from brainwright.config import made
from brainwright.flags import read
from brainwright.training.devices import hardware, place, processors
from brainwright.training.options import Training

SIDE = 1024  # of the matrices whose product measures the pace


def main(words: Sequence[str]) -> int:
    """Print versions, hardware, arithmetic and disk."""
    asked = read(words, ("help",)).only(())
    if "help" in asked.switches:
        print(__doc__)
        return 0
    print(f"brainwright     {version('brainwright')}")
    for name, value in hardware().items():
        print(f"{name:16}{value}")
    print(f"bfloat16        {'yes' if place(made(Training, {})).half else 'no, float32 is used'}")
    for threads in sorted({1, processors()}):
        print(f"{f'{threads} thread' + 's' * (threads > 1):16}{pace(threads):.0f} GFLOP/s in float32")
    print(f"disk            {shutil.disk_usage(Path.cwd()).free / 2**30:.1f} GB free here")
    for name in sorted({wanted.partition(";")[0].strip() for wanted in requires("brainwright") or ()}):
        print(f"{standing(name)}")
    return 0


def pace(threads: int) -> float:
    """GFLOP/s of a float32 matrix product, the best of five."""
    torch.set_num_threads(threads)
    one = torch.randn(SIDE, SIDE)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        one @ one
        times.append(time.perf_counter() - started)
    return 2 * SIDE**3 / min(times) / 1e9


def standing(requirement: str) -> str:
    """A library's version, or that it is missing."""
    name = requirement
    for mark in "<>=!~[ ":
        name = name.partition(mark)[0]
    try:
        return f"{name:16}{version(name)}"
    except PackageNotFoundError:
        return f"{name:16}not installed ({requirement})"
