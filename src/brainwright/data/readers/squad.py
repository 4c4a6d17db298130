"""SQuAD: questions about passages, each answered by a piece of its passage or by none, as JSON of its two versions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data import tables
from brainwright.data.reader import Reader
from brainwright.data.table import Column, Kind, Table
from brainwright.errors import Fault

HEAD = 65_536  # bytes of a file that are looked at to know it
NAMED = 3  # questions that are named in one line; the rest is counted
LAYOUT = (
    '{"data": [{"title": ..., "paragraphs": [{"context": ..., "qas": [{"id": ..., "question": ..., "answers": []}]}]}]}'
)


@dataclass(frozen=True)
class Asked:
    """One question: its article and passage, and each true answer's begin and end; None = nobody has told."""

    article: str
    passage: str
    question: str
    answers: tuple[tuple[int, int], ...] | None


@dataclass(frozen=True)
class Oddities:
    """What was found in a file: questions whose answers stood elsewhere, what cannot be mended, the row of each id,
    and passages that nothing is asked about.

    `answered`: the file's version wants an answer to every question.
    """

    answered: bool
    moved: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)


class Squad(Reader):
    """A file, or a folder with train.json, dev.json and test.json (Rajpurkar et al. 2016, 2018)."""

    rank: ClassVar[int] = 56

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A JSON file that soon speaks of paragraphs, or a folder of such."""
        return tables.knows(path, suits)

    def read(self, path: Path) -> Table:
        """Columns passage, question, answer (absent where none is told); before them the articles' titles, if told.

        An answer that does not stand where the file says is looked for: it is put right where it occurs exactly once.

        Raises:
            Fault: naming file and question where a passage is empty, an answer is not to be found in its passage, an id
                comes twice, or version 1.1 has a question without an answer.
        """
        shares = tables.chosen(path, suits)
        folder = path if path.is_dir() else path.parent
        names = [file.relative_to(folder).as_posix() for file in shares]
        found, notes = [], []
        for file in shares:
            questions, said = checked(file)
            found.append(questions)
            notes += said
        lengths = [len(one) for one in found]
        return Table(
            columns([one for some in found for one in some]),
            np.repeat(np.array(list(shares.values()), np.uint8), lengths),
            str(path),
            names,
            np.repeat(np.arange(len(names), dtype=np.int32), lengths),
            np.concatenate([np.arange(1, count + 1) for count in lengths]),
            [*notes, *tables.unread(path, shares)],
        )

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty questions about ten passages, of which some have no answer."""
        file = folder / "questions.json"
        articles = [{"title": f"house {i}", "paragraphs": [paragraph(i)]} for i in range(10)]
        file.write_text(json.dumps({"version": "v2.0", "data": articles}, ensure_ascii=False), encoding="utf-8")
        return file


def paragraph(number: int) -> dict[str, Any]:
    """A passage about a house, with three questions."""
    colour, pet = ("red", "green", "blue")[number % 3], ("cat", "dog")[number % 2]
    context = f"House number {number} in the lane is {colour}. An old {pet} lives there with a fish."
    told = {"What colour is it?": colour, "Which animal lives there?": pet, "Who built it?": ""}
    qas = [
        {
            "id": f"{number}-{place}",
            "question": question,
            "is_impossible": not text,
            "answers": [{"text": text, "answer_start": context.index(text)}] if text else [],
        }
        for place, (question, text) in enumerate(told.items())
    ]
    return {"context": context, "qas": qas}


def suits(file: Path) -> bool:
    """A .json file that begins as a record and soon speaks of paragraphs."""
    if file.suffix.lower() != ".json" or not file.is_file():
        return False
    with file.open("rb") as stream:
        head = stream.read(HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"{") and b'"paragraphs"' in head


def checked(file: Path) -> tuple[list[Asked], list[str]]:
    """The questions of a file, and what was put right.

    Raises:
        Fault: naming the ids of those that cannot be.
    """
    told = parsed(file)
    odd = Oddities(isinstance(told, Mapping) and str(told.get("version", "")).removeprefix("v").startswith("1"))
    found = list(asked(told, file, odd))
    if odd.wrong:
        more = f" (and {len(odd.wrong) - NAMED:,} more)" if len(odd.wrong) > NAMED else ""
        raise Fault(f"{file}, {'; '.join(odd.wrong[:NAMED])}{more}", "mend or delete these questions")
    if not found:
        raise Fault(f"{file} asks nothing", "fill it or take it away")
    silent = sum(one.answers is None for one in found)
    if 0 < silent < len(found):
        what = f"{silent:,} of {len(found):,} questions in {file} do not speak of answers"
        raise Fault(what, "write their answers, [] where there is none")
    notes = (
        (odd.moved, "answers did not stand where it says and were put right, each occurs once"),
        (odd.unasked, "passages were left out, for nothing is asked about them"),
    )
    return found, [f"{file}: {len(ids):,} {said}: {listed(ids)}" for ids, said in notes if ids]


