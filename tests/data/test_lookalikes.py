"""Lookalikes: what was stored anew, in other light or with a word changed is found; what only resembles is not."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from brainwright.commands.demo import digits
from brainwright.data.broken import seen
from brainwright.data.lookalikes import alike_pictures, alike_texts, joined

DRAW = np.random.default_rng(0)


def pictures(count: int) -> list[Image.Image]:
    """Soft clouds of colour."""
    rough = DRAW.integers(0, 255, (count, 6, 6, 3), np.uint8)
    return [Image.fromarray(one).resize((48, 48), Image.Resampling.BICUBIC) for one in rough]


def small(some: list[Image.Image]) -> np.ndarray:
    """As the decoding pass sees them."""
    blobs = []
    for picture in some:
        stream = io.BytesIO()
        picture.save(stream, "PNG")
        blobs.append(stream.getvalue())
    return np.stack([seen(blob)[1] for blob in blobs]).astype(np.float32)


def stored(picture: Image.Image) -> Image.Image:
    """As a JPEG of middling quality."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=70)
    return Image.open(stream)


@pytest.mark.parametrize(
    "change",
    [
        stored,
        lambda one: ImageEnhance.Brightness(one).enhance(1.1),
        lambda one: ImageEnhance.Contrast(one).enhance(0.8),
        lambda one: one.resize((36, 36)),
    ],
)
def test_pictures_stored_anew_or_in_other_light(change) -> None:
    some = pictures(200)
    twins = [change(some[row]) for row in range(0, 200, 20)]
    pairs = alike_pictures(small([*some, *twins]))
    assert {tuple(pair) for pair in pairs.tolist()} == {
        (row, 200 + number) for number, row in enumerate(range(0, 200, 20))
    }


def test_handwritten_digits_and_blank_pictures_are_no_lookalikes() -> None:
    images = next(column.values for column in digits().columns.values() if column.values.ndim >= 3)
    some = [Image.fromarray(np.asarray(one, np.uint8)) for one in images[:600]]
    blank = [Image.new("L", (8, 8), tone) for tone in (0, 0, 200)]
    assert len(alike_pictures(small([*some, *blank]))) == 0
    assert alike_pictures(small(blank)).shape == (0, 2)


def test_texts() -> None:
    texts = [
        "What is the capital of Chad ?",
        "What is the capital of Peru ?",
        "a good film",
        "A good film!",
        "it is by far the best of all films that he ever made in his long life",
        "It is by far the worst of all films that he ever made in his long life",
        "a quiet and slow story about people who live near a lake and never leave it",
    ]
    assert alike_texts(np.array(texts, object)).tolist() == [[2, 3], [4, 5]]
    assert joined(np.array([[2, 3], [3, 5]]), 6).tolist() == [0, 1, 2, 2, 4, 2]


SCRIPT = """
import numpy as np
from brainwright.data.lookalikes import alike_texts
draw = np.random.default_rng(0)
rows = draw.integers(0, 20000, (2000, 18))
changed = rows.copy()
changed[:, 5:7] = [[90000, 90001]]
texts = [" ".join(f"word{one}" for one in row) for row in np.concatenate([rows, changed])]
print(alike_texts(np.array(texts, object)).tolist())
"""


def test_the_same_texts_are_found_in_every_process() -> None:
    """Python orders a set of texts anew in every process; what is found must not follow it, for splits do."""
    found = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1]
    assert len(found[0]) > 1000
