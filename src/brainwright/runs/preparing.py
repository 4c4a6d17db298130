"""Preparing: all that is settled before the first step; the split comes first, and the test share makes no choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.config import Choices, Config, made
from brainwright.data.cache import MEMORY, Cache
from brainwright.data.checking import look, unreadable
from brainwright.data.columns import FEW
from brainwright.data.duplicates import digested
from brainwright.data.encoding import Damaged
from brainwright.data.examples import Examples, Portion
from brainwright.data.finding import Finding, Severity
from brainwright.data.inputs import likely_target
from brainwright.data.opening import corrected, open_table
from brainwright.data.slots import Fields, Slot
from brainwright.data.splitting import Splitting, known
from brainwright.data.table import WHOLE, Kind, Share, Table
from brainwright.errors import Fault
from brainwright.runs.inference import infer
from brainwright.runs.telling import Teller
from brainwright.tasks.task import Claim, Decision, Task
from brainwright.training.energy import Meter
from brainwright.training.recipe import recipe

SHARES = {"train": Share.TRAIN, "validation": Share.VALIDATION, "test": Share.TEST}


@dataclass(frozen=True)
class Prepared:
    """All that is settled before the first step."""

    table: Table
    claim: Claim
    config: Config
    decisions: Sequence[Decision]
    findings: Sequence[Finding]
    split: Sequence[str]
    """How the shares were made, one reason a line."""
    shares: Mapping[str, Portion]
    fields: Fields
    meter: Meter
    """Of time and energy, since the beginning."""

    @property
    def task(self) -> Task:
        """The task, within its techniques."""
        return self.config.task()


def prepare(source: Any, options: Mapping[str, Any], tell: Teller) -> Prepared:
    """Open, claim, check, split, fit fields on the training share, encode, decide.

    Raises:
        Fault: anything the user can mend.
    """
    meter = Meter()
    table, kind, aim = understood(source, options, tell)
    config = Config.of({**options, "task": kind.word()})
    splitting = config.splitting.keeping_apart(table, aim)
    table = digested(table, tell.line)
    findings = look(splitting.given(table)[0], aim)
    tell_findings(findings, tell)
    table, reasons = splitting.divide(table, aim, config.training.seed)
    for reason in reasons:
        tell.line(f"split     {reason}")
    claim = kind.claim(readable(table, splitting, config.choices), config.choices.target)
    assert claim is not None
    task = config.task()
    examples = task.examples(table, claim)
    for note in examples.notes:
        tell.line(f"data      {note}")
    cache = Cache.of(config.choices.cache, config.choices.cache_room if examples.digests else 0.0, tell.line)
    try:
        shares, fields = encoded(task, examples, cache)
    except Damaged as damaged:
        faults = {int(examples.rows[row]): why for row, why in damaged.faults.items()}
        raise Fault(unreadable(table, faults).text) from None
    config, decisions = config.decided([*task.decide(shares["train"]), *recipe(shares["train"])])
    for decision in decisions:
        tell.line(f"decided   {decision.option} = {decision.value}: {decision.reason}")
    return Prepared(table, claim, config, decisions, findings, reasons, shares, fields, meter)


def understood(source: Any, options: Mapping[str, Any], tell: Teller) -> tuple[Table, type[Task], str]:
    """The user's table, the task it is for, and the target column ("" where the task learns none).

    Raises:
        Fault: it cannot be opened, or no task fits.
    """
    words = made(Choices, {name: value for name, value in options.items() if name in Choices.model_fields})
    splitting = made(Splitting, {name: value for name, value in options.items() if name in Splitting.model_fields})
    table = open_table(source, words.columns)
    table, note = with_classes(table, words.target or likely_target(table), words.columns)
    for line in [*table.notes, *note]:
        tell.line(f"data      {line}")
    splitting = splitting.keeping_apart(table, words.target)
    kind, claim = infer(readable(splitting.given(table)[0], splitting, words), words.target, words.task)
    tell.line(f"task      {kind.word()}: {claim.why}")
    return table, kind, aim_of(kind, claim)


def readable(table: Table, splitting: Splitting, words: Choices) -> Table:
    """Without the columns that only split the data or tell groups apart: those are never silently inputs.

    Raises:
        Fault: a column that is to be left out is not there.
    """
    names = [name.strip() for name in words.leave_out.split(",") if name.strip()]
    for name in names:
        known(table, name)
    return table.without(splitting.group, *names)


def with_classes(table: Table, target: str, columns: str) -> tuple[Table, list[str]]:
    """A target that is only ever one of two whole numbers names classes, unless the user said it does not; beside
    pictures or sounds so does one of a few, for numbers told by what is seen or heard are seldom whole.
    """
    said = {piece.rpartition("=")[0].strip() for piece in columns.split(",")}
    if target not in table.columns or target in said or table[target].kind != Kind.NUMBER:
        return table, []
    values = table[target].values
    different = np.unique(values[~np.isnan(values)])
    most = FEW if any(map(table.kinds, WHOLE)) else 2
    if not 2 <= len(different) <= most or (different % 1 != 0).any():
        return table, []
    low, high = f"{different[0]:.0f}", f"{different[-1]:.0f}"
    told = (
        f"{low} or {high}: read as two classes"
        if len(different) == 2
        else (f"{len(different)} whole numbers from {low} to {high}: read as classes")
    )
    note = f"{target!r} is only {told} (else say --columns {target}=number)"
    return corrected(table, f"{target}=category"), [note]


def aim_of(kind: type[Task], claim: Claim) -> str:
    """The one column that a claim would learn to predict; "" where nothing of the user's is asked about."""
    slots = {name: value.side for name, value in vars(kind).items() if isinstance(value, Slot)}
    if not any(side == "input" and slot in claim.columns for slot, side in slots.items()):
        return ""
    targets = [slot for slot, side in slots.items() if side == "target"]
    return next((column for slot in targets if isinstance(column := claim.columns.get(slot), str)), "")


