"""Damage to the form: files and cells that cannot be what they should be. Each gives what a right finding must say."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from planted.draws import (
    Plant,
    Planted,
    adult,
    album,
    digits,
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

INCOME = {"target": "income"}
VALUE = {"target": "median_house_value"}


def jpegs(draw: np.random.Generator, home: Path, damage: str) -> Planted:
    """Some photographs cut, as they are or with an end mark behind."""
    blobs, labels = photos()
    chosen = draw.permutation(len(blobs))[:60]
    bad = set(draw.permutation(60)[: int(draw.integers(1, 5))].tolist())
    names = []
    for number, row in enumerate(chosen):
        folder = home / ("left" if number % 2 else "right")
        folder.mkdir(exist_ok=True)
        blob = blobs[row]
        if number in bad:
            blob = blob[: int(len(blob) * draw.uniform(0.7, 0.97))] + (b"\xff\xd9" if damage == "ended" else b"")
            names.append(f"{folder.name}/{number}.jpg")
        (folder / f"{number}.jpg").write_bytes(blob)
    del labels
    return Planted(home, ("unreadable",), tuple(names))


def jpeg_cut(draw: np.random.Generator, home: Path) -> Planted:
    """JPEG files that end too early."""
    return jpegs(draw, home, "cut")


def jpeg_cut_and_ended(draw: np.random.Generator, home: Path) -> Planted:
    """The same with an end mark behind, which verifying passes."""
    return jpegs(draw, home, "ended")


def spoiled(draw: np.random.Generator, home: Path, content: bytes) -> Planted:
    """One file of an album with other content."""
    files = album(draw, home)
    file = files[int(draw.integers(len(files)))]
    file.write_bytes(content)
    return Planted(home, ("unreadable",), (str(file.relative_to(home)),))


def text_for_picture(draw: np.random.Generator, home: Path) -> Planted:
    """A web page saved as a picture."""
    return spoiled(draw, home, b"<html><body>404 not found</body></html>")


def empty_picture(draw: np.random.Generator, home: Path) -> Planted:
    """A file of no bytes."""
    return spoiled(draw, home, b"")


def png_cut(draw: np.random.Generator, home: Path) -> Planted:
    """A PNG that ends too early."""
    blob = packed(Image.fromarray(digits()[0][int(draw.integers(9_000))]))
    return spoiled(draw, home, blob[: int(len(blob) * draw.uniform(0.4, 0.85))])


def png_flipped(draw: np.random.Generator, home: Path) -> Planted:
    """A PNG with bytes changed in its middle."""
    blob = bytearray(packed(Image.fromarray(digits()[0][int(draw.integers(9_000))])))
    middle = len(blob) // 2
    blob[middle : middle + 12] = bytes(draw.integers(0, 256, 12).tolist())
    return spoiled(draw, home, bytes(blob))


def picture_gone(draw: np.random.Generator, home: Path) -> Planted:
    """A table names a picture that is not there."""
    files = album(draw, home / "images")
    frame = pd.DataFrame({"file": [str(file.relative_to(home)) for file in files]})
    frame["label"] = [file.parent.name for file in files]
    gone = int(draw.integers(1, len(files)))
    files[gone].unlink()
    return Planted(save(frame, home), ("unreadable",), (f"row {gone + 2}",), {"target": "label"})


def lines(draw: np.random.Generator, home: Path) -> tuple[list[str], int]:
    """The lines of a table and one of them."""
    text = save(rows(draw, adult()), home).read_text().splitlines()
    return text, int(draw.integers(5, len(text) - 5))


def refused(home: Path, text: list[str], words: tuple[str, ...]) -> Planted:
    """A table that a reader must refuse, with these words all."""
    (home / "data.csv").write_text("\n".join(text))
    return Planted(home / "data.csv", ("refused",), words, INCOME)


def cell_lost(draw: np.random.Generator, home: Path) -> Planted:
    """A line with a cell too few."""
    text, row = lines(draw, home)
    text[row] = text[row].partition(",")[2]
    return refused(home, text, (f"row {row + 1} ",))


def cell_more(draw: np.random.Generator, home: Path) -> Planted:
    """A line with a cell too many."""
    text, row = lines(draw, home)
    text[row] += ",7"
    return refused(home, text, (f"row {row + 1} ",))


def line_cut(draw: np.random.Generator, home: Path) -> Planted:
    """A last line that was not written to its end."""
    text, _ = lines(draw, home)
    text[-1] = ",".join(text[-1].split(",")[: int(draw.integers(2, 9))])
    return refused(home, text, (f"row {len(text)} ",))


def quote_open(draw: np.random.Generator, home: Path) -> Planted:
    """A quote that is never closed."""
    text, row = lines(draw, home)
    first, _, rest = text[row].partition(",")
    text[row] = f'{first},"{rest}'
    return refused(home, text, ("quote", "cells"))


def other_encoding(draw: np.random.Generator, home: Path) -> Planted:
    """One line in Windows-1252."""
    text, row = lines(draw, home)
    data = "\n".join(text).encode().split(b"\n")
    data[row] = data[row].replace(b",", ",Büro ".encode("cp1252"), 1)
    (home / "data.csv").write_bytes(b"\n".join(data))
    return Planted(home / "data.csv", ("refused",), (f"row {row + 1}:",), INCOME)


def sixteen_bits(draw: np.random.Generator, home: Path) -> Planted:
    """The whole file in UTF-16."""
    text, _ = lines(draw, home)
    (home / "data.csv").write_bytes("\n".join(text).encode("utf-16"))
    return Planted(home / "data.csv", ("refused",), ("UTF-16",), INCOME)


def no_rows(draw: np.random.Generator, home: Path) -> Planted:
    """A header and nothing below."""
    text, _ = lines(draw, home)
    return refused(home, [text[0], ""], ("holds no rows",))


def json_broken(draw: np.random.Generator, home: Path) -> Planted:
    """JSON lines of which one is cut."""
    frame = rows(draw, reviews())
    text = [json.dumps(one) for one in frame.to_dict("records")]
    row = int(draw.integers(3, len(text)))
    text[row] = text[row][: len(text[row]) // 2]
    (home / "data.jsonl").write_text("\n".join(text))
    return Planted(home / "data.jsonl", ("refused",), (f"row {row + 1}", f"line {row + 1}"), {"target": "mood"})


def column_lacking(draw: np.random.Generator, home: Path) -> Planted:
    """A test file without one of the columns."""
    frame = rows(draw, adult())
    name = str(draw.choice(["age", "education", "hours-per-week", "sex"]))
    test = draw.random(len(frame)) < 0.25
    parted(frame, home, test)
    save(frame[test].drop(columns=name), home, "test.csv")
    return Planted(home, ("lacking",), (repr(name),), INCOME)


def column_renamed(draw: np.random.Generator, home: Path) -> Planted:
    """A test file whose header writes a column otherwise."""
    frame = rows(draw, houses())
    name = str(draw.choice(["population", "households", "median_income"]))
    test = draw.random(len(frame)) < 0.25
    parted(frame, home, test)
    save(frame[test].rename(columns={name: name.title()}), home, "test.csv")
    return Planted(home, ("lacking",), (repr(name), repr(name.title())), VALUE)


def words_among_numbers(draw: np.random.Generator, home: Path) -> Planted:
    """A few words in a column of numbers."""
    frame = rows(draw, houses()).astype({"population": object})
    bad = draw.permutation(len(frame))[: int(draw.integers(1, 12))]
    frame.loc[bad, "population"] = str(draw.choice(["unknown", "#REF!", "n.b.", "1,2 k"]))
    return Planted(save(frame, home), ("mixed",), ("'population'",), VALUE)


def units_in_cells(draw: np.random.Generator, home: Path) -> Planted:
    """Some numbers with their unit behind."""
    frame = rows(draw, adult()).astype({"age": object})
    bad = draw.permutation(len(frame))[: int(draw.integers(5, 100))]
    frame.loc[bad, "age"] = frame.loc[bad, "age"].astype(str) + " years"
    return Planted(save(frame, home), ("mixed",), ("'age'",), INCOME)


def header_again(draw: np.random.Generator, home: Path) -> Planted:
    """The header once more in the middle, as joined files have it."""
    text = save(rows(draw, houses()), home).read_text().splitlines()
    row = int(draw.integers(20, len(text) - 20))
    text.insert(row, text[0])
    (home / "data.csv").write_text("\n".join(text))
    return Planted(home / "data.csv", ("mixed",), (f"row {row + 1}",), {"target": "ocean_proximity"})


def letters_broken(draw: np.random.Generator, home: Path) -> Planted:
    """UTF-8 read as Windows-1252 and written again."""
    frame = rows(draw, reviews())
    bad = draw.permutation(len(frame))[: int(draw.integers(1, 20))]
    frame.loc[bad, "text"] = frame.loc[bad, "text"] + " – café".encode().decode("cp1252")
    return Planted(save(frame, home), ("letters",), ("'text'",), {"target": "mood"})


def texts_empty(draw: np.random.Generator, home: Path) -> Planted:
    """Texts without a word."""
    frame = rows(draw, questions())
    bad = np.sort(draw.permutation(len(frame))[: int(draw.integers(1, 20))])
    frame.loc[bad, "text"] = ""
    return Planted(save(frame, home), ("empty",), (f"row {bad[0] + 2}",), {"target": "label"})


def answers_lost(draw: np.random.Generator, home: Path) -> Planted:
    """Rows without an answer."""
    frame = rows(draw, adult())
    bad = np.sort(draw.permutation(len(frame))[: int(draw.integers(1, 20))])
    frame.loc[bad, "income"] = ""
    return Planted(save(frame, home), ("unanswered",), (f"row {bad[0] + 2}",), INCOME)


def time_lost(draw: np.random.Generator, home: Path) -> Planted:
    """A row of a series without its date."""
    frame = window(draw, meters())
    row = int(draw.integers(5, len(frame) - 5))
    frame.loc[row, "date"] = ""
    return Planted(save(frame, home), ("dates", "refused"), (f"row {row + 2}",), {"target": "OT"})


KINDS: tuple[Plant, ...] = (
    *(jpeg_cut, jpeg_cut_and_ended, text_for_picture, empty_picture, png_cut, png_flipped, picture_gone, cell_lost),
    *(cell_more, line_cut, quote_open, other_encoding, sixteen_bits, no_rows, json_broken, column_lacking),
    *(column_renamed, words_among_numbers, units_in_cells, header_again, letters_broken, texts_empty, answers_lost),
    *(time_lost,),
)
