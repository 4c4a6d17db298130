"""Explaining: an explanation as a self-contained page and as lines for the terminal, drawn by the form of its units."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from PIL import Image

from brainwright.deliver.drawings import Axis
from brainwright.deliver.report import environment
from brainwright.errors import Fault
from brainwright.runs.record import write_json
from brainwright.training.checkpoints import write_whole

NOTHING = 1e-6  # shares below are what arithmetic leaves over
LONGEST = 80  # letters of a page's name
MOST, FEW = 20, 3  # units listed by name; of one thing of an answer
WIDE, HIGH = 640, 150  # of a drawn series
BLOCKS = "▏▎▍▌▋▊▉█"
SIDE = 320  # of a drawn picture
WORDS = {
    "passed": "It passed its gates: it depends on what this net learned, and carries its answers.",
    "failed": "IT FAILED ITS GATES: do not take it for the net's reasons.",
    "undecided": "Its gates leave it undecided: take it as a hint, not as the net's reasons.",
}


def write_page(path: Path, found: Mapping[str, Any]) -> Path:
    """One self-contained HTML page: the answer, the verdict on the method, then the drawing."""
    views = [view(one) for one in found["shares"]]
    things = [{**one, "views": [view(share) for share in one["shares"]]} for one in found["things"]]
    words = {"words": WORDS, "signed": signed, "short": short, "things": things, "grid": grid(found["things"])}
    page = environment().get_template("explanation.html.j2").render(found=found, views=views, **words)
    write_whole(path, page.encode())
    write_json(path.with_suffix(".json"), found)
    return path


def signed(value: float) -> str:
    """A share with its sign, in few letters."""
    return f"{value:+,.0f}" if abs(value) >= 1000 else "0" if abs(value) < NOTHING else f"{value:+.3g}"


def page_of(folder: Path, found: Mapping[str, Any]) -> Path:
    """Where the page of one explanation lies: named by its input and method, the same for the same input.

    Raises:
        Fault: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"{folder} cannot be made ({error.strerror})", "choose another --out") from None
    short = re.sub(r"[^\w]+", "-", Path(found["where"]).name.lower()).strip("-")[:LONGEST]
    inputs = str([(one["names"], one["value"]) for one in found["shares"]])
    return folder / f"{short or 'answer'}-{crc32(inputs.encode()):08x}-{found['method']}.html"


def view(one: Mapping[str, Any]) -> dict[str, Any]:
    """What the page draws of one input: by its form."""
    values = np.asarray(one["values"], np.float64)
    most = float(np.abs(values).max(initial=0.0)) or 1.0
    drawn: dict[str, Any] = {"name": one["name"], "form": one["form"], "most": most, "rows": rows(one, values, most)}
    drawn["left"] = max(0, len(values) - len(drawn["rows"]))
    if one["form"] == "words":
        drawn["words"] = [tinted(name, value, most) for name, value in zip(one["names"], values, strict=True)]
    if one["form"] == "cells":
        drawn |= picture(one, values, most)
    if one["form"] == "steps":
        drawn["lines"] = curves(one, values, most)
    return drawn


