"""The gate: what stops a training, what --allow lets pass, what is left out, and that the run says so."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import brainwright as bw
from brainwright.data.finding import FATAL, Flaw, flaws
from brainwright.errors import Fault
from brainwright.runs.preparing import prepare
from brainwright.runs.telling import Silent

DRAW = np.random.default_rng(0)
DOCS = Path(__file__).parents[2] / "docs" / "damage.md"


def leaking(rows: int = 300) -> pd.DataFrame:
    """A table whose column `code` is the answer in other words."""
    frame = pd.DataFrame({"x": DRAW.normal(size=rows), "z": DRAW.normal(size=rows)})
    frame["answer"] = np.where(frame["x"] + DRAW.normal(size=rows) > 0, "yes", "no")
    frame["code"] = np.where(frame["answer"] == "yes", "A", DRAW.choice(["B", "C"], rows))
    return frame


def album(home: Path, count: int, damaged: int) -> Path:
    """Two classes of pictures of noise, some of which are cut."""
    for number in range(count):
        file = home / ("cat" if number % 2 else "dog") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(DRAW.integers(0, 255, (12, 12, 3), np.uint8)).save(file)
        if number < damaged:
            file.write_bytes(file.read_bytes()[:200])
    return home


def test_a_leak_stops_and_can_be_allowed(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"'code' alone tells the target.*--allow leak trains all the same"):
        prepare(leaking(), {"target": "answer"}, Silent())
    run = bw.train(leaking(), target="answer", allow="leak", steps=3, out=str(tmp_path), quiet=True)
    assert run.record["data"]["allowed"] == ["leak"]
    (found,) = [one for one in run.record["data"]["findings"] if one["flaw"] == "leak"]
    assert found["allowed"] and found["severity"] == "stop"
    assert any("[allowed by --allow leak]" in line for line in run.record["warnings"])
    assert "trained in spite of it" in (run.folder / "card.md").read_text()
    assert "[allowed by --allow leak]" in (run.folder / "report.html").read_text()
    json.loads((run.folder / "run.json").read_text())


@pytest.mark.parametrize("words", ["leek", "leak,copys"])
def test_wrong_words_are_refused_with_the_nearest(words: str) -> None:
    with pytest.raises(Fault, match=r"is no kind of finding; .*(leak|copies)"):
        prepare(leaking(), {"target": "answer", "allow": words}, Silent())


@pytest.mark.parametrize("word", FATAL)
def test_what_leaves_nothing_to_learn_cannot_be_allowed(word: str) -> None:
    with pytest.raises(Fault, match="cannot be allowed"):
        flaws(word)


def test_few_damaged_pictures_are_left_out_and_many_stop(tmp_path: Path) -> None:
    few = prepare(str(album(tmp_path / "few", 200, 2)), {"cache_room": 0.0}, Silent())
    assert sum(map(len, few.shares.values())) == 198
    (found,) = [one for one in few.findings if one.flaw == Flaw.UNREADABLE]
    assert "cat/1.png" in found.text and "dog/0.png" in found.text and "they are left out" in found.text
    many = str(album(tmp_path / "many", 60, 6))
    with pytest.raises(Fault, match=r"6 pictures cannot be read.*--allow unreadable"):
        prepare(many, {"cache_room": 0.0}, Silent())
    left = prepare(many, {"cache_room": 0.0, "allow": "unreadable"}, Silent())
    assert sum(map(len, left.shares.values())) == 54


def test_lookalikes_stay_in_one_share_where_the_split_is_ours(tmp_path: Path) -> None:
    home = album(tmp_path / "album", 100, 0)
    for number in range(0, 100, 5):
        file = home / ("cat" if number % 2 else "dog") / f"{number}.png"
        Image.open(file).save(file.with_name(f"twin{number}.bmp"))
        noisy = np.asarray(Image.open(file), float) + DRAW.normal(0, 2, (12, 12, 3))
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file.with_name(f"twin{number}.bmp"))
    ready = prepare(str(home), {"cache_room": 0.0}, Silent())
    assert Flaw.LOOKALIKES not in {one.flaw for one in ready.findings}
    assert any("20 rows nearly copy others" in line for line in ready.split)
    shares = {Path(ready.table.where(row)).stem: int(ready.table.shares[row]) for row in range(len(ready.table))}
    assert all(shares[f"twin{number}"] == shares[str(number)] for number in range(0, 100, 5))


def test_every_kind_of_finding_is_in_the_docs() -> None:
    page = DOCS.read_text()
    assert [flaw.value for flaw in Flaw if f"`{flaw.value}`" not in page] == []
