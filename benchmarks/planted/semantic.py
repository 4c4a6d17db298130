"""Damage to the meaning: every file can be read, and what is read is not true. Each gives what a finding must say."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from planted.draws import (
    Plant,
    Planted,
    adult,
    album,
    houses,
    meters,
    packed,
    parted,
    photos,
    questions,
    reviews,
    rows,
    save,
    window,
)

INCOME, VALUE, OIL = {"target": "income"}, {"target": "median_house_value"}, {"target": "OT", "task": "forecasting"}
KIND = {"target": "label"}


def stretch(draw: np.random.Generator, count: int, low: float = 0.08, high: float = 0.2) -> np.ndarray:
    """Neighbouring rows."""
    length = int(count * draw.uniform(low, high))
    start = int(draw.integers(0, count - length))
    return np.arange(start, start + length)


def sides_of(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Files of training and of test."""
    return [one for one in files if "train" in one.parts], [one for one in files if "test" in one.parts]


def picture_copied(draw: np.random.Generator, home: Path) -> Planted:
    """Test pictures that are files of training."""
    train, test = sides_of(album(draw, home, shares=True))
    places = []
    for one in draw.permutation(len(test))[: int(draw.integers(1, 4))]:
        twin = test[one].with_name("again" + test[one].name)
        source = [file for file in train if file.parent.name == twin.parent.name]
        twin.write_bytes(source[int(draw.integers(len(source)))].read_bytes())
        places.append(str(twin.relative_to(home)))
    return Planted(home, ("copies",), tuple(places))


def picture_nearly_copied(draw: np.random.Generator, home: Path) -> Planted:
    """Test pictures that are pictures of training stored anew, in other light or with noise."""
    train, test = sides_of(album(draw, home, shares=True))
    places = []
    for one in draw.permutation(len(test))[: int(draw.integers(1, 4))]:
        twin = test[one].with_name("again" + test[one].name)
        source = [file for file in train if file.parent.name == twin.parent.name]
        picture = Image.open(io.BytesIO(source[int(draw.integers(len(source)))].read_bytes()))
        how = int(draw.integers(4))
        if how == 0:
            blob = packed(picture, "JPEG", quality=int(draw.integers(60, 90)))
        elif how == 1:
            blob = packed(ImageEnhance.Brightness(picture).enhance(draw.uniform(0.8, 1.15)))
        elif how == 2:
            blob = packed(ImageEnhance.Contrast(picture).enhance(draw.uniform(0.75, 1.25)))
        else:
            noisy = np.asarray(picture, float) + draw.normal(0, 4, np.asarray(picture).shape)
            blob = packed(Image.fromarray(noisy.clip(0, 255).astype(np.uint8)))
        twin.write_bytes(blob)
        places.append(str(twin.relative_to(home)))
    return Planted(home, ("lookalikes",), tuple(places))


def picture_in_two_classes(draw: np.random.Generator, home: Path) -> Planted:
    """One file below two classes."""
    files = album(draw, home)
    one = files[int(draw.integers(len(files)))]
    other = next(file for file in files if file.parent != one.parent)
    twin = other.with_name("also" + one.name)
    twin.write_bytes(one.read_bytes())
    return Planted(home, ("contradictions",), (str(twin.relative_to(home)), str(one.relative_to(home))))


def picture_blank(draw: np.random.Generator, home: Path) -> Planted:
    """A camera that saw nothing."""
    files = album(draw, home)
    one = files[int(draw.integers(len(files)))]
    tone = Image.new("RGB", (32, 32), tuple(draw.integers(0, 256, 3).tolist()))
    one.write_bytes(packed(tone, "JPEG" if one.suffix == ".jpg" else "PNG"))
    return Planted(home, ("blank",), (str(one.relative_to(home)),))


def picture_turned(draw: np.random.Generator, home: Path) -> Planted:
    """Pictures stored turned, as telephones do."""
    places = []
    for number, row in enumerate(draw.permutation(len(photos()[0]))[:80]):
        folder = home / ("left" if number % 2 else "right")
        folder.mkdir(exist_ok=True)
        blob = photos()[0][row]
        if number % 13 == 1:
            exif = Image.Exif()
            exif[0x0112] = int(draw.integers(2, 9))
            blob = packed(Image.open(io.BytesIO(blob)), "JPEG", exif=exif)
            places.append(f"{folder.name}/{number}.jpg")
        (folder / f"{number}.jpg").write_bytes(blob)
    return Planted(home, ("turned",), tuple(places))


def class_in_other_form(draw: np.random.Generator, home: Path) -> Planted:
    """One class came from another camera: larger files, or another format."""
    files = album(draw, home)
    strange = files[int(draw.integers(len(files)))].parent
    larger = bool(draw.integers(2))
    for file in strange.iterdir():
        picture = Image.open(io.BytesIO(file.read_bytes()))
        new = picture.resize((48, 48)) if larger else picture
        file.write_bytes(packed(new, "BMP" if not larger else "PNG"))
    return Planted(home, ("shortcut",), (strange.name,))


