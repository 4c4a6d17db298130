"""Every reader, found by its file: knows its own layout and no other, reads it whole, names damage, writes nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from brainwright.catalogue import catalogue, find
from brainwright.data.checking import check
from brainwright.data.opening import FAMILY, from_path, open_table
from brainwright.data.reader import Reader
from brainwright.data.splitting import Splitting
from brainwright.data.table import FILES, Kind, Share
from brainwright.errors import Fault

WORDS = sorted(catalogue(FAMILY))
ROWS = 30  # every example has so many, with an input and two classes
REAL = {  # rows for training, validation and test (0 = not given), and the kind of each column
    "adult": ((32_561, 0, 16_281), {"age": Kind.NUMBER, "workclass": Kind.CATEGORY, "income": Kind.CATEGORY}),
    "brain_mri": ((1_000, 0, 394), {"image": Kind.IMAGE, "label": Kind.CATEGORY}),
    "bccd": ((205, 87, 72), {"image": Kind.IMAGE, "boxes": Kind.BOXES}),
    "bccd/coco/instances_test.json": ((0, 0, 0), {"image": Kind.IMAGE, "boxes": Kind.BOXES}),
    "california_housing/housing.csv": ((0, 0, 0), {"total_bedrooms": Kind.NUMBER, "ocean_proximity": Kind.CATEGORY}),
    "cifar10": ((50_000, 0, 10_000), {"img": Kind.IMAGE, "label": Kind.CATEGORY}),
    "cifar10/data/test-00000-of-00001.parquet": ((0, 0, 0), {"img": Kind.IMAGE, "label": Kind.CATEGORY}),
    "etth1": ((0, 0, 0), {"date": Kind.DATE, "OT": Kind.NUMBER}),
    "an4": ((948, 0, 130), {"path": Kind.SOUND, "text": Kind.TEXT, "speaker": Kind.CATEGORY}),
    "fsdd": ((0, 0, 0), {"path": Kind.SOUND, "speaker": Kind.CATEGORY, "split": Kind.CATEGORY}),
    "lanes/synthetic": ((200, 0, 50), {"image": Kind.IMAGE, "lanes": Kind.LANES}),
    "lanes/tusimple_real": ((0, 0, 0), {"image": Kind.IMAGE, "lanes": Kind.LANES}),
    "mnist": ((60_000, 0, 10_000), {"image": Kind.IMAGE, "label": Kind.CATEGORY}),
    "multi30k_en_de": ((29_000, 1_014, 2_461), {"en": Kind.TEXT, "de": Kind.TEXT}),
    "orl_faces": ((0, 0, 0), {"image": Kind.IMAGE, "label": Kind.CATEGORY}),
    "pneumoniamnist": ((4_708, 524, 624), {"image": Kind.IMAGE, "label": Kind.CATEGORY}),
    "pneumoniamnist/pneumoniamnist.npz": ((4_708, 524, 624), {"image": Kind.IMAGE, "label": Kind.CATEGORY}),
    "sst2": ((6_920, 872, 1_821), {"sentence": Kind.TEXT, "label": Kind.NUMBER}),
    "tinyshakespeare": ((0, 0, 0), {"text": Kind.TEXT}),
    "trec": ((5_452, 0, 500), {"text": Kind.TEXT, "label": Kind.CATEGORY, "fine_label": Kind.CATEGORY}),
    "xquad_en": ((839, 0, 351), {"passage": Kind.TEXT, "question": Kind.TEXT, "answer": Kind.SPAN}),
    "xquad_en/xquad.en.json": ((0, 0, 0), {"passage": Kind.TEXT, "question": Kind.TEXT, "answer": Kind.SPAN}),
    "udacity_sim_driving": ((1_000, 0, 250), {"image": Kind.IMAGE, "steering": Kind.NUMBER}),
}


@pytest.fixture(params=WORDS)
def reader(request) -> type[Reader]:
    return find(FAMILY, request.param, Reader)


@pytest.fixture
def example(reader, tmp_path) -> Path:
    return made(reader, tmp_path)


def made(reader: type[Reader], folder: Path) -> Path:
    """Its example; a test whose reader needs a library that is not here is skipped."""
    try:
        return reader.example(folder)
    except Fault as fault:
        pytest.skip(str(fault))


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def counts(table) -> tuple[int, ...]:
    return tuple(int((table.shares == share).sum()) for share in (Share.TRAIN, Share.VALIDATION, Share.TEST))


def test_knows_its_own_example_and_is_the_first_that_does(reader, example):
    """The more special a layout, the lower its rank; two of one rank never both know a path."""
    knowing = sorted((one for one in map(of_word, WORDS) if one.knows(example)), key=lambda one: one.rank)
    assert knowing[0] is reader
    assert [one.rank for one in knowing].count(reader.rank) == 1


def of_word(word: str) -> type[Reader]:
    return find(FAMILY, word, Reader)


def test_opening_finds_the_reader_and_reads_every_row(reader, example):
    table, direct = open_table(example), reader().read(example)
    assert len(table) == ROWS == len(direct) and list(table.columns) == list(direct.columns)
    assert all(len(column) == ROWS and column.reason for column in table.columns.values())
    assert table.source == str(example)


def test_shares_are_as_the_layout_says(example):
    table = open_table(example)
    given = counts(table)
    assert given[0] == 20 or given == (0, 0, 0)  # examples that say shares train on twenty
    assert sum(given) in (0, ROWS)


def test_every_row_says_where_it_came_from(tmp_path, example):
    table = open_table(example)
    places = {table.where(row) for row in range(len(table))}
    assert len(places) == ROWS
    names = "".join(files(tmp_path))
    assert all(Path(place.split(",")[0]).name in names for place in places)


def test_pictures_can_be_found(example):
    table = open_table(example)
    for name in table.kinds(Kind.IMAGE):
        values = table[name].values
        assert values.dtype == np.uint8 or all(Path(value).is_absolute() and Path(value).is_file() for value in values)


def test_user_files_stay_as_they_are(tmp_path, example):
    before = files(tmp_path)
    table = open_table(example)
    target = target_of(table)
    check(table, target)
    Splitting().divide(table, target, 0)
    assert files(tmp_path) == before


def target_of(table) -> str:
    return "label" if "label" in table.columns else next(reversed(table.columns))


def test_checks_clean_and_splits(example):
    table = open_table(example)
    target = target_of(table)
    classes = table[target].kind == Kind.CATEGORY and len(set(table[target].values)) == 2
    placed = table[target].kind in (Kind.BOXES, Kind.MASK, Kind.LANES, Kind.SPAN)  # it lies in each row's input
    assert classes or placed or table[target].kind == Kind.TEXT
    assert not [finding for finding in check(table, target) if finding.severity == "stop"]
    divided, reasons = Splitting().divide(table, target, 0)
    assert min(counts(divided)) > 0 and sum(counts(divided)) == ROWS and reasons


@pytest.mark.parametrize("damage", ["empty", "noise", "half"])
def test_damage_is_one_line_with_the_file(tmp_path, example, damage):
    """Half a file of text may still be whole; half of a packed one never is."""
    for file in [path for path in sorted(tmp_path.rglob("*")) if path.is_file()][::7]:
        whole = file.read_bytes()
        noise = np.random.default_rng(0).bytes(len(whole)).replace(b"\n", b"\xff")
        file.write_bytes({"empty": b"", "noise": b"\xff\xfe" + noise, "half": whole[: len(whole) // 2]}[damage])
        told = complaint(example)
        file.write_bytes(whole)
        readable = damage == "half" and file.suffix in (".csv", ".jsonl", ".txt", ".yaml")
        nothing = file.parent.parent.name == "labels" or file.name.endswith(".lines.txt")
        readable = readable or (damage == "empty" and nothing)  # a picture without a thing, a road without a lane
        assert file.name in told or (readable and not told)


def complaint(path: Path) -> str:
    """What opening or checking says against a path."""
    try:
        found = check(open_table(path), "")
    except Fault as fault:
        return str(fault) if fault.fix and "\n" not in str(fault) else ""
    return " ".join(finding.text for finding in found if finding.severity == "stop")


def test_a_copy_elsewhere_reads_the_same(tmp_path, example):
    copy = shutil.copytree(tmp_path, tmp_path.parent / (tmp_path.name + "_copy"))
    one, other = open_table(example), open_table(copy / example.relative_to(tmp_path))
    for name in one.columns:
        if one[name].kind not in (*FILES, Kind.VOLUME, Kind.MASK):  # these are paths
            np.testing.assert_equal(one[name].values.tolist(), other[name].values.tolist())
            assert one[name].reason == other[name].reason
    assert counts(one) == counts(other)


@pytest.mark.real_data
@pytest.mark.parametrize("place", REAL)
def test_real_data_opens(data_folder, place):
    name, _, below = place.partition("/")
    table = from_path(data_folder(name) / below)
    given, kinds = REAL[place]
    assert counts(table) == given
    assert {name: table[name].kind for name in kinds} == kinds
    assert all(column.reason for column in table.columns.values())
