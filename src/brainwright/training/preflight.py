"""Preflight: all looks at a run before its first step, on copies, within a time; each ends in one line."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch

from brainwright.errors import Fault
from brainwright.training import lessons, matching, quick, soundness
from brainwright.training.subject import Check, Subject
from brainwright.training.trial import STEPS, Learned, trial

LONG = 120.0  # seconds of training from which it is worth while
MOST, PART = 60.0, 0.02  # it takes at most so many seconds, and this share of the training


@dataclass(frozen=True)
class Preflight:
    """What was looked at, and how long that took."""

    checks: tuple[Check, ...]
    seconds: float

    def found(self, *states: str) -> list[Check]:
        """The checks that ended in one of these states."""
        return [one for one in self.checks if one.state in states]

    def told(self) -> dict[str, Any]:
        """For the run's record."""
        return {"seconds": self.seconds, "checks": [asdict(one) for one in self.checks]}


def preflight(subject: Subject) -> Preflight:
    """Look at everything while time is left; the net, its random numbers and the shares are left as they were."""
    began, state = time.monotonic(), torch.get_rng_state()
    try:
        checks = tuple(looks(subject))
    finally:
        torch.set_rng_state(state)
    return Preflight(checks, time.monotonic() - began)


def looks(subject: Subject) -> Iterator[Check]:
    """Check after check, the quick ones first; what the time did not allow is said."""
    first: tuple[Callable[[Subject], Check], ...] = (
        soundness.scheduled,
        soundness.willing,
        matching.sampled,
        matching.augmented,
        soundness.heaviest,
        soundness.finite,
        matching.various,
        soundness.repeatable,
        soundness.scale,
        matching.disjoint,
        matching.given_away,
        quick.chance,
    )
    for look in first:
        found = in_time(subject, look)
        yield found
        if found.state == "failed" and look in (soundness.willing, soundness.finite, soundness.heaviest):
            return  # nothing can be learned from such losses
    for player in subject.task.players():
        if subject.late:
            yield Check(f"learns a few examples ({player.name})", "left out", "no time was left")
            continue
        yield from learned_looks(subject, trial(subject, player.name, STEPS))
    yield in_time(subject, quick.matched)
    yield in_time(subject, quick.stretches)


def learned_looks(subject: Subject, learned: Learned) -> Iterator[Check]:
    """What one player's trial tells; of a trial that failed no more than why."""
    players = subject.task.players()
    yield (first := lessons.learns(subject, learned))
    if learned.player == players[-1].name:
        steady = soundness.repeatable(subject, learned.net)
        if steady.state == "failed":
            yield steady
            return  # answers that differ by themselves tell nothing more
        yield soundness.alone(subject, learned.net)
        yield soundness.saved(subject, learned.net)
    if first.state != "passed":
        return
    yield lessons.connected(subject, learned)
    yield lessons.lively(subject, learned)
    yield lessons.steady(learned)
    if learned.player == players[-1].name:
        yield lessons.reads(subject, learned)
    if len(players) == 1:  # players pull a loss to and fro, so that their metrics need not follow it
        yield lessons.follows(subject, learned)
        yield lessons.priced(subject, learned)


def in_time(subject: Subject, look: Callable[[Subject], Check]) -> Check:
    """A look, or word that there was no time for it."""
    return Check(look.__name__, "left out", "no time was left") if subject.late else look(subject)


def refuse(found: Preflight) -> None:
    """Stop where a run cannot come to good.

    Raises:
        Fault: a check failed; the line names all that did.
    """
    failed = found.found("failed")
    if failed:
        lines = " | ".join(one.line() for one in failed)
        raise Fault(f"preflight stopped the run: {lines}", "mend it, or go on regardless by --preflight off")
