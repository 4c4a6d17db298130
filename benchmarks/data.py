"""The data path: seconds to the first step with and without a warm cache, and what each part of a step's data costs.

python benchmarks/data.py start     (folders of files: mnist, orl_faces, brain_mri, from the folder BRAINWRIGHT_DATA)
python benchmarks/data.py step      (gather, collate, augmentation, normalisation beside a whole step)

Prints one JSON line a case. Seconds are processor time (user and system, all threads) unless called wall.
"""

import gzip
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from brainwright.data.batching import Shuffled, batch_of, generator_of
from brainwright.data.encoded import Dense
from brainwright.runs.planning import probe
from brainwright.runs.preparing import Prepared, prepare
from brainwright.runs.telling import Silent

DATA = Path(os.environ.get("BRAINWRIGHT_DATA", "../shared/data"))
FIRST_STEP = """
import sys
from pathlib import Path
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.training.job import Job
from brainwright.training.loop import Loop
ready = prepare(sys.argv[1], {"threads": 1}, Silent())
net = ready.task.build(ready.fields, ready.config.backbone)
job = Job(ready.task, ready.shares["train"], ready.shares["validation"], ready.config.training, Path())
loop = Loop(job, net)
loop.advance()
"""


def digits(home: Path) -> Path:
    """MNIST as 70,000 PNG files: train/7/00012.png."""
    for part, name in (("train", "train"), ("test", "t10k")):
        raw = DATA / "mnist/MNIST/raw"
        pixels = np.frombuffer(gzip.decompress((raw / f"{name}-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8)
        labels = np.frombuffer(gzip.decompress((raw / f"{name}-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
        for label in range(10):
            (home / part / str(label)).mkdir(parents=True)
        for index, (picture, label) in enumerate(zip(pixels.reshape(-1, 28, 28), labels, strict=True)):
            Image.fromarray(picture).save(home / part / str(label) / f"{index:05}.png")
    return home


def faces(home: Path) -> Path:
    """The ORL faces without the tables that lie beside them."""
    for folder in sorted((DATA / "orl_faces").glob("s*")):
        if folder.is_dir():
            shutil.copytree(folder, home / folder.name)
    return home


def first_step(source: Path, cache: Path) -> dict[str, float]:
    """What a new process spends until its first step is made."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", FIRST_STEP, str(source)], env=environment, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(spent, 2), "wall": round(wall, 2)}


def start() -> None:
    """Cold, then warm twice, for each folder."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        sources = {
            "orl_faces": faces(home / "orl_faces"),
            "brain_mri": DATA / "brain_mri",
            "mnist": digits(home / "mnist"),
        }
        for name, source in sources.items():
            cache = home / f"{name}_cache"
            runs = [first_step(source, cache) for _ in range(3)]
            files = sum(path.is_file() for path in source.rglob("*.*"))
            line = {"case": f"start/{name}", "files": files, "cold": runs[0], "warm": min(runs[1:], key=seconds)}
            print(json.dumps(line), flush=True)


def step() -> None:
    """Parts of a step of the default net, its data made anew each time as in training: processor time, one thread."""
    draw = np.random.default_rng(0)
    for name, count, side in (("32 px", 2000, 32), ("256 px", 200, 256)):
        labels = np.array(["a", "b"] * (count // 2), object)
        pixels = draw.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
        ready = prepare({"image": pixels, "label": labels}, {"threads": 1, "augment": 1.0, "mirror": True}, Silent())
        print(json.dumps({"case": f"step/{name}"} | parts(ready)), flush=True)
    rows, table = Shuffled(50_000, 256, 0), Dense(draw.normal(size=(50_000, 50)).astype(np.float32))
    spent = timed(lambda i: table.take(rows(i)), 500)
    print(json.dumps({"case": "gather/50 columns", "batch": 256, "us_per_row": round(1e6 * spent / 256, 4)}))


def parts(ready: Prepared) -> dict[str, object]:
    """Milliseconds of a whole step and of the parts that make its data, and their shares of it."""
    task, train, size = ready.task, ready.shares["train"], ready.config.training.batch_size
    with tempfile.TemporaryDirectory() as scratch:
        loop = probe(ready, Path(scratch))
        whole = timed(lambda _: loop.advance(), 8)
    sample = task.sampler(train, size, 0)
    batch = batch_of(task.slots(), train, sample(0), generator_of(0))
    found = {
        "gather": timed(lambda i: batch_of(task.slots(), train, sample(i), generator_of(i)), 50),
        "crop_and_flip": timed(lambda i: task.augment(batch, 1.0, generator_of(i)), 50),
        "to_float": timed(lambda _: (batch.values["image"].float() - 127.0) / 64.0, 50),
    }
    shape = train.fields.fitted["image"].shape
    return (
        {"batch": size, "shape": shape, "step_ms": round(1000 * whole, 1)}
        | {f"{name}_ms": round(1000 * spent, 3) for name, spent in found.items()}
        | {f"{name}_share": round(spent / whole, 4) for name, spent in found.items()}
    )


def timed(work: Callable[[int], object], times: int) -> float:
    """Processor seconds of one call, the median."""
    spent = []
    for index in range(times):
        began = time.process_time()
        work(index)
        spent.append(time.process_time() - began)
    return statistics.median(spent)


def seconds(run: dict[str, float]) -> float:
    """Processor seconds of a run."""
    return run["seconds"]


if __name__ == "__main__":
    {"start": start, "step": step}[sys.argv[1]]()