def class_untested(draw: np.random.Generator, home: Path) -> Planted:
    """A class without a test picture."""
    _, test = sides_of(album(draw, home, shares=True))
    lost = test[int(draw.integers(len(test)))].parent
    for file in lost.iterdir():
        file.unlink()
    return Planted(home, ("untested",), (lost.name,))


def class_unseen(draw: np.random.Generator, home: Path) -> Planted:
    """A class of the test file that training has not."""
    frame = rows(draw, questions())
    test = draw.random(len(frame)) < 0.25
    kind = str(draw.choice(frame["label"].unique()))
    parted(frame[test | (frame["label"] != kind)], home, test[test | (frame["label"] != kind)])
    return Planted(home, ("unseen",), (repr(kind),), KIND)


def answer_coded(draw: np.random.Generator, home: Path) -> Planted:
    """The answer once more under other words."""
    frame = rows(draw, adult())
    frame.insert(3, "group", np.where(frame["income"].str.contains(">"), "B", draw.choice(["A", "C"], len(frame))))
    return Planted(save(frame, home), ("leak",), ("'group'",), INCOME)


def answer_nearly(draw: np.random.Generator, home: Path) -> Planted:
    """A score that was made from the answer."""
    frame = rows(draw, adult())
    score = np.where(frame["income"].str.contains(">"), 1.0, -1.0) + draw.normal(0, 0.25, len(frame))
    frame.insert(5, "score", score.round(4))
    return Planted(save(frame, home), ("leak",), ("'score'",), INCOME)


def answer_scaled(draw: np.random.Generator, home: Path) -> Planted:
    """The price in another currency, rounded."""
    frame = rows(draw, houses())
    frame.insert(2, "euro", (frame["median_house_value"] * draw.uniform(0.7, 1.2)).round())
    return Planted(save(frame, home), ("leak",), ("'euro'",), VALUE)


def answer_in_text(draw: np.random.Generator, home: Path) -> Planted:
    """Texts that begin or end with the name of the class."""
    frame = rows(draw, reviews())
    mark = frame["mood"].map({"good": "five stars", "bad": "one star"})
    early = bool(draw.integers(2))
    frame["text"] = mark + " " + frame["text"] if early else frame["text"] + " " + mark
    return Planted(save(frame, home), ("leak",), ("'text'",), {"target": "mood"})


def future_in_past(draw: np.random.Generator, home: Path) -> Planted:
    """A column that is the answer of some hours later."""
    frame = window(draw, meters())
    later = int(draw.choice([1, 3, 24]))
    frame["early"] = frame["OT"].shift(-later).ffill()
    return Planted(save(frame, home), ("leak",), ("'early'",), {"target": "OT", "task": "tabular-regression"})


def rows_copied(draw: np.random.Generator, home: Path) -> Planted:
    """Test rows that are rows of training."""
    frame = rows(draw, houses())
    test = np.arange(len(frame)) >= 0.75 * len(frame)
    many = int(draw.integers(3, 30))
    frame.iloc[-many:] = frame.iloc[:many].to_numpy()
    return Planted(parted(frame, home, test), ("copies",), ("test.csv, row",), VALUE)


def texts_nearly_copied(draw: np.random.Generator, home: Path) -> Planted:
    """Test texts that are texts of training, a mark or a word changed."""
    frame = rows(draw, reviews())
    test = np.arange(len(frame)) >= 0.75 * len(frame)
    long = [row for row in np.flatnonzero(~test) if len(set(frame["text"][row].split())) >= 12]
    for row, source in enumerate(draw.permutation(long)[:8]):
        words = frame["text"][source].split()
        if draw.integers(2):
            words[int(draw.integers(len(words)))] = "really"
        else:
            words = ["«", *(word.upper() for word in words), "!", "»"]
        frame.loc[len(frame) - 1 - row, "text"] = " ".join(words)
    return Planted(parted(frame, home, test), ("lookalikes",), ("test.csv, row",), {"target": "mood"})


