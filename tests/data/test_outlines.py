"""Regions as COCO writes them: filled as pycocotools fills them, refused by annotation, read as masks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brainwright.data.fields.mask import Mask
from brainwright.data.opening import open_table
from brainwright.data.outlines import Outlines, Region, filled, region
from brainwright.data.table import Kind
from brainwright.errors import Fault
from brainwright.runs.inference import infer


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools and numpy 2
def test_polygons_and_runs_are_those_of_pycocotools() -> None:
    library = pytest.importorskip("pycocotools.mask")
    draw = np.random.default_rng(0)
    for _ in range(200):
        height, width = draw.integers(3, 40, 2).tolist()
        points = (draw.random((int(draw.integers(3, 9)), 2)) * [width + 6, height + 6] - 3).ravel().round(2).tolist()
        packed = library.frPyObjects([points], height, width)
        truth = library.decode(packed)[..., 0].astype(bool)
        assert np.array_equal(filled(points, height, width), truth)
        told = {"size": [height, width], "counts": packed[0]["counts"].decode()}
        found = region({"segmentation": told}, 1, (height, width), "here")
        assert found is not None
        assert np.array_equal(Outlines(height, width, ()).bits(found), truth)


def test_a_square_is_filled_and_runs_go_down_the_columns() -> None:
    inside = filled([1, 1, 4, 1, 4, 3, 1, 3], 5, 6)
    assert np.array_equal(np.argwhere(inside), [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]])
    told = region({"segmentation": {"size": [2, 3], "counts": [1, 2, 3]}}, 7, (2, 3), "here")
    assert told is not None
    assert Outlines(2, 3, (told,)).numbers().tolist() == [[[0, 7, 0], [7, 0, 0]]]


def test_smaller_regions_lie_over_larger_ones() -> None:
    small, large = Region(1, ((1, 1, 3, 1, 3, 3, 1, 3),)), Region(2, ((0, 0, 6, 0, 6, 6, 0, 6),))
    assert (np.unique(Outlines(6, 6, (small, large)).numbers(), return_counts=True)[1] == [4, 32]).all()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([[1, 2, 3, 4]], "three corners"),
        ([[1, 2, 3, 4, 5, float("nan")]], "three corners"),
        ({"size": [5, 5], "counts": [25]}, "not of its picture's size"),
        ({"size": [4, 4], "counts": [3, 4]}, "not of its picture's size"),
        ({"size": [4, 4], "counts": "é"}, "holds 'é'"),
        ({"size": [4, 4], "counts": "P"}, "ends early"),
    ],
)
def test_what_is_no_region_is_named(told: Any, reason: str) -> None:
    with pytest.raises(Fault, match=f"file, annotation 3: .*{reason}"):
        region({"segmentation": told}, 1, (4, 4), "file, annotation 3")


def test_a_coco_file_with_regions_is_segmented_if_asked_for(tmp_path: Path) -> None:
    images, annotations = [], []
    for index in range(12):
        Image.fromarray(np.full((8, 10, 3), 20 * index, np.uint8)).save(tmp_path / f"{index}.png")
        images.append({"id": index, "file_name": f"{index}.png", "width": 10, "height": 8})
        shape = [[1, 1, 5, 1, 5, 4, 1, 4]]
        told = {"image_id": index, "category_id": index % 2, "bbox": [1, 1, 4, 3], "segmentation": shape}
        annotations.append({"id": index, **told})
    whole = {"images": images, "annotations": annotations}
    whole["categories"] = [{"id": 0, "name": "owl"}, {"id": 1, "name": "bear"}]
    (tmp_path / "all.json").write_text(json.dumps(whole))
    table = open_table(tmp_path)
    assert table["mask"].kind == Kind.MASK
    assert infer(table, "", "")[0].word() == "object-detection" and infer(table, "", "segmentation")[1].columns["mask"]
    field = Mask().fit(table["mask"].values)
    assert field.classes == ("background", "owl", "bear")
    assert (numbers := field.encode(table["mask"].values[1])[3:].reshape(8, 10)).max() == 2
    assert (numbers > 0).sum() == 12
