"""Answer new inputs with a trained run: brainwright predict RUN INPUT... [--to FILE] [--level .9] [--abstain .02]"""

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
from brainwright.trust.doubt import Doubt, Wish

BESIDE = ("input", "scores", "set", "low", "high", "abstains", "unlike")  # what is said of an answer


def main(words: Sequence[str]) -> int:
    """Print one answer a line, or write them to a file; the input "-" is standard input.

    --level .8, .9 or .95 adds the set of classes, or the interval, that holds the truth that often. --abstain .02 marks
    answers that are better left to a person, so that at most that share of the others is wrong.
    """
    asked = read(words, ("json", "help")).only(("to", "level", "abstain"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if len(asked.given) < 2:
        raise Fault("predict needs a run and at least one input", "write: brainwright predict runs/NAME INPUT")
    run, wish = load(asked.given[0]), Wish(asked.number("level"), asked.number("abstain"))
    doubt = Doubt.of(run)
    answers: list[Mapping[str, Any]] = []
    for source in asked.given[1:]:
        table = from_lines(run, sys.stdin.read()) if source == "-" else question(run, source)
        places = [table.where(row) for row in range(len(table))]
        found = doubt.answers(table, wish)
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
    """An answer on one line: what was asked, what was said, how sure, and what stands against it."""
    said = "  ".join(f"{value}" for name, value in answer.items() if name not in BESIDE)
    scores = answer.get("scores", {})
    sure = f"  ({max(scores.values()):.1%})" if scores else ""
    within = f"  one of {{{', '.join(answer['set'])}}}" if "set" in answer else ""
    within += f"  from {answer['low']} to {answer['high']}" if "low" in answer else ""
    doubts = ("  unlike the training data" if answer.get("unlike") else "") + (
        "  ask a person" if answer.get("abstains") else ""
    )
    return f"{answer['input']}: {said}{sure}{within}{doubts}"


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
        {name: ", ".join(value) if name == "set" else value for name, value in one.items() if name != "scores"}
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
