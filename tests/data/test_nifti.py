"""Scans in NIfTI: one orientation, their spacing, and what lost or contradicting tags say."""

from pathlib import Path

import numpy as np
import pytest

from brainwright.data import nifti
from brainwright.data.field import Unreadable
from brainwright.data.opening import open_table
from brainwright.data.scans import Canvas, canvas_for, scan_of
from brainwright.errors import Fault

library = pytest.importorskip("nibabel")
BLOCK = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)


def kept(path: Path, voxels: np.ndarray, affine: np.ndarray) -> str:
    library.save(library.Nifti1Image(voxels, affine), path)
    return str(path)


def test_turned_scans_are_turned_back(tmp_path: Path) -> None:
    upright = kept(tmp_path / "one.nii.gz", BLOCK, np.diag([1.0, 2.0, 3.0, 1.0]))
    turned = np.array([[0, 0, -1.0, 3], [-2.0, 0, 0, 8], [0, 3.0, 0, 0], [0, 0, 0, 1]])  # PSL
    other = kept(tmp_path / "two.nii", BLOCK.transpose(1, 2, 0)[::-1, :, ::-1], turned)
    assert nifti.seen(upright) == ((4, 5, 6), (1.0, 2.0, 3.0), "RAS")
    assert nifti.seen(other) == ((4, 5, 6), (1.0, 2.0, 3.0), "PSL")
    for path in (upright, other):
        voxels, spacing = nifti.read(path)
        assert np.array_equal(voxels, BLOCK) and spacing == (1.0, 2.0, 3.0)


def test_mixed_spacings_lie_on_one_canvas(tmp_path: Path) -> None:
    paths = np.empty(3, object)
    paths[:] = [
        kept(tmp_path / f"{index}.nii", BLOCK, np.diag([1.0, 1.0, far, 1.0]))
        for index, far in enumerate((1.0, 1.0, 2.0))
    ]
    canvas = canvas_for(paths)
    assert canvas == Canvas((8, 8, 16), (1.0, 1.0, 1.0))
    assert canvas.inner((4, 5, 6), (1.0, 1.0, 2.0)) == (4, 5, 12)
    assert canvas.inner((8, 10, 32), (1.0, 1.0, 1.0)) == (4, 5, 16)  # smaller where it would not fit
    assert scan_of(paths[2]).spacing == (1.0, 1.0, 2.0)


@pytest.mark.parametrize("damage", ["cut", "noise", "flat", "spacing", "conflict"])
def test_what_cannot_be_trusted_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "scan.nii"
    image = library.Nifti1Image(BLOCK if damage != "flat" else BLOCK[0], np.eye(4))
    if damage == "conflict":
        image.set_qform(np.diag([-1.0, 1, 1, 1]), 1)
        image.set_sform(np.eye(4), 1)
    library.save(image, path)
    whole = bytearray(path.read_bytes())
    if damage == "spacing":
        whole[80:92] = np.zeros(3, np.float32).tobytes()  # pixdim[1:4]
    path.write_bytes({"cut": bytes(whole[:400]), "noise": b"no scan at all" * 40}.get(damage, bytes(whole)))
    with pytest.raises(Unreadable, match=r"scan\.nii cannot be read as a scan"):
        nifti.read(str(path))


def folder(tmp_path: Path, mask: np.ndarray, apart: float = 1.0) -> Path:
    for name in ("imagesTr", "labelsTr"):
        (tmp_path / name).mkdir()
    nifti.write(tmp_path / "imagesTr" / "a_0000.nii.gz", BLOCK, (1.0, 1.0, 1.0))
    nifti.write(tmp_path / "labelsTr" / "a.nii.gz", mask, (1.0, 1.0, apart))
    return tmp_path


def test_a_mask_that_is_not_its_scans_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"a\.nii\.gz is 4 × 5 × 5 voxels, and its scan 4 × 5 × 6"):
        open_table(folder(tmp_path, np.zeros((4, 5, 5), np.uint8)))


def test_spacings_that_differ_are_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"a\.nii\.gz has voxels of 1 × 1 × 2 mm"):
        open_table(folder(tmp_path, np.zeros((4, 5, 6), np.uint8), 2.0))