def listed(names: Sequence[str]) -> str:
    """The first of them."""
    return f"{', '.join(names[:NAMED])}{' ...' * (len(names) > NAMED)}"


def parsed(file: Path) -> Any:
    """What a JSON file holds.

    Raises:
        Fault: it is not UTF-8, or no JSON.
    """
    try:
        return json.loads(tables.text_of(file))
    except json.JSONDecodeError as error:
        what = f"{file}, row {error.lineno} is not JSON ({error.msg})"
        raise Fault(what, "mend it or write the file again") from None


def asked(told: Any, file: Path, odd: Oddities) -> Iterator[Asked]:
    """Every question of a file; `odd` learns what is wrong.

    Raises:
        Fault: it is laid out otherwise.
    """
    row = 0
    for article in part(told, "data", list, str(file)):
        title = str(article.get("title", "")) if isinstance(article, Mapping) else ""
        for paragraph in part(article, "paragraphs", list, f"{file}, article {title!r}"):
            context = part(paragraph, "context", str, f"{file}, a paragraph of {title!r}")
            questions = part(paragraph, "qas", list, f"{file}, a paragraph of {title!r}")
            if not questions:
                odd.unasked.append(f"{context[:40]!r}")
            for one in questions:
                row += 1
                name = named(one, row)
                question = part(one, "question", str, f"{file}, {name}")
                if wrong := fault_of(one, (context, question), row, odd):
                    odd.wrong.append(f"{name} {wrong}")
                    continue
                yield Asked(title, context, question, answers_of(one, context, (name, f"{file}, {name}"), odd))


def named(one: Any, row: int) -> str:
    """Which question of a file this is, in words."""
    told = f" (id {one['id']})" if isinstance(one, Mapping) and "id" in one else ""
    return f"question {row:,}{told}"


def fault_of(one: Mapping[str, Any], texts: tuple[str, str], row: int, odd: Oddities) -> str:
    """What is wrong with a question and its passage, whatever the answers; "" for nothing. `odd` keeps its id."""
    context, question = texts
    if not context.strip():
        return "has an empty passage"
    if not question.strip():
        return "is empty"
    if "id" in one and (first := odd.rows.setdefault(str(one["id"]), row)) != row:
        return f"has the id of question {first:,}"
    if odd.answered and one.get("answers") == []:
        return "has no answer, as version 1.1 does not know"
    return ""


def part(record: Any, name: str, kind: type, where: str) -> Any:
    """What a record holds under a name.

    Raises:
        Fault: nothing, or something else.
    """
    found = record.get(name) if isinstance(record, Mapping) else None
    if not isinstance(found, kind):
        said = "no" if found is None else f"{str(found)[:40]!r} as"
        raise Fault(f"{where} has {said} {name!r}", f"lay it out as {LAYOUT}")
    return found


def answers_of(
    one: Mapping[str, Any], context: str, where: tuple[str, str], odd: Oddities
) -> tuple[tuple[int, int], ...] | None:
    """Where each different true answer begins and ends; None where the file does not speak of answers."""
    if one.get("is_impossible"):
        return ()
    if "answers" not in one:
        return None
    found: dict[tuple[int, int], None] = {}
    for answer in part(one, "answers", list, where[1]):
        text, start = part(answer, "text", str, where[1]), part(answer, "answer_start", int, where[1])
        times = occurrences(context, text) if text.strip() else []
        if text.strip() and start >= 0 and context[start : start + len(text)] == text:
            found[start, start + len(text)] = None
        elif len(times) == 1:
            odd.moved.append(where[0])
            found[times[0], times[0] + len(text)] = None
        else:
            times_told = "never" if not times else f"{len(times)} times"
            what = f"the answer {text[:40]!r} does not stand at {start} and occurs {times_told} in its passage"
            odd.wrong.append(f"{where[0]}: {what if text.strip() else 'an answer is empty'}")
    return tuple(found)


def occurrences(context: str, text: str) -> list[int]:
    """Where a text begins, each time that it occurs; two are enough."""
    places = [context.find(text)]
    places.append(context.find(text, places[0] + 1) if places[0] >= 0 else -1)
    return [place for place in places if place >= 0]


def columns(found: Sequence[Asked]) -> dict[str, Column]:
    """The table's columns; the answers of a file that does not speak of any are missing."""
    told = {}
    if any(one.article for one in found):
        told["article"] = Column(objects([one.article for one in found]), Kind.CATEGORY, "the articles' titles")
    told["passage"] = Column(objects([one.passage for one in found]), Kind.TEXT, "the paragraphs' contexts")
    told["question"] = Column(objects([one.question for one in found]), Kind.TEXT, "the questions")
    known = [one.answers for one in found if one.answers is not None]
    if known:
        reason = f"pieces of the passages; {known.count(()):,} of {len(known):,} questions have no answer there"
        told["answer"] = Column(objects([one.answers for one in found]), Kind.SPAN, reason)
    return told


def objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """One cell a value, whatever it holds."""
    return np.fromiter(values, object, len(values))
