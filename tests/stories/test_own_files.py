"""Whatever is done with a user's files, they stay as they are, to the byte, and nothing is put among them."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import brainwright as bw

SHORT = {"quiet": True, "epochs": 1, "threads": 1, "backbone": "mlp", "width": 8, "checkpoint": 0}
DRAW = np.random.default_rng(0)


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """The digest and the time of the last change of each file."""
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    return {
        str(one.relative_to(folder)): (sha256(one.read_bytes()).hexdigest(), one.stat().st_mtime_ns) for one in files
    }


def flawed(folder: Path) -> Path:
    """Two classes of pictures, one of them cut off, one copied, one empty."""
    for name, light in (("dark", 0), ("light", 120)):
        (folder / name).mkdir(parents=True)
        for index in range(40):
            picture = DRAW.integers(light, light + 130, (12, 12, 3), np.uint8)
            Image.fromarray(picture).save(folder / name / f"{index}.png")
    (folder / "dark" / "0.png").write_bytes((folder / "dark" / "0.png").read_bytes()[:90])
    (folder / "dark" / "copy.png").write_bytes((folder / "light" / "3.png").read_bytes())
    (folder / "light" / "empty.png").write_bytes(b"")
    return folder


def test_a_flawed_folder_is_left_as_it_is(tmp_path: Path) -> None:
    own = flawed(tmp_path / "own")
    before = contents(own)
    run = bw.train(str(own), out=str(tmp_path / "runs"), name="run", allow="unreadable,copies", **SHORT)
    assert contents(own) == before
    run.predict([str(own / "light" / "1.png")])
    run.explain([str(own / "light" / "1.png")])
    with pytest.raises(bw.errors.Fault, match=r"0\.png cannot be read"):
        run.evaluate(str(own))
    assert contents(own) == before
