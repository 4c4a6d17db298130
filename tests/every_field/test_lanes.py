"""Lanes: back as they came, from left to right, drawn in their picture, read at other rows."""

import numpy as np
import pytest
import torch

from brainwright.data.curves import Laid
from brainwright.data.fields.lanes import EVENLY, Lanes
from brainwright.errors import Fault

RIGHT, LEFT = [-2, 30.0, 38.0, 50.0], [20.0, 15.0, -2, -2]


def cells(*values: tuple) -> np.ndarray:
    found = np.empty(len(values), object)
    for place, value in enumerate(values):
        found[place] = value
    return found


def cell(lanes: list, rows: tuple = (10, 20, 30, 40), size: tuple = (50, 60)) -> tuple:
    return size, rows, tuple(map(tuple, lanes))


CELLS = cells(cell([RIGHT, LEFT]), cell([]), cell([LEFT], (10, 20, 30, 35)))


def test_come_back_from_left_to_right() -> None:
    field = Lanes().fit(CELLS)
    assert field.most == 2 and field.anchors == (0.2, 0.4, 0.6, 0.7, 0.8)
    batch = field.collate(field.encode_all(CELLS))
    assert [tuple(one.shape) for one in batch] == [(3, 4), (1, 4), (2, 4)]
    told = field.decode(batch[0])
    assert told == {"rows": [10, 20, 30, 40], "lanes": [LEFT, RIGHT]}
    assert np.array_equal(field.encode(told), field.encode(CELLS[0]))
    assert field.decode(field.encode(CELLS[1])) == {"rows": [10, 20, 30, 40], "lanes": []}


def test_many_rows_become_anchors_at_even_steps() -> None:
    field = Lanes().fit(cells(cell([list(range(100))], range(100, 300, 2), (400, 200))))
    assert len(field.anchors) == EVENLY
    assert (field.anchors[0], field.anchors[-1]) == (0.25, 298 / 400)


def test_no_lane_at_all_is_told() -> None:
    with pytest.raises(Fault, match="no training picture holds a lane"):
        Lanes().fit(cells(cell([]), cell([])))


def test_drawn_in_their_picture() -> None:
    field = Lanes().fit(CELLS)
    drawn = field.show_in(CELLS[0], np.zeros((50, 60, 3), np.uint8))
    assert drawn.startswith("<svg") and drawn.count("<polyline") == 4  # each with its rim
    assert 'points="20,10 15,20"' in drawn and 'aria-label="2 lanes"' in drawn
    assert field.show(CELLS[2]) == "1 lane"


def test_read_at_other_rows() -> None:
    laid = Laid.of([torch.tensor([[10.0, 20, 30, 40], RIGHT]), torch.tensor([[5.0, 15], [7, 9], [1, -2]])])
    assert laid.counts.tolist() == [1, 2]
    found = laid.at(torch.tensor([[15.0, 20, 25, 40], [5, 10, 15, 20]]))
    assert found[0].tolist() == [[-2, 30, 34, 50], [-2, -2, -2, -2]]
    assert found[1].tolist() == [[7, 8, 9, -2], [1, -2, -2, -2]]
