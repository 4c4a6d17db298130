"""Explanations: what an answer rests on, and whether the method that says so can be believed on this net."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from brainwright.data.batching import spread
from brainwright.data.examples import Portion
from brainwright.data.field import Padded
from brainwright.data.slots import Slot
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.runs.calibrating import recast
from brainwright.runs.evidence import cells_of, names
from brainwright.runs.record import read_json, write_json
from brainwright.runs.results import NET
from brainwright.runs.run import Run
from brainwright.runs.telling import Teller
from brainwright.tasks.task import Task
from brainwright.trust.case import Case
from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.explainers.examples import Neighbours, influential, nearest
from brainwright.trust.explainers.methods import METHODS, chosen
from brainwright.trust.finding import Finding, Verdict
from brainwright.trust.game import Game, Setting, Side
from brainwright.trust.gates import faithfulness, overall, randomisation, sums
from brainwright.trust.keeping import finding_of

FOLDER = "explanations"
JUDGED, COMPARED = 16, 8  # test examples on which a method is judged, and compared with nets that learned nothing
MOST = 50  # inputs at once
ALIKE = 4  # training examples shown of each kind
THINGS = 16  # things of one answer that are explained one by one


@dataclass(frozen=True)
class Shares:
    """What the units of one input are given, in the score's own units."""

    name: str
    """What the user calls the input."""
    form: str
    """How it is drawn: whole, cells, words, columns or steps."""
    names: Sequence[str]
    """[U]"""
    values: Sequence[float]
    """[U]; positive speaks for the answer."""
    owner: Any
    """The unit of each place, nested as the input is."""
    value: Any
    """The input as people read it."""


@dataclass(frozen=True)
class Explained:
    """What one thing of an answer rests on, such as one box or one word."""

    name: str
    score: float
    shares: Sequence[Shares]
    shown: Sequence[str]
    """HTML of it in the input that it lies in, where it lies in one."""


@dataclass(frozen=True)
class Explanation:
    """One answer explained. `verdict` says whether the method passed its gates; the findings say why."""

    where: str
    answer: Mapping[str, Any]
    score: float
    """NaN for many answers."""
    meaning: str
    """What the score is."""
    method: str
    verdict: Verdict
    shares: Sequence[Shares]
    findings: Sequence[Finding]
    near: Sequence[Mapping[str, Any]]
    """Training examples that the net sees as most alike, nearest first."""
    influential: Sequence[Mapping[str, Any]]
    """Training examples that speak most for (above 0) or against this answer."""
    notes: Sequence[str]
    things: Sequence[Explained] = ()
    """Of an answer made of several, the most telling ones."""
    shown: Sequence[str] = ()
    """HTML of the answer in the input that it lies in, where it lies in one."""
    losses: Sequence[Mapping[str, Any]] = ()
    """Of many answers: how much worse the first metric gets without each column."""
    page: str = ""
    """Where it is drawn; "" until it is."""

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def setting_of(case: Case) -> Setting:
    """Where the games of a run are played."""
    run = case.run
    return Setting(run.task, run.net.to(run.place.device), run.place, case.shares["train"])


def explain(case: Case, table: Table, method: str, tell: Teller) -> list[Explanation]:
    """Explain the answer to each question in a table; the method is judged first, once a run.

    Raises:
        Fault: the table cannot be read as this run's input, or the method cannot explain it.
    """
    run, setting = case.run, setting_of(case)
    asked, found = run.task.questions(table, run.claim, run.fields), []
    if len(asked) > MOST:
        raise Fault(f"{table.source} holds {len(asked):,} inputs, and each is explained", f"bring {MOST} at most")
    places = [(portion, row) for portion in run.portions(asked) for row in range(len(portion))]
    games = [setting.game(portion, row) for portion, row in places]
    word = chosen(method, [*games, *tried(case, setting)])
    for game, (portion, row) in zip(games, places, strict=True):
        own = METHODS[word](game)
        findings = [*[one for one in [sums([own])] if one.verdict != "missing"], *judged(case, word, tell)]
        found.append(told(case, setting, game, (table.where(int(portion.examples.rows[row])), word, own, findings)))
    return found


def tried(case: Case, setting: Setting) -> list[Game]:
    """The test examples on which a method is judged."""
    test = case.shares["test"]
    return [setting.game(test, int(row)) for row in spread(len(test), JUDGED)]


def told(
    case: Case, setting: Setting, game: Game, said: tuple[str, str, Attribution, Sequence[Finding]]
) -> Explanation:
    """An explanation in the user's terms."""
    where, word, own, findings = said
    run = case.run
    near, speaking, notes = compared(case, setting, game)
    if run.selected != NET:
        notes = [f"this run predicts by {run.selected}; explained is what its net would say", *notes]
    return Explanation(
        where,
        answers(run, game),
        float(game.scores(game.all(), game.blank)),
        meaning(game),
        word,
        overall(findings),
        shares_of(run, game, own),
        findings,
        near,
        speaking,
        notes,
        things(run, game, word),
        inside(run, game, {slot.name: game.batch[slot][0] for slot in placed(run.task)}),
    )


