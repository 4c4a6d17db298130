"""DICOM: what tags say of brightness, place and patients is heeded; what they lose or contradict is refused by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainwright.data import dicom, nifti, stacks
from brainwright.data.checking import check
from brainwright.data.field import Unreadable
from brainwright.data.fields.mask import numbers
from brainwright.data.opening import open_table
from brainwright.data.pictures import head, opened, sides
from brainwright.data.scans import scan_of, shape_of
from brainwright.data.splitting import Splitting
from brainwright.data.table import Kind
from brainwright.errors import Fault

pytest.importorskip("pydicom")
BLOCK = np.arange(5 * 4 * 3, dtype=np.int16).reshape(5, 4, 3)  # slices, rows, columns
AXIAL = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [2, 3]}
CT = {"Modality": "CT", "RescaleSlope": 2, "RescaleIntercept": -1000, "SeriesInstanceUID": "1.2.3"}


def stack(folder: Path, block: np.ndarray = BLOCK, **more: Any) -> Path:
    """A series of slices 1.5 mm apart; the names of the files go against their places."""
    folder.mkdir(parents=True)
    for index, pixels in enumerate(block):
        tags = {**AXIAL, **CT, "PatientID": "secret", "ImagePositionPatient": [0, 0, 1.5 * index], **more}
        dicom.write(folder / f"{len(block) - index:03d}.dcm", pixels, tags)
    return folder


def changed(file: Path, change: Callable[[Any], None]) -> None:
    found = dicom.library().dcmread(file)
    change(found)
    found.save_as(file)


def test_slices_are_sorted_scaled_and_turned_as_nifti_is(tmp_path: Path) -> None:
    folder = str(stack(tmp_path / "scan"))
    voxels, spacing = stacks.read(folder)
    assert spacing == (3.0, 2.0, 1.5) and stacks.seen(folder) == ((3, 4, 5), spacing, "LPS")
    # axial slices run to the left and to the back: both are turned
    assert np.array_equal(voxels, (BLOCK.transpose(2, 1, 0)[::-1, ::-1] * 2.0 - 1000).astype(np.float32))
    library = pytest.importorskip("nibabel")
    lps = np.diag([-3.0, -2.0, 1.5, 1.0])
    library.save(library.Nifti1Image(BLOCK.transpose(2, 1, 0) * 2.0 - 1000, lps), tmp_path / "same.nii")
    other, apart = nifti.read(str(tmp_path / "same.nii"))
    assert np.array_equal(voxels, other) and spacing == apart
    assert scan_of(folder).values.shape == (1, 3, 4, 5) and shape_of(folder) == ((3, 4, 5), spacing)


@pytest.mark.parametrize("turn", [[0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1], [0.6, 0.8, 0, 0, 0, -1]])
def test_sagittal_coronal_and_oblique_series_are_turned(tmp_path: Path, turn: list[float]) -> None:
    across, down = np.array(turn[:3]), np.array(turn[3:])
    normal = np.cross(across, down)
    folder = tmp_path / "scan"
    folder.mkdir()
    for index, pixels in enumerate(BLOCK):
        place = {"ImageOrientationPatient": turn, "ImagePositionPatient": (1.5 * index * normal).tolist()}
        dicom.write(folder / f"{index}.dcm", pixels, {**AXIAL, **CT, "Modality": "MR", **place})
    library = pytest.importorskip("nibabel")
    lps = np.stack([across * 3, down * 2, normal * 1.5], 1)
    affine = np.eye(4)
    affine[:3, :3] = lps * [[-1], [-1], [1]]
    library.save(library.Nifti1Image(BLOCK.transpose(2, 1, 0) * 2.0 - 1000, affine), tmp_path / "same.nii")
    voxels, spacing = stacks.read(str(folder))
    same, apart = nifti.read(str(tmp_path / "same.nii"))
    assert np.array_equal(voxels, same) and spacing == pytest.approx(apart)
    assert stacks.seen(str(folder))[2] == nifti.seen(str(tmp_path / "same.nii"))[2]


def lost(tag: str) -> Callable[[Any], None]:
    return lambda found: delattr(found, tag)


def told(**tags: Any) -> Callable[[Any], None]:
    def change(found: Any) -> None:
        for name, value in tags.items():
            setattr(found, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lost("ImagePositionPatient"), "ImagePositionPatient is lost"),
        (lost("PixelSpacing"), "PixelSpacing is lost"),
        (lost("RescaleIntercept"), "RescaleIntercept is lost"),
        (told(ImageOrientationPatient=[0, 1, 0, 0, 0, 1]), "its ImageOrientationPatient is not that of"),
        (told(PixelSpacing=[2, 2]), "its PixelSpacing is not that of"),
        (told(PatientID="somebody"), r"its patient \(PatientID\) is not that of"),
        (told(SeriesInstanceUID="9.9"), "one series a folder"),
        (told(ImagePositionPatient=[0, 0, 1.5]), "lie at one place"),
        (told(ImagePositionPatient=[0, 0, 3.4]), "spacings are mixed"),
        (told(ImagePositionPatient=[1, 0, 3.0]), "tilted gantry"),
        (told(Rows=3), "its height"),
        (told(NumberOfFrames=2), "holds 2 frames"),
    ],
)
def test_conflicts_within_a_series_are_refused_by_file(
    tmp_path: Path, change: Callable[[Any], None], reason: str
) -> None:
    folder = stack(tmp_path / "scan")
    changed(folder / "003.dcm", change)
    with pytest.raises(Unreadable, match=reason) as fault:
        stacks.read(str(folder))
    assert "secret" not in str(fault.value) and "somebody" not in str(fault.value)
    assert ".dcm" in str(fault.value) and "\n" not in str(fault.value)


def test_missing_and_unreadable_slices_are_named(tmp_path: Path) -> None:
    folder = stack(tmp_path / "scan")
    (folder / "003.dcm").unlink()
    with pytest.raises(Unreadable, match=r"1 slices are missing between 004\.dcm and 002\.dcm"):
        stacks.seen(str(folder))
    (folder / "003.dcm").write_bytes(b"nonsense")
    with pytest.raises(Unreadable, match=r"003\.dcm cannot be read as DICOM \(it is no DICOM file\)"):
        stacks.seen(str(folder))


PLAIN = np.array([[0, 100], [200, 400]], np.uint16)
WINDOW = {"WindowCenter": 200.5, "WindowWidth": 401}


@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        (WINDOW, [[0, 64], [128, 255]]),
        ({"WindowCenter": [100.5, 7], "WindowWidth": [201, 7]}, [[0, 128], [255, 255]]),  # the first of several
        (
            {"WindowCenter": 200.5, "WindowWidth": 401, "PhotometricInterpretation": "MONOCHROME1"},
            [[255, 191], [128, 0]],
        ),
        ({"WindowCenter": 0.5, "WindowWidth": 401, "RescaleSlope": 1, "RescaleIntercept": -200}, [[0, 64], [128, 255]]),
        ({"WindowCenter": 200, "WindowWidth": 400, "VOILUTFunction": "LINEAR_EXACT"}, [[0, 64], [128, 255]]),
        ({}, [[0, 63], [127, 255]]),  # its own range, its outermost half percents cut
    ],
)
def test_pictures_are_as_bright_as_their_tags_say(tmp_path: Path, tags: Mapping[str, Any], shown: list[Any]) -> None:
    file = tmp_path / "one.dcm"
    dicom.write(file, PLAIN, tags)
    for value in (str(file), file.read_bytes()):
        assert np.abs(np.asarray(opened(value), int) - shown).max() <= 1
        assert sides(value) == (2, 2) and head(value).form.startswith("DICOM MONOCHROME")
    assert np.array_equal(
        numbers(str(file))[0], PLAIN.astype(int) - 200 * ("RescaleSlope" in tags)
    )  # masks: as they are


def xrays(folder: Path, **more: Any) -> Path:
    draw = np.random.default_rng(0)
    for index in range(40):
        home = folder / ("ill" if index % 2 else "well")
        home.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 4000, (12, 12)).astype(np.uint16)
        dicom.write(home / f"IM{index:03d}", pixels, {"PatientID": f"Jane{index // 3}", "Modality": "DX", **more})
    return folder


def test_pictures_of_one_patient_stay_in_one_share_and_no_name_is_told(tmp_path: Path) -> None:
    table = open_table(xrays(tmp_path, PatientName="Doe^Jane", BurnedInAnnotation="YES"))
    assert table["image"].kind == Kind.IMAGE and set(table["label"].values) == {"ill", "well"}
    split = Splitting().keeping_apart(table, "label")
    assert split.group == "patient"
    shared, reasons = split.divide(table, "label", 0)
    sides_of = {who: set(shared.shares[table["patient"].values == who].tolist()) for who in table["patient"].values}
    assert len(sides_of) == 14 and all(len(shares) == 1 for shares in sides_of.values())
    said = " ".join([*table.notes, *reasons, *(column.reason for column in table.columns.values())])
    assert "Jane" not in said and "Doe" not in said
    assert "40 files name a person in their tags" in said and "text is burned into the picture" in said
    assert not [finding for finding in check(table, "label") if finding.severity == "stop"]


def test_private_tags_and_lost_patients_are_reported(tmp_path: Path) -> None:
    xrays(tmp_path, PatientID="")
    changed(
        tmp_path / "ill" / "IM001", lambda found: found.private_block(0x0009, "Doe", create=True).add_new(1, "LO", "J")
    )
    said = " ".join(open_table(tmp_path).notes)
    assert "1 files bear private tags (groups 0009), which are not read: IM001" in said and "Doe" not in said
    assert "40 files name no patient, and count as one each" in said


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    xrays(tmp_path)
    whole = (tmp_path / "ill" / "IM001").read_bytes()
    (tmp_path / "ill" / "IM001").write_bytes(whole[:-50])
    stops = [finding.text for finding in check(open_table(tmp_path), "label") if finding.severity == "stop"]
    assert any("ill/IM001 (it ends early" in text for text in stops)


def test_folders_of_slices_are_scans(tmp_path: Path) -> None:
    for index in range(12):
        stack(tmp_path / ("ill" if index % 2 else "well") / f"case {index}", BLOCK + index, PatientID=f"P{index // 2}")
    table = open_table(tmp_path)
    assert table["scan"].kind == Kind.VOLUME and len(table) == 12 and len(set(table["patient"].values)) == 6
    assert any("orientation: 12 LPS" in note for note in table.notes) and table.where(0) == "ill/case 1"
    assert Splitting().keeping_apart(table, "label").group == "patient"


@pytest.mark.parametrize("form", ["nifti", "series"])
def test_series_with_masks_are_pairs(tmp_path: Path, form: str) -> None:
    for index in range(3):
        stack(tmp_path / "images" / f"case_{index}" / "series")
        mask = (20 + index < BLOCK).astype(np.uint8)
        if form == "series":
            stack(tmp_path / "masks" / f"case_{index}", mask, RescaleSlope=1, RescaleIntercept=0, Modality="SEG")
        else:
            pytest.importorskip("nibabel")
            (tmp_path / "masks").mkdir(exist_ok=True)
            upright = mask.transpose(2, 1, 0)[::-1, ::-1]
            nifti.write(tmp_path / "masks" / f"case_{index}.nii.gz", upright, (3.0, 2.0, 1.5))
    table = open_table(tmp_path)
    assert [table[name].kind for name in ("scan", "mask", "patient")] == [Kind.VOLUME, Kind.MASK, Kind.CATEGORY]
    marked = numbers(table["mask"].values[1])
    assert np.array_equal(marked > 0, scan_of(table["scan"].values[1]).values[0] > 2 * 21 - 1000)
    stack(tmp_path / "images" / "case_9")
    with pytest.raises(Fault, match="case_9 has no mask in masks"):
        open_table(tmp_path)
