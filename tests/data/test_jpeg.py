"""JPEG files that end too early are refused, with and without an end mark; sound ones of every form are not."""

import io

import numpy as np
import pytest
from PIL import Image

from brainwright.data.field import Unreadable
from brainwright.data.pictures import opened

DRAW = np.random.default_rng(0)


def file(**how) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(DRAW.integers(0, 255, (40, 56, 3), np.uint8)).resize((90, 70)).save(stream, "JPEG", **how)
    return stream.getvalue()


FORMS = [{}, {"quality": 95, "subsampling": 0}, {"optimize": True}, {"progressive": True}, {"restart_marker_blocks": 2}]


@pytest.mark.parametrize("how", FORMS)
def test_sound_files_decode_as_ever(how) -> None:
    for _ in range(10):
        blob = file(**how)
        assert (np.asarray(opened(blob)) == np.asarray(Image.open(io.BytesIO(blob)))).all()
        assert (np.asarray(opened(blob + b"more")) == np.asarray(opened(blob))).all()


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
@pytest.mark.parametrize("how", [FORMS[0], FORMS[1], FORMS[2]])
def test_cut_files_are_refused(how, end: bytes) -> None:
    for part in np.linspace(0.6, 0.98, 20):
        blob = file(**how)
        with pytest.raises(Unreadable):
            opened(blob[: int(part * len(blob))] + end)


def test_nothing_is_left_of_a_flat_picture_to_complain_about() -> None:
    for tone in (0, 128, 255):
        stream = io.BytesIO()
        Image.new("RGB", (300, 200), (tone,) * 3).save(stream, "JPEG", optimize=True)
        assert opened(stream.getvalue()).size == (300, 200)
