"""Lanes as people bring them: what lies off the frame is cut and said, what cannot be meant stops with file and row."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from brainwright.data.carrying import Reach, carried, motions, painted
from brainwright.data.opening import open_table
from brainwright.data.table import Share
from brainwright.errors import Fault

LANES = ((10, 12, 14), (30, 40, -2))


def picture(path: Path, size: tuple[int, int] = (50, 40)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((size[1], size[0]), np.uint8)).save(path)


def tusimple(folder: Path, **changed: object) -> Path:
    """Two pictures; the second record is changed."""
    lines = []
    for name in ("1.png", "2.png"):
        picture(folder / "clips" / name)
        lines.append({"lanes": LANES, "h_samples": [10, 20, 30], "raw_file": f"clips/{name}"})
    lines[1] = {key: value for key, value in {**lines[1], **changed}.items() if value is not None}
    (folder / "label_data.json").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return folder


def test_tusimple_is_read(tmp_path: Path) -> None:
    table = open_table(str(tusimple(tmp_path)))
    assert len(table) == 2 and not table.notes and set(table.shares) == {Share.OPEN}
    assert table["lanes"].values[1] == ((40, 50), (10, 20, 30), LANES)
    assert table["lanes"].reason == "lanes: 4 in 2 pictures"
    assert len(open_table(str(tmp_path / "label_data.json"))) == 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"lanes": [[10, 12]]}, "row 2, lane 1 has 2 columns for 3 rows"),
        ({"h_samples": [10, 30, 20]}, "row 2: the heights of its rows do not rise"),
        ({"h_samples": [10, 20, 41]}, "row 2: rows from 10 to 41 do not match its picture, which is 40 high"),
        ({"raw_file": "clips/3.png"}, "row 2 names the picture .*3.png, which is not there"),
        ({"raw_file": "clips/1.png"}, "row 2 names 1.png, as label_data.json, row 1 does"),
        ({"lanes": None}, "row 2 has no lanes"),
        ({"lanes": [["a", 1, 2]]}, "row 2: lanes and h_samples must be lists of numbers"),
    ],
)
def test_tusimple_faults_name_file_and_row(tmp_path: Path, changed: dict, told: str) -> None:
    with pytest.raises(Fault, match=told) as caught:
        open_table(str(tusimple(tmp_path, **changed)))
    assert "label_data.json" in str(caught.value) and "\n" not in str(caught.value)


def test_what_lies_off_the_frame_is_cut_and_said(tmp_path: Path) -> None:
    table = open_table(str(tusimple(tmp_path, lanes=[[10, 60, 70], [49, 50, 48], [20, 45, 80]])))
    assert table["lanes"].values[1][2] == ((49, -2, 48), (20, 45, -2))
    cut = "label_data.json, row 2, lane 1; label_data.json, row 2, lane 3"
    assert table.notes == [
        f"2 lanes reach beyond their picture, where they were cut: {cut}",
        "1 lanes have fewer than 2 points in their picture and were left out: label_data.json, row 2, lane 1",
    ]


def test_other_rows_than_most_are_said(tmp_path: Path) -> None:
    lines = (tusimple(tmp_path) / "label_data.json").read_text().splitlines()
    picture(tmp_path / "clips/3.png")
    other = {"lanes": LANES, "h_samples": [15, 25, 35], "raw_file": "clips/3.png"}
    (tmp_path / "label_data.json").write_text("\n".join([*lines, json.dumps(other)]), encoding="utf-8")
    (note,) = open_table(str(tmp_path)).notes
    assert note.startswith("1 pictures are marked at other rows than most") and note.endswith("label_data.json, row 3")


def culane(folder: Path, text: str) -> Path:
    picture(folder / "drive" / "1.png")
    (folder / "drive" / "1.lines.txt").write_text(text, encoding="utf-8")
    return folder


def test_culane_lanes_are_read_at_all_their_rows(tmp_path: Path) -> None:
    table = open_table(str(culane(tmp_path, "14 30 10 10\n30 10 40 20\n")))
    assert table["lanes"].values[0] == ((40, 50), (10, 20, 30), LANES)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 2 3\n", "row 1 holds 3 numbers, and points are pairs"),
        ("1 2 3 4\n1 x\n", "row 2 holds a word that is no number"),
        ("1 5 3 5\n", "row 1 holds two points at one height"),
        ("1 5 3 nan\n", "the heights of its rows do not rise"),
        ("1 5 3 99\n", "rows from 5 to 99 do not match its picture, which is 40 high"),
    ],
)
def test_culane_faults_name_file_and_row(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(Fault, match=told) as caught:
        open_table(str(culane(tmp_path, text)))
    assert "1.lines.txt" in str(caught.value)


def test_culane_pictures_and_texts_belong_together(tmp_path: Path) -> None:
    picture(culane(tmp_path, "10 10 12 20\n") / "drive" / "2.png")
    table = open_table(str(tmp_path))
    assert len(table) == 1 and table.notes == ["1 pictures have no lines.txt and were left out: drive/2.png"]
    (tmp_path / "drive" / "3.lines.txt").write_text("10 10 12 20\n")
    with pytest.raises(Fault, match=r"3.lines.txt has no picture beside it"):
        open_table(str(tmp_path))


def test_culane_lists_say_the_shares(tmp_path: Path) -> None:
    culane(tmp_path, "10 10 12 20\n")
    for name in ("2", "3"):
        picture(tmp_path / "drive" / f"{name}.png")
        (tmp_path / "drive" / f"{name}.lines.txt").write_text("10 10 12 20\n")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "train.txt").write_text("/drive/3.png\n")
    (tmp_path / "list" / "test.txt").write_text("/drive/1.png\n")
    table = open_table(str(tmp_path))
    assert [Path(one).stem for one in table["image"].values] == ["3", "1"]
    assert table.shares.tolist() == [Share.TRAIN, Share.TEST] and "in no list" in table.notes[0]


def test_masks_in_folders_and_their_faults(tmp_path: Path) -> None:
    mask = np.zeros((40, 50), np.uint8)
    mask[10:40, 9:12], mask[20:40, 30:33] = 20, 70
    for home in ("image", "gt_instance_image"):
        (tmp_path / home).mkdir()
    picture(tmp_path / "image" / "1.png")
    Image.fromarray(mask).save(tmp_path / "gt_instance_image" / "1.png")
    ((_, rows, lanes),) = open_table(str(tmp_path))["lanes"].values
    assert rows == tuple(range(10, 40)) and lanes == ((10.0,) * 30, (-2.0,) * 10 + (31.0,) * 20)
    Image.fromarray(mask[:30]).save(tmp_path / "gt_instance_image" / "1.png")
    with pytest.raises(Fault, match=r"1.png and its picture differ in size: 50 × 30 and 50 × 40"):
        open_table(str(tmp_path))
    Image.fromarray(np.stack([mask, mask * 0, mask], 2)).save(tmp_path / "gt_instance_image" / "1.png")
    with pytest.raises(Fault, match=r"1.png is a mask in colours"):
        open_table(str(tmp_path))


@pytest.mark.real_data
def test_masks_say_what_the_labels_say(data_folder, tmp_path: Path) -> None:
    """Six real frames whose labels were read off the masks."""
    home = data_folder("lanes") / "tusimple_real"
    for file in (home / "clips").iterdir():
        (tmp_path / file.name).symlink_to(file)
    told, masks = open_table(str(home)), open_table(str(tmp_path))
    known = {Path(name).name: value for name, value in zip(told["image"].values, told["lanes"].values, strict=True)}
    for name, value in zip(masks["image"].values, masks["lanes"].values, strict=True):
        (_, rows, lanes), (_, other_rows, others) = known[Path(name).name], value
        assert len(lanes) == len(others)
        at = {row: place for place, row in enumerate(other_rows)}
        for place, row in enumerate(rows):
            mine = sorted(lane[at[row]] for lane in others if row in at and lane[at[row]] >= 0)
            true = sorted(lane[place] for lane in lanes if lane[place] >= 0)
            assert len(mine) == len(true)
            np.testing.assert_allclose(mine, true, atol=1.0)


def test_lanes_are_carried_with_their_picture() -> None:
    """After any motion the bright pixels lie where the lanes say."""
    height, width = 96, 128
    rows = torch.arange(20.0, 96, 4)
    lanes = torch.stack([rows, 60 - 0.4 * (rows - 20), 70 + 0.5 * (rows - 20)])
    pixels = torch.zeros(8, 1, height, width)
    for place in range(1, 3):
        for row in range(height):
            middle = float(lanes[place, 0] + (lanes[place, 1] - lanes[place, 0]) / 4 * (row - 20))
            pixels[:, 0, row] += (250 - 60 * (torch.arange(width) - middle).abs()).clamp(min=0)
    moves = motions(8, Reach(6, 0.25, 0.12, True), height / width, torch.Generator().manual_seed(3))
    shown = painted(pixels, moves)
    moved = carried([lanes] * 8, moves, torch.tensor([[float(height), float(width)]] * 8))
    assert 0 < int((torch.linalg.det(moves[:, :, :2]) < 0).sum()) < 8, "some are mirrored, some are not"
    seen = []
    for picture, one in zip(shown, moved, strict=True):
        assert torch.equal(one[0], rows)
        for lane in one[1:]:
            inside = (lane >= 3) & (lane < width - 3)
            seen += [
                float(picture[0, int(row), round(float(c))]) for row, c in zip(rows[inside], lane[inside], strict=True)
            ]
    assert len(seen) > 200 and np.mean(np.array(seen) > 150) > 0.97


def test_nothing_moves_without_reach() -> None:
    lanes = torch.tensor([[10.0, 20, 30], [5, 6, 7], [-2, 20, 24]])
    moves = motions(1, Reach(0, 0, 0, False), 0.75, torch.Generator().manual_seed(0))
    (found,) = carried([lanes], moves, torch.tensor([[40.0, 50.0]]))
    torch.testing.assert_close(found, lanes)
    pixels = torch.rand(1, 3, 12, 16) * 255
    torch.testing.assert_close(painted(pixels, moves), pixels, atol=1e-3, rtol=0)
