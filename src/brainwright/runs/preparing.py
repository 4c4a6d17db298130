"""Preparing: all that is settled before the first step; the split comes first, and the test share makes no choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from brainwright.config import Choices, Config, made
from brainwright.data.checking import look, ranked
from brainwright.data.columns import FEW
from brainwright.data.duplicates import digested
from brainwright.data.examples import Portion
from brainwright.data.field import Field
from brainwright.data.finding import Finding, Flaw, Severity, flaws
from brainwright.data.inputs import likely_target
from brainwright.data.lookalikes import marked
from brainwright.data.opening import corrected, open_table
from brainwright.data.slots import NONE, Fields, Slot
from brainwright.data.splitting import Splitting, answered
from brainwright.data.table import WHOLE, Kind, Table
from brainwright.runs.gate import passed
from brainwright.runs.inference import infer
from brainwright.runs.sharing import Setting, readable, settle
from brainwright.runs.telling import Teller
from brainwright.tasks.task import Claim, Decision, Task, slots_of
from brainwright.training.energy import Meter
from brainwright.training.recipe import recipe


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


def prepare(source: Any, options: Mapping[str, Any], tell: Teller, known: Mapping[str, Field[Any]] = NONE) -> Prepared:
    """Open, claim, check, split, fit fields on the training share, encode, decide; `known` fields are fitted already.

    Raises:
        Fault: anything the user can mend.
    """
    meter = Meter()
    table, kind, claim = understood(source, options, tell)
    config = Config.of({**options, "task": kind.word()})
    allowed = flaws(config.choices.allow)
    aim, used = aim_of(kind, claim), inputs_of(kind, claim)
    splitting = config.splitting.keeping_apart(table, aim)
    table, told = splitting.given(digested(table, tell.line))
    table = marked(table, used)
    findings = eased(kind, look(table, aim, used))
    table, unanswered = answered(passed(table, findings, allowed, tell), aim)
    table = replace(table, ordered=table.ordered or kind.in_order)
    settled = settle(table, Setting(kind, config, aim, splitting, known), tell)
    reasons = (*told, *unanswered, *settled.reasons)
    for reason in reasons:
        tell.line(f"split     {reason}")
    for note in settled.notes:
        tell.line(f"data      {note}")
    shares, task = settled.shares, config.task()
    found = () if config.settled else (*task.decide(shares["train"]), *recipe(shares["train"]))
    config, decisions = config.decided(found)
    for decision in decisions:
        tell.line(f"decided   {decision.option} = {decision.value}: {decision.reason}")
    findings = ranked([*findings, *settled.findings])
    return Prepared(settled.table, settled.claim, config, decisions, findings, reasons, shares, settled.fields, meter)


def understood(source: Any, options: Mapping[str, Any], tell: Teller) -> tuple[Table, type[Task], Claim]:
    """The user's table, the task it is for, and what that claims.

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
    return table, kind, claim


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


def eased(kind: type[Task], findings: Sequence[Finding]) -> list[Finding]:
    """Findings, of which those on rare and unseen classes are mere notes where strangers may be asked about."""
    strangers = any(slot.side == "target" and slot.field.strangers for slot in slots_of(kind))
    mild = (Flaw.UNSEEN, Flaw.RARE) if strangers else ()
    return [replace(one, severity=Severity.NOTE) if one.flaw in mild else one for one in findings]


def inputs_of(kind: type[Task], claim: Claim) -> tuple[str, ...]:
    """The columns that a claim would learn from."""
    held = [claim.columns[slot.name] for slot in slots_of(kind) if slot.side == "input" and slot.name in claim.columns]
    return tuple(name for one in held for name in ([one] if isinstance(one, str) else one))