def persons_parted(draw: np.random.Generator, home: Path) -> Planted:
    """People with rows on both sides."""
    frame = rows(draw, adult())
    name = str(draw.choice(["patient", "customer_id", "speaker", "subject"]))
    frame.insert(0, name, [f"p{one}" for one in draw.integers(0, len(frame) // 4, len(frame))])
    return Planted(parted(frame, home, draw.random(len(frame)) < 0.25), ("persons",), (repr(name),), INCOME)


def past_holds_future(draw: np.random.Generator, home: Path) -> Planted:
    """Rows of the time that is to be foretold, in the training file."""
    frame = window(draw, meters())
    test = np.arange(len(frame)) >= 0.8 * len(frame)
    test[draw.permutation(np.flatnonzero(test)[1:])[: int(draw.integers(3, 30))]] = False
    return Planted(parted(frame, home, test), ("future",), ("train.csv, row",), OIL)


def labels_exchanged(draw: np.random.Generator, home: Path) -> Planted:
    """A stretch of rows whose two classes are exchanged."""
    frame = rows(draw, adult())
    where = stretch(draw, len(frame))
    frame.loc[where, "income"] = frame.loc[where, "income"].map(lambda one: ">50K" if "<" in one else "<=50K")
    return Planted(save(frame, home), ("labels",), ("'income'",), INCOME)


def labels_moved(draw: np.random.Generator, home: Path) -> Planted:
    """A stretch of texts whose classes slipped by some lines."""
    frame = rows(draw, questions(), 1_800, 3_000)
    where = stretch(draw, len(frame))
    frame.loc[where, "label"] = np.roll(frame.loc[where, "label"].to_numpy(), int(draw.integers(1, 9)))
    return Planted(save(frame, home), ("labels",), ("'label'",), KIND)


def unit_changed(draw: np.random.Generator, home: Path) -> Planted:
    """A stretch of rows in another unit."""
    frame = rows(draw, adult()).astype({"age": float, "hours-per-week": float, "fnlwgt": float})
    name, factor = [("age", 12.0), ("hours-per-week", 60.0), ("fnlwgt", 0.01), ("age", 365.0)][int(draw.integers(4))]
    where = stretch(draw, len(frame))
    frame.loc[where, name] *= factor
    return Planted(save(frame, home), ("shifted",), (repr(name),), INCOME)


def meter_in_other_unit(draw: np.random.Generator, home: Path) -> Planted:
    """A stretch of a series in thousandths or in Fahrenheit."""
    frame = window(draw, meters())
    where = stretch(draw, len(frame))
    frame.loc[where, "OT"] = frame.loc[where, "OT"] * 1000 if draw.integers(2) else frame.loc[where, "OT"] * 1.8 + 32
    return Planted(save(frame, home), ("shifted",), ("'OT'",), OIL)


def meter_stuck(draw: np.random.Generator, home: Path) -> Planted:
    """A meter that stands still for days."""
    frame = window(draw, meters())
    where = stretch(draw, len(frame), 0.05, 0.1)
    name = str(draw.choice(["HUFL", "MUFL", "OT"]))
    frame.loc[where, name] = frame.loc[where[0], name] + 0.001
    return Planted(save(frame, home), ("stuck",), (repr(name),), OIL)


def stretch_repeated(draw: np.random.Generator, home: Path) -> Planted:
    """Days that were pasted twice under new dates."""
    frame = window(draw, meters())
    length = int(draw.integers(24, 72))
    source = int(draw.integers(0, len(frame) // 3))
    aim = int(draw.integers(len(frame) // 2, len(frame) - length))
    names = [name for name in frame if name != "date"]
    frame.loc[aim : aim + length - 1, names] = frame.loc[source : source + length - 1, names].to_numpy()
    return Planted(save(frame, home), ("repeated",), (f"row {aim + 2}",), OIL)


def rows_twice(draw: np.random.Generator, home: Path) -> Planted:
    """A moment that has two rows."""
    frame = window(draw, meters())
    row = int(draw.integers(5, len(frame) - 5))
    frame.loc[row, "date"] = frame.loc[row - 1, "date"]
    return Planted(save(frame, home), ("twice", "refused"), (f"row {row + 2}", f"row {row + 1}"), OIL)


def rows_lost(draw: np.random.Generator, home: Path) -> Planted:
    """Hours that nobody wrote down."""
    frame = window(draw, meters())
    row = int(draw.integers(50, len(frame) - 150))
    frame = frame.drop(index=range(row, row + int(draw.integers(2, 60)))).reset_index(drop=True)
    return Planted(save(frame, home), ("gaps",), (f"row {row + 2}",), OIL)


def missing_as_number(draw: np.random.Generator, home: Path) -> Planted:
    """A number that stands for a missing value."""
    frame = rows(draw, houses())
    name = str(draw.choice(["population", "median_income", "total_rooms"]))
    frame.loc[draw.random(len(frame)) < draw.uniform(0.01, 0.1), name] = float(draw.choice([-999.0, -1e6, 1e9]))
    return Planted(save(frame, home), ("codes",), (repr(name),), VALUE)


KINDS: tuple[Plant, ...] = (
    *(picture_copied, picture_nearly_copied, picture_in_two_classes, picture_blank, picture_turned),
    *(class_in_other_form, class_untested, class_unseen, answer_coded, answer_nearly, answer_scaled, answer_in_text),
    *(future_in_past, rows_copied, texts_nearly_copied, persons_parted, past_holds_future, labels_exchanged),
    *(labels_moved, unit_changed, meter_in_other_unit, meter_stuck, stretch_repeated, rows_twice, rows_lost),
    *(missing_as_number,),
)
