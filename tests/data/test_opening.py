"""Opening: paths that are wrong, layouts that are odd, things in memory, and columns corrected."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as arrow_parquet
import pytest
from PIL import Image

from brainwright.data.opening import open_table
from brainwright.data.table import Kind, Share, Table
from brainwright.errors import Fault


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def picture(file: Path, shade: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), shade).save(file)
    return file


def fault(data, columns: str = "") -> str:
    with pytest.raises(Fault) as caught:
        open_table(data, columns)
    line = str(caught.value)
    assert "\n" not in line
    return line


FLOWERS = "petal,kind\n" + "".join(f"{i}.5,{'rose' if i % 2 else 'lily'}\n" for i in range(12))


# ---- paths


def test_wrong_path_names_the_nearest(tmp_path):
    written(tmp_path / "flowers.csv", FLOWERS)
    assert f"did you mean {tmp_path / 'flowers.csv'}?" in fault(tmp_path / "flower.csv")
    assert "flowers.csv" in fault(tmp_path / "zzz" / "deeper")


def test_empty_folder_and_empty_file(tmp_path):
    (tmp_path / "photos").mkdir()
    assert "photos is empty" in fault(tmp_path / "photos")
    assert "a.csv is empty" in fault(written(tmp_path / "a.csv", ""))
    assert "a.csv is empty" in fault(written(tmp_path / "a.csv", "\n\n"))


def test_unknown_suffix_and_nothing_readable(tmp_path):
    line = fault(written(tmp_path / "a.xyz", "1"))
    assert "a.xyz is laid out as no reader knows" in line and "CSV" in line
    assert "save the sheet as CSV" in fault(written(tmp_path / "a.xlsx", "1"))
    assert "1 .xyz" in fault(written(tmp_path / "inner" / "b.xyz", "1").parent)
    assert "single picture" in fault(picture(tmp_path / "a.png"))


# ---- tables of a folder


def test_train_and_test_win_over_other_tables(tmp_path):
    for name, rows in (("training", 9), ("dev", 2), ("Test", 3), ("sizes", 1)):
        written(tmp_path / f"{name}.csv", "x,y\n" + "1,a\n" * rows)
    written(tmp_path / "README.txt", "a, b")
    table = open_table(tmp_path)
    assert np.bincount(table.shares).tolist() == [9, 2, 3]
    assert table.notes == ["not read: sizes.csv"]
    assert table.where(9) == "dev.csv, row 2"


def test_several_tables_ask_for_one(tmp_path):
    written(tmp_path / "a.csv", FLOWERS)
    written(tmp_path / "b.csv", FLOWERS)
    line = fault(tmp_path)
    assert "a.csv, b.csv" in line and "name them train and test" in line
    assert len(open_table(tmp_path / "a.csv")) == 12


def test_shards_and_the_columns_one_file_lacks(tmp_path):
    for i in range(2):
        frame = pa.table({"x": np.arange(5.0) + i, "y": ["a"] * 5})
        arrow_parquet.write_table(frame, tmp_path / f"train-0000{i}-of-00002.parquet")
    arrow_parquet.write_table(pa.table({"x": [1.0, 2.0]}), tmp_path / "test-00000-of-00001.parquet")
    table = open_table(tmp_path)
    assert len(table) == 12 and (table.shares == Share.TEST).sum() == 2
    assert table["y"].values[-1] is None
    assert any("test-00000-of-00001.parquet has no column 'y'" in note for note in table.notes)


def test_columns_that_differ_in_type_or_name(tmp_path):
    arrow_parquet.write_table(pa.table({"x": [1.0]}), tmp_path / "train.parquet")
    arrow_parquet.write_table(pa.table({"x": ["a"]}), tmp_path / "test.parquet")
    assert "train.parquet and test.parquet differ in a column's type" in fault(tmp_path)
    arrow_parquet.write_table(pa.table({"z": ["a"]}), tmp_path / "test.parquet")
    assert "no column in common" in fault(tmp_path)


# ---- CSV


@pytest.mark.parametrize(
    ("mark", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv"), ("|", "a.txt"), ("\t", "a.csv")]
)
def test_delimiters(tmp_path, mark, name):
    table = open_table(written(tmp_path / name, "\ufeff" + FLOWERS.replace(",", mark).replace("\n", "\r\n")))
    assert {name: column.kind for name, column in table.columns.items()} == {
        "petal": Kind.NUMBER,
        "kind": Kind.CATEGORY,
    }


def test_ragged_row_is_named_by_its_line(tmp_path):
    file = written(tmp_path / "a.csv", 'a,b\n"two\nlines",1\n\n3,4\n5,6,7\n')
    assert f"{file}, row 6 has 3 cells, the header 2: '5,6,7'" in fault(file)


def test_rows_are_lines_of_the_file(tmp_path):
    table = open_table(written(tmp_path / "a.csv", 'a,b\n"two\nlines",1\n\n3,4\r\n\r\n5,6\n'))
    assert table["a"].values.tolist() == ["two\nlines", "3", "5"]
    assert [table.where(row) for row in range(3)] == ["a.csv, row 2", "a.csv, row 5", "a.csv, row 7"]


def test_wrong_encoding_names_row_and_byte(tmp_path):
    file = written(tmp_path / "a.csv", "text,mood\nfine,good\nschön,good\n".encode("latin-1"))
    line = fault(file)
    assert f"{file}, row 3: byte 4 (0xf6) is not UTF-8" in line and "save the file as UTF-8" in line
    assert "UTF-16" in fault(written(tmp_path / "b.csv", FLOWERS.encode("utf-16")))


def test_inch_marks_in_tab_separated_text(tmp_path):
    table = open_table(written(tmp_path / "a.tsv", 'size\tn\n5" nail\t1\n6" nail\t2\n"plain"\t3\n'))
    assert table["size"].values.tolist() == ['5" nail', '6" nail', '"plain"']


def test_quotes_that_never_close_and_inch_marks(tmp_path):
    assert "opened at or after row 2 and never closed" in fault(written(tmp_path / "a.csv", 'a,b\n1,"x\n2,y\n3,z\n'))
    table = open_table(written(tmp_path / "b.csv", 'a,b\n5" nail,1\n\n6" nail,2\nnail,3\n'))
    assert table["b"].values.tolist() == [1, 2, 3] and table.where(2) == "b.csv, row 5"


def test_no_header_repeated_and_empty_names(tmp_path):
    table = open_table(written(tmp_path / "a.csv", "39,State,77.5\n50,Self,83.1\n"))
    assert list(table.columns) == ["column1", "column2", "column3"] and len(table) == 2
    assert "begins with data" in table.notes[0]
    assert list(open_table(written(tmp_path / "b.csv", ",x,x,2019,2020\n0,1,2,3,4\n")).columns) == [
        "column1",
        "x",
        "x_3",
        "2019",
        "2020",
    ]
    assert "holds no rows" in fault(written(tmp_path / "c.csv", "a,b\n"))


# ---- JSON


def test_json_lines_mixed_and_nested(tmp_path):
    table = open_table(
        written(tmp_path / "a.jsonl", '{"a": 1, "m": {"b": 2, "c": [1]}}\n\n{"a": "x", "m": {"b": 3}}\n')
    )
    assert table["a"].values.tolist() == ["1", "x"] and table["m.b"].values.tolist() == [2.0, 3.0]
    assert "m.c" not in table.columns and any("'m.c'" in note for note in table.notes)
    assert table.where(1) == "a.jsonl, row 3"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.jsonl", '{"a": 1}\n{"a":\n', "row 2 is not JSON"),
        ("a.jsonl", '{"a": 1}\n[1]\n', "row 2 is '[1]', not a record"),
        ("a.json", '[{"a": 1},\n{"a" 2}]', "row 2 is not JSON"),
        ("a.json", '[{"a": 1}, 3]', "entry 2 is '3', not a record"),
    ],
)
def test_broken_json_names_the_row(tmp_path, name, text, words):
    file = written(tmp_path / name, text)
    assert words in fault(file) and name in fault(file)


def test_json_list(tmp_path):
    assert open_table(written(tmp_path / "a.json", ' [ {"a": 1}, {"b": true} ]'))["b"].values.tolist() == [None, "true"]


# ---- pictures


def test_pictures_and_what_lies_between(tmp_path):
    for i in range(3):
        picture(tmp_path / "cat" / f"{i}.png")
        picture(tmp_path / "dog" / "deep" / f"{i}.JPG")
    written(tmp_path / "cat" / ".hidden.png", "no")
    written(tmp_path / "cat" / "notes.txt", "no")
    (tmp_path / "mouse").mkdir()
    table = open_table(tmp_path)
    assert table["label"].values.tolist() == ["cat"] * 3 + ["dog"] * 3
    assert "cat/notes.txt" in table.notes[0] and "1 .txt" in table.notes[0]
    assert "mouse" in table.notes[1]
    assert table.where(5) == "dog/deep/2.JPG"


def test_flat_folder_has_no_label(tmp_path):
    for i in (10, 9, 2):
        picture(tmp_path / f"{i}.png")
    table = open_table(tmp_path)
    assert list(table.columns) == ["image"]
    assert [Path(path).name for path in table["image"].values] == ["2.png", "9.png", "10.png"]


def test_synonyms_of_shares_and_a_wrapping_folder(tmp_path):
    for share, count in (("Training", 3), ("valid", 2), ("testing", 1)):
        for i in range(count):
            picture(tmp_path / "archive" / share / "a" / f"{i}.png")
    assert np.bincount(open_table(tmp_path).shares).tolist() == [3, 2, 1]


def test_a_table_with_paths_wins_over_its_picture_folder(tmp_path):
    for i in range(12):
        picture(tmp_path / "images" / f"{i}.png")
    written(tmp_path / "list.csv", "file,speed\n" + "".join(f"{i}.png,{i}\n" for i in range(12)))
    table = open_table(tmp_path)
    assert table["file"].kind == Kind.IMAGE and table["speed"].kind == Kind.NUMBER
    assert Path(table["file"].values[3]) == tmp_path / "images" / "3.png"


# ---- NumPy archives and IDX


def test_archives_of_two_dimensions_and_channels_first(tmp_path):
    np.savez(
        tmp_path / "a.npz", x_train=np.ones((4, 3)), y_train=np.ones(4), x_test=np.zeros((2, 3)), y_test=np.ones(2)
    )
    table = open_table(tmp_path / "a.npz")
    assert list(table.columns) == ["x0", "x1", "x2", "label"] and table["label"].kind == Kind.NUMBER
    assert table.where(5) == "a.npz, test, row 2"
    np.savez(tmp_path / "b.npz", images=np.full((2, 3, 8, 8), 0.5), labels=np.array([0, 1]))
    table = open_table(tmp_path / "b.npz")
    assert table["image"].values.shape == (2, 8, 8, 3) and table["image"].values.max() == 128


def test_archives_that_cannot_be_used(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.array([{}], object))
    assert "pickled objects" in fault(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", images=np.zeros((3, 4, 4)), labels=np.zeros(2))
    assert "3 image, 2 label" in fault(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", what=np.zeros(3))
    assert "holds what" in fault(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", images=np.full((3, 4, 4), -1.0), labels=np.zeros(3))
    assert "pixels go from -1 to -1" in fault(tmp_path / "d.npz")
    np.savez(
        tmp_path / "e.npz", train_images=np.zeros((3, 4, 4)), train_labels=np.zeros(3), test_images=np.zeros((3, 4, 4))
    )
    assert "no label for the share test" in fault(tmp_path / "e.npz")


def test_parquet_pictures_index_and_bad_class(tmp_path):
    blob = picture(tmp_path / "a.png").read_bytes()
    names = b'{"info": {"features": {"y": {"_type": "ClassLabel", "names": ["no", "yes"]}}}}'
    frame = pa.table({"img": [{"bytes": blob, "path": "a.png"}] * 3, "y": [0, 1, -1], "__index_level_0__": [5, 6, 7]})
    arrow_parquet.write_table(frame.replace_schema_metadata({"huggingface": names}), tmp_path / "a.parquet")
    table = open_table(tmp_path / "a.parquet")
    assert list(table.columns) == ["img", "y"] and table["img"].values[0] == blob
    assert table["y"].values.tolist() == ["no", "yes", None]
    frame = frame.set_column(1, "y", pa.array([0, 7, 1]))
    arrow_parquet.write_table(frame.replace_schema_metadata({"huggingface": names}), tmp_path / "a.parquet")
    assert "row 2: class 7 has no name" in fault(tmp_path / "a.parquet")


# ---- memory


def test_memory_frame_mapping_and_table():
    frame = pd.DataFrame(
        {"n": [1, None, 3], "mixed": [1, "a", None], "when": pd.to_datetime(["2024-01-01"] * 3), 7: [True, False, True]}
    )
    table = open_table(frame)
    kinds = {name: column.kind for name, column in table.columns.items()}
    assert kinds == {"n": Kind.NUMBER, "mixed": Kind.CATEGORY, "when": Kind.DATE, "7": Kind.CATEGORY}
    assert table["mixed"].values.tolist() == ["1", "a", None] and (table.shares == Share.OPEN).all()
    table = open_table({"image": np.zeros((3, 4, 4), np.uint8), "x": np.ones((3, 2)), "y": ["a", "b", "a"]})
    assert list(table.columns) == ["image", "x0", "x1", "y"] and table["image"].kind == Kind.IMAGE
    assert open_table(table) is table and isinstance(table, Table)
    years = pd.Series(pd.period_range("2024", "2026", freq="Y"))
    assert open_table({"year": years, "z": np.ones(3, complex)})["year"].values.tolist() == [2024, 2025, 2026]
    assert "'l' holds list" in fault({"l": [[1], [2, 3]]}) and "single value" in fault({"a": 5})
    assert "differ in length" in fault({"a": [1], "b": [1, 2]})
    assert "no rows" in fault({"a": []}) and "no rows" in fault({})


# ---- correction


def test_columns_are_corrected(tmp_path):
    file = written(tmp_path / "a.csv", "zip,age,when,note\n1234,12 ,20240131,x\n5678,-,20240201,y\n")
    table = open_table(file, "zip=category, age=number,note=text")
    assert table["zip"].values.tolist() == ["1234", "5678"] and table["zip"].reason == "as you asked: category"
    assert table["age"].values[0] == 12 and np.isnan(table["age"].values[1])
    assert table["note"].kind == Kind.TEXT


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("petl=number", "no column is called 'petl'; did you mean 'petal'?"),
        ("petal=numbr", "'numbr' is no kind of column; did you mean 'number'?"),
        ("petal", "'petal' says no kind; write NAME=KIND"),
        ("kind=number", "flowers.csv, row 2: kind holds 'lily' and 11 more, which is no number"),
        ("kind=date", "flowers.csv, row 2: kind holds 'lily' and 11 more, which is no date"),
        ("kind=image", "cannot be read as image"),
    ],
)
def test_wrong_corrections(tmp_path, asked, words):
    assert re.search(re.escape(words), fault(written(tmp_path / "flowers.csv", FLOWERS), asked))


def test_forbidden_files_are_named(tmp_path, monkeypatch):
    file = written(tmp_path / "a.csv", FLOWERS)

    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert f"{file} may not be read" in fault(file)
