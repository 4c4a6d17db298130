"""Scans to be classified: folders, tables and archives of volumes, whose they are, and what is refused or told."""

from pathlib import Path

import numpy as np
import pytest

from brainwright.data import dicom, nifti
from brainwright.data.checking import check
from brainwright.data.duplicates import row_keys
from brainwright.data.fields.volume import Volume
from brainwright.data.opening import open_table
from brainwright.data.splitting import Splitting
from brainwright.data.table import Kind
from brainwright.errors import Fault

library = pytest.importorskip("nibabel")
ONE = (1.0, 1.0, 1.0)


def scans(folder: Path, names: list[str], apart: tuple[float, ...] = ONE) -> Path:
    """Noise under these names, half of them ill."""
    for index, name in enumerate(names):
        file = folder / ("ill" if index % 2 else "well") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        nifti.write(file, np.random.default_rng(index).normal(size=(6, 7, 8)).astype(np.float32), apart)
    return folder


def stops(folder: Path) -> str:
    return " ".join(one.text for one in check(open_table(folder), "label") if one.severity == "stop")


@pytest.mark.parametrize("form", ["{who}/{index}.nii.gz", "sub-{who}_T1w_{index}.nii.gz", "Patient {who} {index}.nii"])
def test_all_scans_of_a_patient_stay_in_one_share_whatever_their_class(tmp_path: Path, form: str) -> None:
    table = open_table(scans(tmp_path, [form.format(who=index // 3, index=index) for index in range(36)]))
    assert table["scan"].kind == Kind.VOLUME and set(table["label"].values) == {"ill", "well"}
    split = Splitting().keeping_apart(table, "label")
    assert split.group == "patient"
    shared, _ = split.divide(table, "label", 0)
    whose = table["patient"].values
    assert len(set(whose)) == 12 and all(len(set(shared.shares[whose == who].tolist())) == 1 for who in whose)


def test_where_no_name_says_whose_a_scan_is_that_is_told(tmp_path: Path) -> None:
    table = open_table(scans(tmp_path, [f"{index}.nii" for index in range(8)]))
    assert "patient" not in table.columns
    assert "no folder or name of a file says whose a scan is: each counts as another patient's" in table.notes


def test_mixed_spacings_and_turns_are_told(tmp_path: Path) -> None:
    scans(tmp_path, [f"{index}.nii" for index in range(5)])
    turned = np.diag([-1.0, 1.0, 2.5, 1.0])
    library.save(library.Nifti1Image(np.zeros((6, 7, 8), np.float32), turned), tmp_path / "ill" / "6.nii")
    said = " ".join(open_table(tmp_path).notes)
    assert "orientation: 5 RAS, 1 LAS" in said
    assert "1 × 1 × 1 mm in the middle scan; they differ by up to [0.0, 0.0, 1.5] and are resampled" in said


def test_four_dimensions_lost_spacing_and_damage_are_all_named_at_once(tmp_path: Path) -> None:
    scans(tmp_path, [f"{index}.nii" for index in range(8)])
    library.save(library.Nifti1Image(np.zeros((4, 4, 4, 3), np.float32), np.eye(4)), tmp_path / "ill" / "film.nii")
    lost = bytearray((tmp_path / "ill" / "1.nii").read_bytes())
    lost[80:92] = np.zeros(3, np.float32).tobytes()  # pixdim[1:4]
    (tmp_path / "ill" / "1.nii").write_bytes(lost)
    (tmp_path / "well" / "2.nii").write_bytes((tmp_path / "well" / "2.nii").read_bytes()[:900])
    said = stops(tmp_path)
    assert "3 scans cannot be read" in said
    assert "ill/film.nii (it has the shape (4, 4, 4, 3), not three dimensions)" in said
    assert "ill/1.nii (its spacing is lost: [0.0, 0.0, 0.0])" in said and "well/2.nii (it ends early" in said


def test_one_class_is_nothing_to_learn(tmp_path: Path) -> None:
    for index in range(8):
        (tmp_path / "ill").mkdir(exist_ok=True)
        nifti.write(tmp_path / "ill" / f"{index}.nii", np.full((4, 4, 4), index, np.float32), ONE)
    assert "ill" in stops(tmp_path)


def test_the_same_scan_under_two_names_is_a_copy(tmp_path: Path) -> None:
    scans(tmp_path, [f"{index}.nii" for index in range(6)])
    (tmp_path / "well" / "9.nii").write_bytes((tmp_path / "well" / "0.nii").read_bytes())
    table = open_table(tmp_path)
    keys = dict(zip(table.files, row_keys(table, "label").tolist(), strict=True))
    assert keys["well/0.nii"] == keys["well/9.nii"] and len(set(keys.values())) == 6


@pytest.mark.parametrize("form", ["files", "series"])
def test_a_table_names_scans(tmp_path: Path, form: str) -> None:
    rows = ["scan,patient,diagnosis"]
    for index in range(12):
        name = f"case {index}"
        if form == "series":
            pytest.importorskip("pydicom")
            series(tmp_path / name, index)
        else:
            name += ".nii.gz"
            nifti.write(tmp_path / name, np.full((4, 4, 4), index, np.float32), ONE)
        rows.append(f"{name},{'ABCDEF'[index // 2]},{'ill' if index % 3 else 'well'}")
    (tmp_path / "scans.csv").write_text("\n".join(rows), encoding="utf-8")
    table = open_table(tmp_path / "scans.csv")
    assert [column.kind for column in table.columns.values()] == [Kind.VOLUME, Kind.CATEGORY, Kind.CATEGORY]
    assert any("orientation: 12 " in note for note in table.notes) and any("spacing: " in note for note in table.notes)
    assert Splitting().keeping_apart(table, "diagnosis").group == "patient"
    assert not [one for one in check(table, "diagnosis") if one.severity == "stop"]
    field = Volume().fit(table["scan"].values)
    assert field.encode_all(table["scan"].values).values.shape == (12, 1, 8, 8, 8)


def series(folder: Path, seed: int) -> None:
    """A small series."""
    folder.mkdir()
    tags = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [1, 1], "SeriesInstanceUID": f"1.2.{seed}"}
    for index in range(6):
        pixels = np.random.default_rng([seed, index]).integers(0, 99, (5, 6)).astype(np.uint16)
        dicom.write(folder / f"{index}.dcm", pixels, {**tags, "ImagePositionPatient": [0, 0, 2 * index]})


def test_a_table_that_names_a_scan_which_is_not_there_is_refused(tmp_path: Path) -> None:
    nifti.write(tmp_path / "a.nii", np.zeros((4, 4, 4), np.float32), ONE)
    (tmp_path / "scans.csv").write_text("scan,label\na.nii,x\nb.nii,y\na.nii,x\n", encoding="utf-8")
    said = " ".join(one.text for one in check(open_table(tmp_path / "scans.csv"), "label") if one.severity == "stop")
    assert "scans.csv, row 3 (there is no such file)" in said


def test_an_archive_may_hold_volumes(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    arrays = {f"{share}_images": draw.integers(0, 255, (6, 8, 8, 8), np.uint8) for share in ("train", "val", "test")}
    labels = {f"{share}_labels": np.arange(6)[:, None] % 2 for share in ("train", "val", "test")}
    np.savez(tmp_path / "organs.npz", **arrays, **labels)
    table = open_table(tmp_path / "organs.npz")
    assert table["scan"].kind == Kind.VOLUME and table["scan"].values.shape == (18, 8, 8, 8)
    assert table["label"].kind == Kind.CATEGORY


def test_a_folder_of_classes_beside_a_table_is_no_column_of_scans(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    for name in ("ill", "well"):
        series(tmp_path / name, len(name))
    (tmp_path / "table.csv").write_text("age,state\n1,ill\n2,well\n3,ill\n", encoding="utf-8")
    assert open_table(tmp_path / "table.csv")["state"].kind == Kind.CATEGORY


def test_a_canvas_takes_no_more_than_its_room() -> None:
    values = np.random.default_rng(0).normal(size=(3, 16, 32, 16)).astype(np.float32)
    assert Volume().fit(values).sides == (16, 32, 16) and Volume().fit(values).coarser == 1
    small = Volume(room=1024).fit(values)
    assert small.sides == (8, 16, 8) and small.coarser == pytest.approx(2) and small.spacing == (2, 2, 2)


def test_slices_show_every_block_where_it_lies() -> None:
    """A block that is bright in the scan is bright where the drawing has its unit."""
    values = np.zeros((2, 8, 8, 8), np.float32)
    values[0, 6:, :2, 4:6] = 9  # right, back, above the middle
    field = Volume().fit(values)
    units = field.units(field.collate(field.encode_all(values[:1])), values[0])
    bright = np.array(field.decode(field.encode(values[0]))) > 200
    unit = int(units.owner[7, 0, 4])
    assert (
        units.names[unit] == "slice 3 from below, row 4, column 4"
        and (units.drawn[bright] == unit).all()
        and bright.any()
    )
    assert set(range(64)) <= set(units.drawn.ravel().tolist()) and units.drawn.shape == bright.shape


def test_a_broken_series_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    for index in range(14):
        (tmp_path / ("ill" if index % 2 else "well")).mkdir(exist_ok=True)
        series(tmp_path / ("ill" if index % 2 else "well") / f"case {index}", index)
    (tmp_path / "ill" / "case 1" / "2.dcm").unlink()
    said = stops(tmp_path)
    assert "ill/case 1 (1 slices are missing between 1.dcm and 3.dcm)" in said


def test_scans_that_hold_nothing_end_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "only.nii").write_bytes(b"")
    with pytest.raises(Fault):
        open_table(tmp_path / "only.nii")
