"""Drive in a game: brainwright drive RUN --world NAME [--seeds 50], or --world NAME --learn FOLDER [--rounds 4]"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from brainwright import api
from brainwright.catalogue import catalogue, find
from brainwright.deliver.driving import as_lines
from brainwright.deliver.terminal import teller
from brainwright.errors import Fault
from brainwright.flags import Words, read
from brainwright.runs.record import plain
from brainwright.runs.telling import Teller
from brainwright.trust.closed_loop import Driver, Pilot, experts
from brainwright.trust.logbook import Logbook
from brainwright.worlds.world import World

SEEDS, ROUNDS, DRIVES = 50, 4, 20
LR = "0.001"  # larger steps than for a log of a person: nothing that a script does is chance


def main(words: Sequence[str]) -> int:
    """Judge a run in a world, beside the expert of that world and one who never reacts; or teach a new one.

    --learn FOLDER lets the expert drive and writes the log into FOLDER, trains on it, lets the net drive while the
    expert says what should have been done, adds that, and trains again: --rounds times with --drives each (DAgger,
    Ross et al. 2011). Other options are those of `train`. NOT for vehicles on roads.
    """
    asked = read(words, ("json", "quiet", "help"))
    if "help" in asked.switches:
        worlds = "\n".join(f"  {word:14}{line}" for word, line in catalogue("worlds").items())
        print(f"{__doc__}\n\n{main.__doc__}\nworlds\n{worlds}")
        return 0
    options = dict(asked.options)
    if "world" not in options:
        raise Fault("this needs a world", f"say --world NAME: {', '.join(catalogue('worlds'))}")
    world = find("worlds", options.pop("world"), World)()
    seeds = whole(options, "seeds", SEEDS)
    run = taught(world, asked, options) if "learn" in options else api.load(asked.only(("world", "seeds")).one("run"))
    findings = run.drive(world.word(), seeds)
    if "json" in asked.switches:
        print(json.dumps(plain({"run": str(run.folder), "findings": [asdict(one) for one in findings]})))
    else:
        print("\n".join(as_lines(findings, run.record["warnings"], run.folder)))
    return 0


@dataclass(frozen=True)
class School:
    """Where lessons are written down, how many drives each has, and how nets are trained."""

    book: Logbook
    drives: int
    options: dict[str, str]
    tell: Teller
    quiet: bool

    def lesson(self, turn: int, driver: Driver) -> api.Run:
        """Somebody drives, the expert says what is right, and a net learns from all that was said so far."""
        who = f"net {turn}" if turn else "expert"
        found = self.book.add(range(turn * self.drives, (turn + 1) * self.drives), who, driver)
        mean, low, high = found.mean()
        self.tell.line(
            f"round {turn + 1}   {who} drove {self.drives} times: return {mean:.1f} ({low:.1f} to {high:.1f}), "
            f"{found.crashed.sum()} crashed"
        )
        named = {**self.options, "name": f"{self.options['name']}-{turn + 1}"}
        return api.train(str(self.book.log), quiet=self.quiet, **named)


def taught(world: World, asked: Words, options: dict[str, str]) -> api.Run:
    """A run that learned from what the expert did and then, round after round, from what it said to the net's drives.

    Raises:
        Fault: the folder is not empty, or as for `train`.
    """
    if asked.given:
        raise Fault(f"a run that is to be taught is made anew; {asked.given[0]!r} was named", "leave that out")
    quiet = bool({"quiet", "json"} & asked.switches)
    book = Logbook(Path(options.pop("learn")), world)
    rounds, drives = whole(options, "rounds", ROUNDS), whole(options, "drives", DRIVES)
    book.begin()
    school = School(book, drives, {**usual(world), "name": world.word(), **options}, teller(quiet), quiet)
    run = school.lesson(0, experts)
    for turn in range(1, rounds):
        run = school.lesson(turn, Pilot(run.kept, world))
    return run


def usual(world: World) -> dict[str, str]:
    """How nets are trained on what an expert says, where the user does not say otherwise."""
    return {"task": "driving", "frames": str(world.frames), "lr": LR}


def whole(options: dict[str, str], name: str, usual: int) -> int:
    """An option that counts something, taken out.

    Raises:
        Fault: it does not.
    """
    word = options.pop(name, str(usual))
    if not word.isdecimal() or not int(word):
        raise Fault(f"--{name} {word} counts nothing", f"write a whole number, such as --{name} {usual}")
    return int(word)
