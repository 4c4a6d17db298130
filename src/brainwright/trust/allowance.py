"""Allowance: what a training looks into of its own accord, how long that may take, and what was left out for time."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import nn

from brainwright.errors import Fault
from brainwright.runs.record import write_json
from brainwright.runs.telling import Teller
from brainwright.trust.attacks import attacks
from brainwright.trust.case import Case
from brainwright.trust.doubt import doubted
from brainwright.trust.explainers.methods import AUTO, chosen
from brainwright.trust.explanations import judged, setting_of, tried
from brainwright.trust.finding import Finding
from brainwright.trust.keeping import keep
from brainwright.trust.label_errors import COST, suspects
from brainwright.trust.robustness import robustness

FACTS = "trust.json"
LEAST = 60.0  # seconds that there always are
SHARES = {"none": 0.0, "fast": 0.25, "full": 2.0}  # of the training's own time


class Late(Exception):
    """The time is over."""


@dataclass(frozen=True)
class Spent:
    """What a training's own look at its run came to."""

    asked: str
    """none, fast or full."""
    seconds: float
    limit: float
    """Seconds that it might take."""
    done: Sequence[str] = ()
    """Kinds of findings that there are."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Kind -> why there are none."""


def looked_into(case: Case, tell: Teller) -> Spent:
    """Fast: bounds, abstaining and outliers. Full: also whether explanations can be believed, what the run bears, and
    its labels, in this order, each where the time left allows it. None: nothing. Kept in the run's folder.
    """
    run, started = case.run, time.monotonic()
    asked, trained = run.config.choices.trust, float((run.record.get("cost") or {}).get("train_seconds") or 0.0)
    limit = max(LEAST, SHARES[asked] * trained) if asked != "none" else 0.0
    done: list[str] = []
    left: dict[str, str] = {}
    if asked != "none":
        doubted(case, limit)
    for kind, (cost, look) in PIECES.items() if asked == "full" else ():
        rest = started + limit - time.monotonic()
        if cost * trained > rest:
            left[kind] = f"it takes about {cost:g} times the training, more than was left of the {limit:,.0f} s allowed"
            continue
        tell.line(f"trust     {kind}: at most {rest:,.0f} s")
        try:
            with within(run.net, rest):
                keep(run.folder, kind, look(case, tell))
            done.append(kind)
        except Late:
            left[kind] = f"it was broken off when the {limit:,.0f} s allowed were over"
        except Fault as fault:
            left[kind] = fault.what
    spent = Spent(asked, time.monotonic() - started, limit, done, left)
    write_json(run.folder / FACTS, asdict(spent))
    return spent


@contextmanager
def within(net: nn.Module, seconds: float) -> Iterator[None]:
    """For so long the net may be asked; afterwards it, and every copy made meanwhile, raises `Late` instead.

    Whatever looks into a run asks its net over and over, so nothing that looks has to know of the time.
    """
    end = time.monotonic() + seconds

    def ask(module: nn.Module, given: Any) -> None:
        if time.monotonic() > end:
            raise Late

    hook = net.register_forward_pre_hook(ask)
    try:
        yield
    finally:
        hook.remove()


def explanations(case: Case, tell: Teller) -> list[Finding]:
    """Whether the usual method of explanation can be believed on this run's net."""
    setting = setting_of(case)
    return judged(case, chosen(AUTO, tried(case, setting)), tell)


def stress(case: Case, tell: Teller) -> list[Finding]:
    """What its answers bear, the worst first."""
    return [*attacks(case), *robustness(case)]


def labels(case: Case, tell: Teller) -> list[Finding]:
    """Which labels look wrong."""
    return [suspects(case)]


PIECES: Mapping[str, tuple[float, Callable[[Case, Teller], list[Finding]]]] = {
    "explain": (0.0, explanations),
    "stress": (0.0, stress),
    "labels": (COST, labels),
}
"""Kind of findings -> what it costs in times the training, where that is known before, and who looks."""
