"""Checking: each thing that can be wrong is found, graver ones first, with its rows; a clean table gives nothing."""

import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from brainwright.data.checking import check
from brainwright.data.finding import Finding
from brainwright.data.opening import open_table
from brainwright.data.splitting import Splitting
from brainwright.data.table import Column, Kind, Share, Table

DRAW = np.random.default_rng(0)
LABELS = ["a", "b"] * 50


def table(rows: int = 100, **more) -> Table:
    return open_table(pd.DataFrame({"x": DRAW.normal(size=rows), "y": LABELS[:rows], **more}))


def found(whole: Table, target: str = "y") -> list[str]:
    findings = check(whole, target)
    assert all(isinstance(finding, Finding) and "\n" not in finding.text for finding in findings)
    order = [["stop", "warn", "note"].index(finding.severity) for finding in findings]
    assert order == sorted(order)
    return [f"{finding.severity}: {finding.text}" for finding in findings]


def with_test(whole: Table, test: int) -> Table:
    shares = np.where(np.arange(len(whole)) < len(whole) - test, Share.TRAIN, Share.TEST).astype(np.uint8)
    return Table(whole.columns, shares, "memory")


def test_a_clean_table_gives_nothing():
    assert found(table()) == []
    assert found(table(), "x") == []
    assert found(table(), "") == []


def test_too_few_rows():
    assert found(table(9))[0].startswith("stop: only 9 rows to train on in memory")


def test_missing_answers():
    labels = LABELS.copy()
    labels[3] = labels[70] = None
    line = found(table(y=labels))[0]
    assert "missing in 2 rows (memory, row 4, memory, row 71)" in line and line.startswith("stop")
    assert found(table(y=[None] * 100)) == ["stop: the target 'y' is missing in every row; choose another --target"]
    assert check(table(y=labels), "y")[0].rows.tolist() == [3, 70]


def test_test_rows_without_answers_are_a_note_and_splitting_agrees():
    whole = with_test(table(y=LABELS[:80] + [None] * 20), 20)
    assert found(whole) == ["note: no test row has 'y': they will be left out"]
    assert len(Splitting().divide(whole, "y", 0)[0]) == 80


def test_one_class_small_class_unseen_class():
    assert "every training row has y = 'a'" in found(table(y=["a"] * 100))[0]
    line = found(table(y=["c", *LABELS[1:]]))[0]
    assert "1 classes of 'y' have fewer than 2 training rows: 'c' (memory, row 1)" in line
    assert "stop: classes without a training row: 'z'" in found(with_test(table(y=[*LABELS[:99], "z"]), 20))[0]


@pytest.mark.parametrize(("rare", "severity"), [(30, None), (10, "note"), (1, None)])
def test_uneven_classes(rare, severity):
    lines = [line for line in found(table(y=["r"] * rare + ["c"] * (100 - rare))) if "uneven" in line]
    assert [line.split(":")[0] for line in lines] == ([severity] if severity else [])


def test_very_uneven_classes():
    whole = open_table(pd.DataFrame({"x": DRAW.normal(size=500), "y": ["r"] * 4 + ["c"] * 496}))
    assert any(line.startswith("warn: classes are uneven") for line in found(whole))


def test_constant_target_and_columns():
    assert "is 3 in every row" in found(table(n=[3.0] * 100), "n")[0]
    lines = found(
        table(n=[3.0] * 100, gone=[None] * 100, half=[None] * 60 + [0.5] * 40, who=[f"u{i}" for i in range(100)])
    )
    assert "note: column 'n' is the same in every row and says nothing" in lines
    assert "note: column 'gone' is missing in every row and says nothing" in lines
    assert "warn: column 'half' is missing in 60% of the rows" in lines
    assert any(line.startswith("note: column 'who' looks like an identifier") for line in lines)


def test_empty_texts():
    texts = [f"a film of {i} long minutes" for i in range(99)] + [""]
    assert "warn: text 't' is empty in 1 rows (memory, row 100)" in found(table(t=texts))


def test_leaks():
    code = ["p" if label == "a" else DRAW.choice(["q", "r"]) for label in LABELS]
    assert any("column 'code' alone tells the target" in line for line in found(table(code=code)))
    code[5] = "p"
    assert not any("tells the target" in line for line in found(table(code=code)))
    whole = table()
    columns = {**whole.columns, "scaled": Column(whole["x"].values * 3 + 1, Kind.NUMBER)}
    assert any("'scaled' is the target but for its scale" in line for line in found(Table.of(columns), "x"))


def test_copies_across_shares():
    x = DRAW.normal(size=100)
    x[95:] = x[:5]
    line = found(with_test(table(x=x), 20))[0]
    assert "stop: 5 rows for validation or test have the same inputs as training rows (memory, row 96" in line


def picture(noise: int = 40, form: str = "PNG") -> bytes:
    stream = BytesIO()
    Image.fromarray(DRAW.integers(0, 255, (noise, noise, 3), np.uint8)).save(stream, form)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_cut_pictures_are_found_in_every_format(form):
    blobs = np.array([picture(form=form) for _ in range(12)], object)
    blobs[4] = blobs[4][: len(blobs[4]) * 2 // 3]
    blobs[7] = b"no picture"
    whole = Table.of({"image": Column(blobs, Kind.IMAGE), "y": Column(np.array(LABELS[:12], object), Kind.CATEGORY)})
    (stop,) = check(whole, "y")
    assert (
        stop.severity == "stop"
        and stop.rows.tolist() == [4, 7]
        and "2 pictures cannot be read: memory, row 5 (" in stop.text
    )


def test_files_are_named_and_their_paths_not_repeated(tmp_path):
    for i in range(20):
        file = tmp_path / ("cat" if i % 2 else "dog") / f"{i}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(picture())
    (tmp_path / "cat" / "3.png").write_bytes(b"text")
    whole = open_table(tmp_path)
    Path(whole["image"].values[0]).unlink()
    line = found(whole, "label")[0]
    assert "cat/3.png (cannot identify image file)" in line and "cat/1.png (there is no such file)" in line
    assert str(tmp_path) not in line


def test_missing_pictures():
    blobs = np.array([picture() for _ in range(12)], object)
    blobs[3] = None
    whole = Table.of({"image": Column(blobs, Kind.IMAGE), "y": Column(np.array(LABELS[:12], object), Kind.CATEGORY)})
    assert "stop: no picture in 1 rows of 'image' (memory, row 4); delete them" in found(whole)


def test_a_hundred_thousand_rows_are_checked_quickly():
    rows = 100_000
    frame = {f"n{i}": DRAW.normal(size=rows) for i in range(10)}
    frame |= {f"c{i}": DRAW.choice(["red", "green", "blue"], rows).astype(object) for i in range(5)}
    whole = open_table(pd.DataFrame({**frame, "y": DRAW.choice(["a", "b"], rows)}))
    began = time.process_time()
    assert check(whole, "y") == []
    assert time.process_time() - began < 2