def grid(things: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Things of an answer down, words of the text that they rest on across; {} where they rest on anything else."""
    if not things or any(len(one["shares"]) > 1 or one["shares"][0]["form"] != "words" for one in things):
        return {}
    values = np.array([one["shares"][0]["values"] for one in things], np.float64)
    names, most = things[0]["shares"][0]["names"], float(np.abs(values).max(initial=0.0)) or 1.0
    cells = [[tinted(name, value, most) for name, value in zip(names, row, strict=True)] for row in values.tolist()]
    return {
        "across": names,
        "down": [{"name": one["name"], "cells": row} for one, row in zip(things, cells, strict=True)],
    }


def rows(one: Mapping[str, Any], values: np.ndarray[Any, Any], most: float) -> list[dict[str, Any]]:
    """The units that are given most, by name, with what stands there and a bar."""
    order = np.argsort(-np.abs(values), kind="stable")[:MOST]
    cells = one["value"] if isinstance(one["value"], Mapping) else {}
    return [
        {**tinted(one["names"][place], float(values[place]), most), "cell": cell_of(cells, one["names"][place])}
        for place in order
    ]


def cell_of(cells: Mapping[str, Any], name: str) -> str:
    """What stands in a column; "" where the units are no columns."""
    if name not in cells:
        return ""
    cell = cells[name]
    if cell is None:
        return "missing"
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def tinted(name: str, value: float, most: float) -> dict[str, Any]:
    """A unit with how strong its colour is, in percent, and what it speaks for."""
    size = round(100 * abs(value) / most, 1)
    return {"name": name, "value": value, "size": size, "side": "for" if value > 0 else "against" if value else "none"}


def picture(one: Mapping[str, Any], values: np.ndarray[Any, Any], most: float) -> dict[str, Any]:
    """The picture, and its cells as squares over a pale copy."""
    pixels = np.asarray(one["value"], np.uint8)
    owner = np.asarray(one["owner"])
    squares = []
    for unit, value in enumerate(values):
        down, across = np.nonzero(owner == unit)
        box = (int(across.min()), int(down.min()), int(np.ptp(across)) + 1, int(np.ptp(down)) + 1)
        squares.append({**tinted(one["names"][unit], float(value), most), "box": box})
    pale = np.asarray(Image.fromarray(pixels).convert("L"), np.float64) * 0.45 + 140
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    return {
        "picture": png(pixels),
        "pale": png(pale.astype(np.uint8)),
        "size": (width, height, round(width * scale), round(height * scale)),
        "squares": squares,
    }


def png(pixels: np.ndarray[Any, Any]) -> str:
    """As a data address."""
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "PNG")
    return f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode()}"


def curves(one: Mapping[str, Any], values: np.ndarray[Any, Any], most: float) -> list[dict[str, Any]]:
    """Each variable as a line over its stretches, those that are given most first."""
    numbers, owner = np.asarray(one["value"], np.float64), np.asarray(one["owner"])  # [L, V] both
    across = Axis(0, len(numbers))
    found = []
    for variable in np.argsort(-np.abs(values[owner]).sum(0), kind="stable")[:MOST]:
        curve, units = numbers[:, variable], owner[:, variable]
        up = Axis.over(curve.tolist())
        points = [
            f"{across.place(place + 0.5) * WIDE:.1f} {HIGH - 8 - up.place(value) * (HIGH - 16):.1f}"
            for place, value in enumerate(curve)
        ]
        bands = []
        for unit in dict.fromkeys(units.tolist()):
            steps = np.flatnonzero(units == unit)
            left, right = across.place(steps[0]) * WIDE, across.place(steps[-1] + 1) * WIDE
            box = (round(left, 1), 0, round(right - left, 1), HIGH)
            bands.append({**tinted(one["names"][unit], float(values[unit]), most), "box": box})
        name = one["names"][units[0]].rpartition(", ")[0]
        told = {"name": name, "low": f"{curve.min():.4g}", "high": f"{curve.max():.4g}", "steps": len(curve)}
        found.append({**told, "path": "M" + "L".join(points), "bands": bands, "size": (WIDE, HIGH)})
    return found


def as_text(found: Mapping[str, Any]) -> str:
    """For the terminal: the answer, the verdict, and each input's strongest units."""
    said = "  ".join(f"{name} {short(value)}" for name, value in found["answer"].items())
    lines = [f"{found['where']}: {said}".rstrip(": "), f"by {found['method']}. {WORDS[found['verdict']]}"]
    lines += [f"  {one['verdict']:9} {one['says']}" for one in found["findings"] if one["verdict"] != "passed"]
    lines += [f"  note      {note}" for note in found["notes"]]
    for one in found["shares"]:
        lines += ["", *drawn(one)]
    table = grid(found["things"])
    for row in table.get("down", ()):
        strongest = sorted(row["cells"], key=lambda cell: -abs(cell["value"]))[:FEW]
        lines.append(f"  {row['name']}: " + ", ".join(f"{cell['name']} {signed(cell['value'])}" for cell in strongest))
    for thing in () if table else found["things"]:
        lines += ["", f"{thing['name']}:"]
        lines += [line for one in thing["shares"] for line in drawn(one, FEW)]
    return "\n".join([*lines, "", f"page      {found['page']}"])


def drawn(one: Mapping[str, Any], most: int = MOST // 2) -> list[str]:
    """An input's strongest units."""
    return worded(one) if one["form"] == "words" else barred(one, most)


def worded(one: Mapping[str, Any]) -> list[str]:
    """A text whose strongest words bear a sign: up to three + for the answer, up to three - against it."""
    most = max((abs(value) for value in one["values"]), default=0.0) or 1.0
    marked = []
    for name, value in zip(one["names"], one["values"], strict=True):
        signs = round(3 * abs(value) / most) * ("+" if value > 0 else "-")
        marked.append(f"[{name} {signs}]" if signs else name)
    return [" ".join(marked)]


def barred(one: Mapping[str, Any], listed: int) -> list[str]:
    """The strongest units with bars, those against the answer with a minus."""
    values = np.asarray(one["values"], np.float64)
    most = float(np.abs(values).max(initial=0.0)) or 1.0
    shown = rows(one, values, most)[:listed]
    named = [f"{row['name']} = {row['cell']}" if row["cell"] else row["name"] for row in shown]
    wide = max(map(len, named), default=0)
    both = zip(named, shown, strict=True)
    lines = [f"  {name:{wide}}  {signed(row['value']):>9}  {bar(row['size'])}" for name, row in both]
    return lines + ([f"  and {len(values) - len(shown)} more"] if len(values) > len(shown) else [])


def bar(size: float) -> str:
    """A bar of at most twenty letters for up to 100."""
    eighths = round(size * 1.6)
    return "█" * (eighths // 8) + (BLOCKS[eighths % 8 - 1] if eighths % 8 else "")


def short(value: Any) -> str:
    """A value of an answer in few letters."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, Mapping):
        return "drawn on the page"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"{len(value)} things" if value and isinstance(value[0], Mapping) else f"{len(value)} values"
    return str(value)
