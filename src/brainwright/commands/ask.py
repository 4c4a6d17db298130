"""Ask a document: brainwright ask RUN --document FILE [--question TEXT] [--json]"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from brainwright.data.sentences import sentences
from brainwright.errors import Fault
from brainwright.flags import read
from brainwright.runs.consulting import Quoted, columns, consult, document_of
from brainwright.runs.run import load


def main(words: Sequence[str]) -> int:
    """Answer one --question, or one a line until an empty line or the end of the input, by a piece of the document.

    The sentences around the answer are printed with the answer marked: in colour in a terminal, else in [brackets].
    What the run finds no answer to is "not in the text".
    """
    asked = read(words, ("json", "help")).only(("document", "question"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if "document" not in asked.options:
        raise Fault("ask needs a text to look in", "write: brainwright ask RUN --document FILE")
    run, document = load(asked.one("run")), document_of(asked.options["document"])
    columns(run)
    console = Console(highlight=False)
    for question in [asked.options["question"]] if "question" in asked.options else lines():
        found = consult(run, document, question)
        if "json" in asked.switches:
            print(json.dumps({**asdict(found), "answer": found.answer or None}, ensure_ascii=False), flush=True)
        else:
            console.print(told(found, document, console.is_terminal), soft_wrap=not console.is_terminal)
    return 0


def lines() -> Iterator[str]:
    """Questions as they are written, until an empty line, the end of the input or Ctrl-C."""
    watched = sys.stdin.isatty()
    if watched:
        print("Ask about the text; an empty line ends.")
    while True:
        try:
            line = input("> " if watched else "").strip()
        except (EOFError, KeyboardInterrupt):
            line = ""
        if not line:
            return
        yield line


def told(found: Quoted, document: str, coloured: bool) -> Text:
    """The answer, how sure, and the sentences that it stands in, with it marked."""
    if not found.answer:
        return Text.assemble("  ", ("not in the text", "yellow"), (f"   {found.score:.0%} sure", "dim"))
    begin = max([one for one, _ in sentences(document) if one <= found.start], default=0)
    end = min([one for _, one in sentences(document) if one >= found.end], default=len(document))
    marked = found.answer if coloured else f"[{found.answer}]"
    around = document[begin : found.start], (marked, "black on yellow"), document[found.end : end]
    sure = (f"   {found.score:.0%} sure", "dim")
    return Text.assemble("  ", (found.answer, "bold green"), sure, "\n  … ", *around, " …")