def things(run: Run, game: Game, word: str) -> list[Explained]:
    """The things of an answer one by one, where it is made of several."""
    asked, found = run.task.things(run.fields, game.batch), []
    for thing in asked[:THINGS] if len(asked) > 1 else ():
        own = game.of(thing.score)
        score = float(own.scores(own.all(), own.blank))
        found.append(
            Explained(thing.name, score, shares_of(run, own, METHODS[word](own)), inside(run, game, thing.values))
        )
    return found


def placed(task: Task) -> list[Slot[Any]]:
    """The answers that lie in an input."""
    return [slot for slot in task.slots() if slot.side == "target" and slot.field.placed]


def inside(run: Run, game: Game, values: Mapping[str, Any]) -> list[str]:
    """Answers (slot -> one, encoded) drawn in the input that they lie in, of fields that lie in one."""
    fields = [(run.fields[slot], values[slot.name]) for slot in placed(run.task) if slot.name in values]
    return [field.show_in(field.decode(value.cpu()), game.whole) for field, value in fields]


def judged(case: Case, word: str, tell: Teller) -> list[Finding]:
    """What the gates say of a method on this run's net and test share; kept in the run's folder once it is known."""
    kept = case.run.folder / FOLDER / f"{word}.json"
    if kept.is_file():
        return [finding_of(one) for one in read_json(kept)["findings"]]
    tell.line(f"judging   {word} on {JUDGED} test examples and on nets that learned nothing, once for this run")
    games = tried(case, setting_of(case))
    method = METHODS[word]
    found = [method(game) for game in games]
    findings = [
        sums(found),
        randomisation(games[:COMPARED], found[:COMPARED], method),
        *faithfulness(games, found),
    ]
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_json(kept, {"method": word, "findings": [asdict(one) for one in findings]})
    return findings


def shares_of(run: Run, game: Game, own: Attribution) -> list[Shares]:
    """What each input's units are given."""
    found, first = [], 0
    for side in game.sides:
        values = own.values[first : first + len(side.units)]
        first += len(side.units)
        found.append(
            Shares(
                run.name(side.slot),
                side.units.form,
                side.units.names,
                values.tolist(),
                (side.units.drawn if side.units.drawn.size else side.units.owner).tolist(),
                decoded(side, game),
            )
        )
    return found


def decoded(side: Side, game: Game) -> Any:
    """An input as people read it, without what the net was not given."""
    given = game.batch.values[side.slot]
    if side.units.picture.size:
        return side.units.picture.tolist()
    if not isinstance(given, Padded):
        return side.field.decode(given[0].cpu())
    heard = given.values[0, : int(given.lengths[0])].cpu()
    return side.field.decode(heard) if side.units.form == "steps" else side.value


def answers(run: Run, game: Game) -> dict[str, Any]:
    """The net's answer in the user's terms, and how sure it is; none for an answer that is what is explained."""
    shown = {side.slot for side in game.sides}
    targets = [slot for slot in run.task.slots() if slot.side == "target" and slot.name not in shown]
    whole = game.whole
    said = {run.name(slot.name): run.fields[slot].decode_in(game.batch[slot][0].cpu(), whole) for slot in targets}
    if game.sure:
        with torch.no_grad():
            scores = recast(run.task.predict(run.net, game.batch), run.temperature).scores
        assert scores is not None
        said["probability"] = float(scores.max())
    return said


def meaning(game: Game) -> str:
    """What the score is, in words."""
    if game.sure:
        return "shares of the log-odds of the answer: 0 is as likely as not, 2.2 is 90\u00a0%, 4.6 is 99\u00a0%"
    told = (game.task.score.__doc__ or "how strongly the net stands behind its answer").split("\n")[0].rstrip(".")
    return f"shares of the score: {told[0].lower()}{told[1:]}"


def compared(case: Case, setting: Setting, game: Game) -> tuple[list[Any], list[Any], list[str]]:
    """Training examples near to this one and speaking for or against its answer; what cannot be had is a note."""
    try:
        near = listed(case, nearest(setting, game, ALIKE))
    except Fault as fault:
        return [], [], [f"no training examples: {fault.what}"]
    try:
        return near, listed(case, influential(setting, game, ALIKE)), []
    except Fault as fault:
        return near, [], [f"no influential training examples: {fault.what}"]


def listed(case: Case, found: Neighbours) -> list[dict[str, Any]]:
    """Training examples as people see them."""
    train = case.shares["train"]
    return [
        {
            "where": case.table.where(int(train.examples.rows[row])),
            "value": float(value),
            "looked_at": found.looked_at,
            "cells": cells(case.run, train, int(row)),
        }
        for row, value in zip(found.rows, found.values, strict=True)
    ]


def cells(run: Run, train: Portion, row: int) -> list[dict[str, Any]]:
    """One training example's inputs and truth, each with the name of its column, each column once."""
    slots = [slot for slot in run.task.slots() if slot.name in train.encoded and slot.name in train.examples.values]
    found: dict[str, dict[str, Any]] = {}
    for slot in slots:
        for name, cell in zip(names(train.examples.values[slot.name]), cells_of(slot, train, row), strict=True):
            found.setdefault(name or run.name(slot.name), {"side": slot.side, **cell})
    return [{"name": name, **cell} for name, cell in found.items()]
