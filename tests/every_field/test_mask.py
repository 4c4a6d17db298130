"""Masks: back as they came, on a canvas and off it again, refused where a label is new."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from brainwright.data.fields.grid import Grid
from brainwright.data.fields.mask import Mask
from brainwright.data.fields.volume import Volume
from brainwright.data.opening import open_table
from brainwright.data.scans import laid, returned
from brainwright.errors import Fault


def masks() -> np.ndarray:
    found = np.zeros((3, 6, 8), np.uint8)
    found[0, 1:3, 2:5] = 3
    found[1, 2:, :4] = 7
    return found


def test_come_back_in_words() -> None:
    field = Mask().fit(masks())
    assert field.values == (0, 3, 7) and field.classes == ("background", "label 3", "label 7")
    batch = field.collate(field.encode_all(masks()))
    assert [tuple(one.shape) for one in batch] == [(1, 6, 8)] * 3
    assert batch[1].unique().tolist() == [0, 2]
    told = field.decode(batch[0])
    assert told["shape"] == [1, 6, 8] and told["runs"][:2] == [[0, 10], [1, 3]]
    assert np.array_equal(field.encode(told), field.encode(masks()[0]))
    assert field.show(masks()[0]) == "label 3 12.5%"
    assert field.show_in(told, np.zeros((6, 8), np.uint8)).startswith("<img")


def test_a_new_label_is_named() -> None:
    with pytest.raises(Fault, match="the label 2, which no training mask holds"):
        Mask().fit(masks()).encode(masks()[1] + 2)
    with pytest.raises(Fault, match="bring masks that mark something"):
        Mask().fit(np.zeros((2, 4, 4), np.uint8))


def test_on_a_canvas_and_off_it() -> None:
    mask = torch.zeros(1, 6, 8, dtype=torch.uint8)
    mask[:, 2:4, 4:6] = 1
    there = laid(mask, (1, 3, 4), (1, 8, 8))
    assert there.shape == (1, 8, 8) and (there >= 0).sum() == 12
    assert there[0, :3, :4].tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    scores = torch.nn.functional.one_hot(there.clamp(min=0), 2).movedim(-1, 0).float()
    back = returned(scores, (1, 3, 4), (1, 6, 8))
    assert back.shape == mask.shape and back[0, 2:4, 4:6].all() and back.sum() <= 8


def test_scans_of_any_size_lie_on_one_canvas() -> None:
    values = np.empty(3, object)
    draw = np.random.default_rng(0)
    values[:] = [draw.integers(0, 255, shape, dtype=np.uint8) for shape in ((10, 12), (16, 9), (10, 12))]
    field, grid = Volume().fit(values), Grid().fit(values)
    assert field.sides == grid.sides == (1, 16, 16)
    encoded = field.encode_all(values).values
    assert encoded.shape == (3, 1, 1, 16, 16)
    inside = encoded[0, 0, 0, :10, :12].astype(np.float32)
    assert abs(inside.mean()) < 0.01 and abs(inside.std() - 1) < 0.01 and not encoded[0, 0, 0, 10:].any()
    assert grid.encode(values[1]).tolist() == [1, 16, 9, 1, 16, 9, 1, 1, 1]
    assert grid.decode(grid.encode(values[1])) == {"voxels": [1, 16, 9], "millimetres": [1, 1, 1]}


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    for name, side in (("images", 8), ("masks", 9)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.zeros((8, side), np.uint8)).save(tmp_path / name / "one.png")
    with pytest.raises(Fault, match=r"one\.png and its picture differ in size: 9 × 8 and 8 × 8"):
        open_table(tmp_path)


def test_a_mask_in_colours_is_refused_and_one_with_a_palette_is_not(tmp_path: Path) -> None:
    picture = Image.fromarray(masks()[0] // 3).convert("P")
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.save(tmp_path / "palette.png")
    Image.fromarray(np.stack([masks()[0] * 30] * 2 + [masks()[0]], 2)).save(tmp_path / "colours.png")
    field = Mask().fit(masks() // 3)
    assert field.encode(str(tmp_path / "palette.png"))[3:].sum() == 6
    with pytest.raises(Fault, match=r"colours\.png is a mask in colours"):
        field.encode(str(tmp_path / "colours.png"))