def tell_findings(findings: Sequence[Finding], tell: Teller) -> None:
    """Say what the check found.

    Raises:
        Fault: something that a training must not start with.
    """
    for finding in findings:
        if finding.severity == Severity.NOTE:
            tell.line(f"data      {finding.text}")
        elif finding.severity == Severity.WARN:
            tell.warn(finding.text)
    stop = [finding.text for finding in findings if finding.severity == Severity.STOP]
    if stop:
        raise Fault("; ".join(stop))


def encoded(task: Task, examples: Examples, cache: Cache = MEMORY) -> tuple[dict[str, Portion], Fields]:
    """Fields fitted on the training share alone, and every share encoded by them.

    What must be decoded is encoded once for all shares, through the cache, so that another split finds it there too.

    Raises:
        Fault: a share is empty.
        Damaged: files cannot be decoded.
    """
    places = {name: np.flatnonzero(examples.shares == share) for name, share in SHARES.items()}
    parts = {name: examples.take(rows) for name, rows in places.items()}
    for name, part in parts.items():
        if not len(part):
            raise Fault(f"the {name} share is empty", "bring more rows, or other --validation-share and --test-share")
    slots, fitting, train = task.slots(), task.fitting(), parts["train"]
    deep = [slot for slot in fitting if slot.name in examples.digests]
    known = {slot.name: cache.fitted(slot.field, *content(train, slot)) for slot in deep}
    fields = Fields.fit(fitting, train.values, known)
    decoded = {slot.name: cache.encoded(fields[slot], *content(examples, slot)) for slot in deep}
    shares = {}
    for name, part in parts.items():
        mine = {slot: values.take(places[name]) for slot, values in decoded.items()}
        shares[name] = Portion.of(slots, fields, part, mine)
    return shares, fields


def content(examples: Examples, slot: Slot[Any]) -> tuple[NDArray[Any], NDArray[np.uint64]]:
    """A slot's values, which are files or bytes, and their digests."""
    values = examples.values[slot.name]
    assert isinstance(values, np.ndarray)
    return values, examples.digests[slot.name]
