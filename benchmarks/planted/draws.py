"""Sound draws: small random parts of real data sets, written as a person would bring them."""

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from brainwright.data.lookalikes import alike_texts, joined
from brainwright.data.opening import open_table

DATA = Path(os.environ.get("BRAINWRIGHT_DATA", "data"))
STILL = 8  # equal readings in a row: in ETTh1 all meters stand still for whole days here and there, as published


@dataclass(frozen=True)
class Planted:
    """A data set, and what a right finding about it says: one of some words, and one of some places."""

    source: Path
    words: tuple[str, ...] = ()
    """Kinds of finding, or, where the reader must refuse it, words of the refusal."""
    places: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


Plant = Callable[[np.random.Generator, Path], Planted]


@cache
def adult() -> pd.DataFrame:
    """Without what is odd in it already: 99999 for a missing gain, and rows that stand twice."""
    frame = pd.read_csv(DATA / "adult" / "train.csv", skipinitialspace=True, keep_default_na=False)
    frame = frame[frame["capital-gain"] != 99999]
    return frame.drop_duplicates([name for name in frame if name != "income"]).reset_index(drop=True)


@cache
def houses() -> pd.DataFrame:
    """California housing."""
    return pd.read_csv(DATA / "california_housing" / "housing.csv")


@cache
def meters() -> pd.DataFrame:
    """ETTh1; windows of it are cut where no meter stands still."""
    return pd.read_csv(DATA / "etth1" / "ETTh1.csv")


@cache
def questions() -> pd.DataFrame:
    """TREC, one of each that look alike."""
    return sound_texts(pd.read_csv(DATA / "trec" / "train.csv")[["text", "label"]].astype(str), "text")


@cache
def reviews() -> pd.DataFrame:
    """SST-2, one of each that look alike."""
    table = open_table(DATA / "sst2").take(np.arange(6_000))
    frame = pd.DataFrame({"text": table["sentence"].values, "mood": table["label"].values})
    return sound_texts(frame.assign(mood=np.where(frame["mood"].astype(float) > 0, "good", "bad")), "text")


def sound_texts(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The first of all rows whose texts look alike."""
    codes = joined(alike_texts(frame[name].to_numpy(object)), len(frame))
    return frame[~pd.Series(codes).duplicated().to_numpy()].reset_index(drop=True)


@cache
def photos() -> tuple[list[bytes], list[str]]:
    """CIFAR-10's test part: JPEG files and classes."""
    table = open_table(DATA / "cifar10")
    name = "img" if "img" in table.columns else "image"
    return list(table[name].values[50_000:]), [str(one) for one in table["label"].values[50_000:]]


@cache
def digits() -> tuple[np.ndarray, list[str]]:
    """MNIST's test part."""
    table = open_table(DATA / "mnist")
    return table["image"].values[60_000:], [str(one) for one in table["label"].values[60_000:]]


def rows(draw: np.random.Generator, frame: pd.DataFrame, low: int = 700, high: int = 1_400) -> pd.DataFrame:
    """Random rows."""
    count = min(len(frame), int(draw.integers(low, high)))
    return frame.iloc[draw.permutation(len(frame))[:count]].reset_index(drop=True)


def window(draw: np.random.Generator, frame: pd.DataFrame, low: int = 700, high: int = 1_400) -> pd.DataFrame:
    """Rows that follow each other and hold no meter that stands still."""
    while True:
        count = int(draw.integers(low, high))
        start = int(draw.integers(0, len(frame) - count))
        part = frame.iloc[start : start + count].reset_index(drop=True)
        if "date" not in frame or longest(part.drop(columns="date")) < STILL:
            return part


def longest(frame: pd.DataFrame) -> int:
    """The most equal readings in a row, of any column."""
    changes = frame.diff().ne(0).cumsum()
    return max(int(changes[name].value_counts().max()) for name in changes)


def save(frame: pd.DataFrame, home: Path, name: str = "data.csv") -> Path:
    """As CSV."""
    frame.to_csv(home / name, index=False)
    return home / name


def parted(frame: pd.DataFrame, home: Path, test: np.ndarray) -> Path:
    """As train.csv and test.csv."""
    save(frame[~test], home, "train.csv")
    save(frame[test], home, "test.csv")
    return home


def album(draw: np.random.Generator, home: Path, shares: bool = False, classes: int = 3, each: int = 40) -> list[Path]:
    """A folder of pictures for each class, JPEG or PNG, below train and test or not; every file."""
    kept: list[Path] = []
    use_photos = bool(draw.integers(2))
    labels = np.array(photos()[1] if use_photos else digits()[1])
    for label in draw.permutation(np.unique(labels))[:classes]:
        for number, row in enumerate(draw.permutation(np.flatnonzero(labels == label))[:each]):
            side = ("test" if number % 4 == 0 else "train") if shares else ""
            folder = home / side / f"{label}-kind"
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{number:03d}.{'jpg' if use_photos else 'png'}"
            file.write_bytes(photos()[0][row] if use_photos else packed(Image.fromarray(digits()[0][row])))
            kept.append(file)
    return kept


def packed(picture: Image.Image, form: str = "PNG", **how: Any) -> bytes:
    """As a file's bytes."""
    stream = io.BytesIO()
    picture.save(stream, form, **how)
    return stream.getvalue()


def soundly(kind: int) -> Plant:
    """One of eight ways of bringing sound data."""

    def made(draw: np.random.Generator, home: Path) -> Planted:
        if kind in (0, 1):
            album(draw, home, shares=kind == 1)
            return Planted(home)
        if kind in (2, 3):
            frame = rows(draw, adult())
            test = draw.random(len(frame)) < 0.25
            return Planted(parted(frame, home, test) if kind == 3 else save(frame, home), options={"target": "income"})
        if kind == 4:
            return Planted(save(window(draw, houses()), home), options={"target": "median_house_value"})
        if kind == 5:
            return Planted(save(window(draw, meters()), home), options={"task": "forecasting", "target": "OT"})
        if kind == 6:
            return Planted(save(rows(draw, questions()), home), options={"target": "label"})
        return Planted(save(rows(draw, reviews()), home), options={"target": "mood"})

    return made


SOUND = 8
