"""What the documents show is run as it stands, on small data that bear the documents' names."""

import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from brainwright.__main__ import main
from brainwright.catalogue import find
from brainwright.data.reader import Reader
from brainwright.tasks.task import Task

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUNS = {"console", "python", "yaml"}
DEEDS = ["sang", "danced", "slept", "ran", "baked", "dug", "swam", "wrote", "hid", "laughed", "wept", "flew"]


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind in RUNS]


def pictures(folder: Path, draw: np.random.Generator) -> None:
    """Rings and bars."""
    y, x = np.mgrid[:16, :16]
    ring = (np.abs(np.hypot(y - 7.5, x - 7.5) - 5) < 1.2) * 150
    for name, shape in {"round": ring, "straight": (np.abs(y - 7) < 2) * 150}.items():
        (folder / name).mkdir(parents=True)
        for index in range(40):
            pixels = draw.integers(0, 100, (16, 16)) + np.roll(shape, draw.integers(-2, 3, 2), (0, 1))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{index}.png")


def people(folder: Path) -> None:
    """Made faces: eyes and a mouth."""
    for home, whose in {"faces": range(6), "new_faces": range(8, 10)}.items():
        for one in whose:
            (folder / home / f"p{one}").mkdir(parents=True)
            for index in range(8):
                pixels = np.random.default_rng([one, index]).integers(0, 60, (16, 16))
                pixels[2 + one % 4, [1 + one // 4, 14 - one // 4]] += 180
                pixels[9 + one % 3, 4 : 12 - one // 2] += 180
                Image.fromarray(pixels.astype(np.uint8)).save(folder / home / f"p{one}" / f"{index}.png")


def tables(folder: Path, draw: np.random.Generator) -> None:
    """Houses, reviews and sales."""
    area, rooms = draw.normal(100, 20, 240).round(), draw.integers(1, 6, 240)
    houses = pd.DataFrame({"area": area, "rooms": rooms, "town": draw.choice(["north", "south"], 240)})
    houses["price"] = 3000 * area + 9000 * rooms + 20_000 * (houses["town"] == "north") + draw.normal(0, 9000, 240)
    houses.to_csv(folder / "houses.csv", index=False)
    houses.drop(columns="price").head(5).to_csv(folder / "new_houses.csv", index=False)
    words = {"good": ["lovely", "great", "fun", "bright"], "bad": ["dull", "waste", "boring", "poor"]}
    rows = []
    for index in range(200):
        mood = ("good", "bad")[index % 2]
        told = " ".join(draw.choice(words[mood], 2))
        rows.append({"review": f"it was a {told} {draw.choice(['film', 'day', 'book'])} number {index}", "mood": mood})
    pd.DataFrame(rows).to_csv(folder / "reviews.csv", index=False)
    pd.DataFrame(rows).drop(columns="mood").head(40).to_csv(folder / "new_reviews.csv", index=False)
    tale = [
        f"Once there were {count} {who} who {' and '.join(draw.choice(DEEDS, 4, replace=False))}."
        for count, who in zip(draw.integers(2, 9, 80), draw.choice(["owls", "bears"], 80), strict=True)
    ]
    (folder / "tales.txt").write_text("\n".join(tale), encoding="utf-8")
    counts, beasts = draw.integers(0, 4, 240), draw.integers(0, 3, 240)
    many = {"english": ("two", "three", "four", "five"), "german": ("zwei", "drei", "vier", "elf")}
    kinds = {"english": ("owls", "bears", "cats"), "german": ("Eulen", "Bären", "Katzen")}
    begins = {"english": "on day {} we saw", "german": "am Tag {} sahen wir"}
    both = {
        name: [
            f"{begins[name].format(day)} {many[name][one]} {kinds[name][other]}"
            for day, (one, other) in enumerate(zip(counts, beasts, strict=True))
        ]
        for name in many
    }
    pd.DataFrame(both).to_csv(folder / "phrases.tsv", sep="\t", index=False)
    days = pd.date_range("2024-01-01", periods=400)
    sold = 100 + 20 * np.sin(np.arange(400) * 2 * np.pi / 7) + draw.normal(0, 3, 400)
    pd.DataFrame({"day": days, "sold": sold.round(2)}).to_csv(folder / "sales.csv", index=False)


def drive(folder: Path) -> None:
    """A log of a short drive beside its frames."""
    table = find("tasks", "driving", Task).example()
    folder.mkdir()
    names = [f"{place:03d}.png" for place in range(40)]
    for name, pixels in zip(names, table["camera"].values, strict=False):
        Image.fromarray(pixels).save(folder / name)
    told = {one: table[one].values[:40].round(4) for one in ("speed", "steering")}
    pd.DataFrame({"center": names, **told}).to_csv(folder / "log.csv", index=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_snippets_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    pictures(tmp_path / "photos", draw)
    people(tmp_path)
    tables(tmp_path, draw)
    drive(tmp_path / "drive")
    (tmp_path / "parts").mkdir()
    find("data/readers", "coco", Reader).example(tmp_path / "parts")
    (tmp_path / "roads").mkdir()
    find("data/readers", "tusimple", Reader).example(tmp_path / "roads")
    (tmp_path / "cells").mkdir()
    find("data/readers", "mask-pairs", Reader).example(tmp_path / "cells")
    if page.stem == "scans":
        pytest.importorskip("pydicom")
        (tmp_path / "xrays").mkdir()
        find("data/readers", "dicom", Reader).example(tmp_path / "xrays")
        pytest.importorskip("nibabel")
        (tmp_path / "brains").mkdir()
        find("data/readers", "scan-folders", Reader).example(tmp_path / "brains")
    find("data/readers", "squad", Reader).example(tmp_path)
    (tmp_path / "lane.txt").write_text("House number 9 in the lane is green. An old dog lives there.", encoding="utf-8")
    for kind, text in blocks(page):
        if kind == "yaml":
            (tmp_path / "sales.yaml").write_text(text)
        elif kind == "python":
            (tmp_path / "snippet.py").write_text(text)
            runpy.run_path("snippet.py")
        else:
            for line in text.splitlines():
                if line.startswith("$ brainwright "):
                    words = shlex.split(line.removeprefix("$ brainwright "), comments=True)
                    assert main(words) == 0, (line, capsys.readouterr().err)


def test_links_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), (page.name, link)


def test_every_option_is_documented_once():
    """docs/options.md is made from the parts: run `python docs/options.py` after changing one."""
    made = runpy.run_path(str(ROOT / "docs/options.py"))["page"]()
    assert (ROOT / "docs/options.md").read_text(encoding="utf-8") == made
