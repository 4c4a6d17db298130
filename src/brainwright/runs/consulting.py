"""Consulting: a trained run answers a question by a piece of a document, or says that it is not in the text."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainwright.data.fields.span import Span
from brainwright.data.fields.text import Text
from brainwright.data.table import Column, Kind, Table
from brainwright.errors import Fault
from brainwright.runs.run import Run

EVEN = 0.5  # probability of no answer from which on there is said to be none; the net's threshold is within it


@dataclass(frozen=True)
class Quoted:
    """What a document says to a question."""

    question: str
    answer: str
    """"" = it is not in the text."""
    start: int
    """The letter of the document with which the answer begins."""
    end: int
    score: float
    """How sure the run is of the answer, or that there is none."""
    no_answer: float
    """How likely the document holds no answer."""


def columns(run: Run) -> tuple[str, str, str]:
    """What the run calls passage, question and answer.

    Raises:
        Fault: it does not answer questions by pieces of texts.
    """
    slots = run.task.slots()
    texts = [slot.name for slot in slots if slot.side == "input" and isinstance(slot.field, Text)]
    answers = [slot.name for slot in slots if slot.side == "target" and isinstance(slot.field, Span)]
    if len(texts) != 2 or len(answers) != 1:
        raise Fault(f"{run.folder} was not taught to answer questions", "name a run of the task question-answering")
    return run.name(texts[0]), run.name(texts[1]), run.name(answers[0])


def consult(run: Run, document: str, question: str) -> Quoted:
    """The answer, marked in the document.

    Raises:
        Fault: the question or the document is empty, or the run answers none.
    """
    if not question.strip() or not document.strip():
        raise Fault(f"the {'document' if question.strip() else 'question'} is empty", "write some words")
    passage, asked, answer = columns(run)
    values = {passage: document, asked: question}
    cells = {name: Column(np.array([text], object), Kind.TEXT) for name, text in values.items()}
    told = run.predict(Table.of(cells, "the document"))[0][answer]
    start, end, score = told["start"], told["end"], told["score"]
    if told["no_answer"] > EVEN:
        start, end, score = 0, 0, told["no_answer"]
    return Quoted(question, document[start:end], start, end, score, told["no_answer"])


def document_of(path: str) -> str:
    """A text file's letters.

    Raises:
        Fault: there is none, it is no UTF-8 text, or it is empty.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise Fault(f"there is no file {path}", "check the path")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Fault(f"{path} is not UTF-8 (byte {error.start:,})", "save it as UTF-8 text") from None
    if not text.strip():
        raise Fault(f"{path} is empty", "bring a text")
    return text
