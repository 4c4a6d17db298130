"""Boxes: back as they came, drawn in their picture, refused where no training picture holds such a thing."""

import numpy as np
import pytest
import torch

from brainwright.data.fields.boxes import Boxes
from brainwright.data.fields.extent import Extent
from brainwright.data.fields.image import Image
from brainwright.errors import Fault


def cells(*values: tuple) -> np.ndarray:
    found = np.empty(len(values), object)
    found[:] = values
    return found


CELLS = cells((("cat", 1.0, 2.0, 30.5, 40.0), ("dog", 0.0, 0.0, 5.0, 5.0)), (), (("dog", 3.0, 3.0, 9.0, 8.0),))


def test_come_back_in_words_and_pixels() -> None:
    field = Boxes().fit(CELLS)
    assert field.classes == ("cat", "dog") and field.counts == (1, 2)
    batch = field.collate(field.encode_all(CELLS))
    assert [len(one) for one in batch] == [2, 0, 1] and batch[1].shape == (0, 5)
    told = field.decode(batch[0])
    assert told == [{"class": "cat", "box": [1, 2, 30.5, 40]}, {"class": "dog", "box": [0, 0, 5, 5]}]
    assert np.array_equal(field.encode(told), field.encode(CELLS[0]))
    sure = torch.cat([batch[2], torch.tensor([[0.75]])], 1)
    assert field.decode(sure) == [{"class": "dog", "box": [3, 3, 9, 8], "score": 0.75}]
    assert field.decode(field.encode(CELLS[1])) == []


def test_an_unknown_class_is_named() -> None:
    with pytest.raises(Fault, match="'bird', which no training picture holds"):
        Boxes().fit(CELLS).encode((("bird", 0, 0, 1, 1),))
    with pytest.raises(Fault, match="no training picture holds a thing"):
        Boxes().fit(cells((), ()))


def test_drawn_in_their_picture() -> None:
    field = Boxes().fit(CELLS)
    drawn = field.show_in(CELLS[0], np.zeros((50, 60, 3), np.uint8))
    assert drawn.startswith("<svg") and drawn.count("<rect") == 2 and "data:image/jpeg" in drawn
    assert 'aria-label="cat at 1, 2, 30, 40, dog at 0, 0, 5, 5"' in drawn
    unsure = [{"class": "cat", "box": [1, 2, 3, 4], "score": 0.1}]
    assert "<rect" not in field.show_in(unsure, np.zeros((50, 60, 3), np.uint8))
    assert field.show(CELLS[0]) == "1 cat, 1 dog" and field.show(CELLS[1]) == "nothing"


def test_letterboxed_pictures_keep_their_proportions() -> None:
    pictures = np.zeros((3, 30, 60, 3), np.uint8)
    pictures[:, :, :, 0] = 200
    field = Image(size=48, letterbox=True, multiple=32).fit(pictures)
    assert field.shape == (3, 32, 64)
    encoded = field.encode(pictures[0])
    assert (encoded[0, :, :] == 200)[:32, :64].mean() > 0.9
    tall = field.encode(np.full((60, 15, 3), 200, np.uint8))
    assert (tall[:, :, :8] == 200).all() and (tall[:, :, 8:] == 114).all()
    assert Extent().encode_all(pictures).values.tolist() == [[30, 60]] * 3
    assert Extent().decode(Extent().encode(pictures[0])) == [30, 60]
