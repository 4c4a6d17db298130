"""Answer new inputs with a trained run: brainwright predict RUN INPUT... [--to FILE.csv|.json|.parquet|FOLDER]"""

import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from brainwright.data.fields.image import Image
from brainwright.data.pictures import opened
from brainwright.errors import Fault
from brainwright.flags import read
from brainwright.runs.asking import from_lines, question
from brainwright.runs.run import Run, load
from brainwright.training.checkpoints import write_whole


def main(words: Sequence[str]) -> int:
    """Print one answer a line, or write them to a file; the input "-" is standard input."""
    asked = read(words, ("json", "help")).only(("to",))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if len(asked.given) < 2:
        raise Fault("predict needs a run and at least one input", "write: brainwright predict runs/NAME INPUT")
    run = load(asked.given[0])
    answers: list[Mapping[str, Any]] = []
    for source in asked.given[1:]:
        table = from_lines(run, sys.stdin.read()) if source == "-" else question(run, source)
        places = [table.where(row) for row in range(len(table))]
        found = run.predict(table)
        named = places if len(places) == len(found) else [source] * len(found)
        answers += [{"input": place, **answer} for place, answer in zip(named, found, strict=True)]
    if "to" in asked.options and not Path(asked.options["to"]).suffix:
        print(f"{paint(Path(asked.options['to']), run, answers)} pictures are in {asked.options['to']}")
        return 0
    if "to" in asked.options:
        write(Path(asked.options["to"]), answers)
        print(f"{len(answers):,} answers are in {asked.options['to']}")
        return 0
    for answer in answers:
        print(json.dumps(answer, ensure_ascii=False) if "json" in asked.switches else shown(answer))
    return 0


def shown(answer: Mapping[str, Any]) -> str:
    """An answer on one line: what was asked, what was said, and how sure."""
    said = "  ".join(f"{value}" for name, value in answer.items() if name not in ("input", "scores"))
    scores = answer.get("scores", {})
    sure = f"  ({max(scores.values()):.1%})" if scores else ""
    return f"{answer['input']}: {said}{sure}"


def paint(folder: Path, run: Run, answers: Sequence[Mapping[str, Any]]) -> int:
    """Answers that are pictures as PNG files in a folder; how many.

    Raises:
        Fault: this run answers with no pictures, or the folder cannot be made.
    """
    names = [slot.name for slot in run.task.slots() if slot.side == "target" and isinstance(slot.field, Image)]
    if not names:
        raise Fault(f"{folder} names no known format", "end it with .csv, .json or .parquet")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"{folder} cannot be made ({error.strerror})", "choose another folder") from None
    for index, answer in enumerate(answers):
        packed = io.BytesIO()
        opened(answer[run.name(names[0])]).save(packed, "PNG")
        write_whole(folder / f"{index:04}.png", packed.getvalue())
    return len(answers)


def write(path: Path, answers: Sequence[Mapping[str, Any]]) -> None:
    """As CSV, JSON or parquet, by the file's suffix; class scores become columns.

    Raises:
        Fault: another suffix, or the file cannot be written.
    """
    flat = [
        {name: value for name, value in one.items() if name != "scores"}
        | {f"score_{name}": score for name, score in one.get("scores", {}).items()}
        for one in answers
    ]
    if path.suffix == ".json":
        content = json.dumps(list(answers), ensure_ascii=False, indent=1).encode()
    elif path.suffix == ".csv":
        content = pd.DataFrame(flat).to_csv(index=False).encode()
    elif path.suffix == ".parquet":
        packed = io.BytesIO()
        pd.DataFrame(flat).to_parquet(packed, index=False)
        content = packed.getvalue()
    else:
        raise Fault(f"{path} names no known format", "end it with .csv, .json or .parquet")
    write_whole(path, content)
