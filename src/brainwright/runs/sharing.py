"""Sharing: rows given to shares, fields fitted, values encoded; and what only decoding shows about the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.config import Choices, Config
from brainwright.data.broken import plain, unreadable, with_alike, without_alike
from brainwright.data.cache import MEMORY, Cache
from brainwright.data.encoded import Dense, Stored
from brainwright.data.encoding import Damaged
from brainwright.data.examples import Examples, Portion
from brainwright.data.field import Field
from brainwright.data.finding import Finding, flaws
from brainwright.data.lookalikes import small_grey
from brainwright.data.sides import lookalikes
from brainwright.data.slots import NONE, Fields, Slot
from brainwright.data.splitting import Splitting, known
from brainwright.data.table import Share, Table
from brainwright.errors import Fault
from brainwright.runs.gate import passed
from brainwright.runs.telling import Teller
from brainwright.tasks.task import Claim, Task

SHARES = {"train": Share.TRAIN, "validation": Share.VALIDATION, "test": Share.TEST}
PICTURE = 3  # sides of an encoded picture: channels, height, width


@dataclass(frozen=True)
class Setting:
    """What is known when rows are shared out."""

    kind: type[Task]
    config: Config
    aim: str
    """The target column, "" where there is none."""
    splitting: Splitting
    known: Mapping[str, Field[Any]] = field(default_factory=dict)
    """Fields that are fitted already."""


@dataclass(frozen=True)
class Settled:
    """Rows shared out, and encoded by fields that were fitted on the training share."""

    table: Table
    claim: Claim
    reasons: Sequence[str]
    """How the shares were made, one reason a line."""
    notes: Sequence[str]
    shares: Mapping[str, Portion]
    fields: Fields
    findings: Sequence[Finding] = ()
    """What only decoding showed."""


def settle(table: Table, setting: Setting, tell: Teller) -> Settled:
    """Share out and encode; damaged rows that are few or allowed are left out, and lookalikes kept in one share.

    Either begins anew, from decoded values that the cache has kept.

    Raises:
        Fault: what must not be trained with and is not allowed.
    """
    allowed = flaws(setting.config.choices.allow)
    findings: list[Finding] = []
    try:
        found = shared(table, setting, tell)
    except Broken as broken:
        findings.append(unreadable(table, broken.faults))
        table = passed(table, findings, allowed, tell)
        found = shared(table, setting, tell)
    marked, strange = seen(found, setting.config.task())
    ours = np.isin(table.shares, (Share.OPEN, Share.TRAIN))
    parted = [finding for finding in lookalikes(marked) if ours[finding.rows].any()]
    if parted:
        columns = {name: replace(one, alike=marked[name].alike) for name, one in table.columns.items()}
        found = shared(replace(table, columns=columns), setting, tell)
    later = [*strange, *lookalikes(replace(found.table, columns=marked.columns))]
    passed(found.table, later, allowed, tell)
    return replace(found, findings=[*findings, *later])


class Broken(Exception):
    """Rows of the table whose files cannot be decoded: row -> why."""

    def __init__(self, faults: dict[int, str]) -> None:
        super().__init__(faults)
        self.faults = faults


def shared(table: Table, setting: Setting, tell: Teller) -> Settled:
    """One sharing out of the rows, and their encoding.

    Raises:
        Broken: files that cannot be decoded.
    """
    config = setting.config
    table, reasons = setting.splitting.share_out(table, setting.aim, config.training.seed)
    claim = setting.kind.claim(readable(table, setting.splitting, config.choices), config.choices.target)
    assert claim is not None
    task = config.task()
    examples = task.examples(table, claim)
    cache = Cache.of(config.choices.cache, config.choices.cache_room if examples.digests else 0.0, tell.line)
    try:
        shares, fields = encoded(task, examples, cache, setting.known)
    except Damaged as damaged:
        raise Broken({int(examples.rows[row]): why for row, why in damaged.faults.items()}) from None
    return Settled(table, claim, reasons, examples.notes, shares, fields)


def seen(found: Settled, task: Task) -> tuple[Table, list[Finding]]:
    """The table with codes of pictures that look alike, and what is strange in the pictures that were decoded."""
    table, strange = without_alike(found.table), list[Finding]()  # other columns were looked at before
    portions = list(found.shares.values())
    every = np.concatenate([portion.examples.rows for portion in portions])
    rows, first = np.unique(every, return_index=True)
    for slot in task.slots():
        column = found.claim.columns.get(slot.name)
        decoded = slot.side == "input" and slot.name in portions[0].examples.digests
        values = [portion.encoded[slot.name] for portion in portions if decoded]
        pictures = [one for one in values if isinstance(one, Dense | Stored) and len(one.shape) == PICTURE]
        if pictures and isinstance(column, str):
            small = np.concatenate([small_grey(one) for one in pictures])[first]
            strange += plain(table, rows, small)
            table = with_alike(table, column, rows, small)
    return table, strange


def readable(table: Table, splitting: Splitting, words: Choices) -> Table:
    """Without the columns that only split the data or tell groups apart: those are never silently inputs.

    Raises:
        Fault: a column that is to be left out is not there.
    """
    names = [name.strip() for name in words.leave_out.split(",") if name.strip()]
    for name in names:
        known(table, name)
    return table.without(splitting.group, *names)


def encoded(
    task: Task, examples: Examples, cache: Cache = MEMORY, fitted: Mapping[str, Field[Any]] = NONE
) -> tuple[dict[str, Portion], Fields]:
    """Fields fitted on the training share alone, save those that are fitted already, and every share encoded by them.

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
    slots, train = task.slots() if fitted else task.fitting(), parts["train"]
    deep = [slot for slot in slots if slot.name in examples.digests]
    fitted = fitted or {slot.name: cache.fitted(slot.field, *content(train, slot)) for slot in deep}
    fields = Fields.fit(slots, train.values, fitted)
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
