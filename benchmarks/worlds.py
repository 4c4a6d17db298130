"""Worlds: lessons by a scripted expert, and drives on 50 seeds beside it, for benchmarks/quality.py."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from brainwright import api
from brainwright.catalogue import find
from brainwright.commands.drive import DRIVES, ROUNDS, SEEDS, School, usual
from brainwright.runs.telling import Silent
from brainwright.trust.closed_loop import Driven, Pilot, experts
from brainwright.trust.logbook import Logbook
from brainwright.worlds.world import World


def taught_how(word: str) -> Mapping[str, str]:
    """As `brainwright drive --learn` trains."""
    return usual(find("worlds", word, World)())


def taught_in(word: str) -> Callable[[Path, Path], str]:
    """The log of all rounds but for the last training, which is the case's own."""

    def source(data: Path, scratch: Path) -> str:
        world = find("worlds", word, World)()
        book = Logbook(scratch / word, world)
        options = {**usual(world), "name": word, "out": str(scratch)}
        school = School(book, DRIVES, options, Silent(), True)
        book.begin()
        driver: Any = experts
        for turn in range(ROUNDS - 1):
            driver = Pilot(school.lesson(turn, driver).kept, world)
        book.add(range((ROUNDS - 1) * DRIVES, ROUNDS * DRIVES), f"net {ROUNDS - 1}", driver)
        return str(book.log)

    return source


def driven_in(word: str) -> Callable[[api.Run, Path], Mapping[str, Any]]:
    """Returns and crashes of the net, the expert and who never reacts."""

    def after(run: api.Run, scratch: Path) -> Mapping[str, Any]:
        told = run.drive(word, SEEDS)[0].evidence
        found = {who: Driven(np.array(one["returns"]), np.array(one["crashed"], bool)) for who, one in told.items()}
        share = found["net"].share(found["expert"])
        drives = {who: {"return": one.mean(), "crashed": int(one.crashed.sum())} for who, one in found.items()}
        return {"share_of_expert": share[0], "share_interval": share[1:], "drives": SEEDS, "drivers": drives}

    return after
