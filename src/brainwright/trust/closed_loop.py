"""Closed loop: a run drives in a game, where its own errors lead it on, beside an expert and a trivial driver."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from brainwright.catalogue import find
from brainwright.data.table import Column, Kind, Table
from brainwright.errors import Fault
from brainwright.metrics.metric import wilson
from brainwright.runs.run import Run
from brainwright.trust.finding import Finding, Verdict
from brainwright.worlds.world import Deed, Drive, World

FIRST = 1_000_000  # seed of the first drive that is judged; lessons take others
RESAMPLES = 1000
BAR = 0.9  # share of the expert's return that a good clone reaches
METHOD = "percentile bootstrap over drives, the expert's on the same seeds (Efron 1979)"
Driver: TypeAlias = Callable[[Sequence[Drive]], Sequence[Deed]]


@dataclass(frozen=True)
class Driven:
    """What came of some drives: returns [N], and whether each crashed [N]."""

    returns: NDArray[np.float64]
    crashed: NDArray[np.bool_]

    def mean(self) -> tuple[float, float, float]:
        """Of the returns, with its 95 % interval."""
        return float(self.returns.mean()), *bounds(drawn(self.returns))

    def share(self, other: "Driven") -> tuple[float, float, float]:
        """Of another driver's mean return on the same drives, with its 95 % interval."""
        mean = self.returns.mean() / other.returns.mean()
        return float(mean), *bounds(drawn(self.returns) / drawn(other.returns))


def drawn(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of bootstrap samples [1000], always the same drives."""
    places = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    return np.asarray(values[places].mean(1))


def bounds(means: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of some."""
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


class Pilot:
    """A run at the wheel: it sees what camera and sensors show, and as many views before as it reads."""

    def __init__(self, run: Run, world: World) -> None:
        """Fault: the run reads or answers other columns than the world's."""
        self.run, self.world = run, world
        self.past: dict[Drive, list[Mapping[str, Any]]] = {}
        claimed = run.claim.columns
        sides = {slot.name: slot.side for slot in run.task.slots()}
        told = {
            side: columns([claimed[name] for name in claimed if sides.get(name) == side]) for side in sides.values()
        }
        unknown = sorted(told.get("input", set()) - {world.camera, *world.sensors})
        unsaid = sorted(set(world.controls) - told.get("target", set()))
        if unknown or unsaid:
            what = (
                f"reads {unknown[0]!r}, which {world.word()} does not show"
                if unknown
                else f"does not say {unsaid[0]!r}"
            )
            fix = f"learn in that world: brainwright drive --world {world.word()} --learn FOLDER"
            raise Fault(f"{run.folder} {what}", fix)

    def __call__(self, drives: Sequence[Drive]) -> list[Deed]:
        """What to do next in each of some drives."""
        rows: list[Mapping[str, Any]] = []
        whose, last = [], []
        for place, drive in enumerate(drives):
            past = [*self.past.get(drive, []), drive.sees()][-1 - self.run.task.reach :]
            self.past[drive] = past
            rows += past
            whose += [str(place)] * len(past)
            last.append(len(rows) - 1)
        seen = self.world.columns({name: [row[name] for row in rows] for name in rows[0]})
        seen["drive"] = Column(np.array(whose, object), Kind.CATEGORY)
        answers = self.run.predict(Table.of(seen, self.world.word()))
        return [{name: answers[row][name] for name in self.world.controls} for row in last]


def columns(claimed: Sequence[str | Sequence[str]]) -> set[str]:
    """All columns of some slots."""
    return {name for one in claimed for name in ([one] if isinstance(one, str) else one)}


def experts(drives: Sequence[Drive]) -> list[Deed]:
    """What the expert would do in each."""
    return [drive.expert() for drive in drives]


def idlers(world: World, drives: Sequence[Drive]) -> list[Deed]:
    """What the trivial driver does in each."""
    return [world.idle] * len(drives)


def driven(world: World, seeds: Sequence[int], driver: Driver) -> Driven:
    """All drives to their ends, side by side."""
    drives = [world.begin(seed) for seed in seeds]
    while under_way := [drive for drive in drives if not drive.over]:
        for drive, deed in zip(under_way, driver(under_way), strict=True):
            drive.act(deed)
    return Driven(np.array([drive.returned for drive in drives]), np.array([drive.crashed for drive in drives]))


def drives(run: Run, word: str, count: int) -> list[Finding]:
    """How a run drives in a world, by its word, on so many seeds.

    Raises:
        Fault: no such world, the run is of another, or a library is not installed.
    """
    world = find("worlds", word, World)()
    return judged(world, compared(run, world, count))


def compared(run: Run, world: World, count: int) -> dict[str, Driven]:
    """The run, the expert and the trivial driver on the same drives.

    Raises:
        Fault: the run is of another world, or a library is not installed.
    """
    pilot, seeds = Pilot(run, world), range(FIRST, FIRST + count)
    drivers: Mapping[str, Driver] = {"net": pilot, "expert": experts, "idle": partial(idlers, world)}
    return {name: driven(world, seeds, driver) for name, driver in drivers.items()}


def judged(world: World, found: Mapping[str, Driven]) -> list[Finding]:
    """The returns and the crashes as findings."""
    net, expert, idle = found["net"], found["expert"], found["idle"]
    share, low, high = net.share(expert)
    mean, least, most = net.mean()
    verdict: Verdict = "passed" if low >= BAR else "failed" if high < BAR else "undecided"
    count, name = len(net.returns), world.word()
    says = (
        f"the net earns {mean:.1f} a drive, {share:.0%} ({low:.0%} to {high:.0%}) of the expert's "
        f"{expert.returns.mean():.1f}; who does the same whatever happens earns {idle.returns.mean():.1f}"
    )
    told = {who: {"returns": one.returns.tolist(), "crashed": one.crashed.tolist()} for who, one in found.items()}
    advice = "" if verdict == "passed" else f"let the expert teach it: brainwright drive --world {name} --learn FOLDER"
    crashes = [int(one.crashed.sum()) for one in (net, expert, idle)]
    beside = (
        f"the net {world.crash} in {crashes[0]} of {count} drives, the expert in {crashes[1]}, the idle in {crashes[2]}"
    )
    return [
        Finding(f"return in {name}", verdict, says, mean, least, most, count, METHOD, FIRST, advice, told),
        Finding(
            f"crashes in {name}", "undecided", beside, crashes[0] / count, *wilson(crashes[0] / count, count), count,
            "Wilson 1927", FIRST,
        ),
    ]  # fmt: skip
