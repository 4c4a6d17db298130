"""Doubt: what a run says of its own answers: how far the truth may lie, when to ask a person, what is new to it."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.batching import spread
from brainwright.data.examples import Portion
from brainwright.data.fields.number import Number
from brainwright.data.slots import Prediction, Slot
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.metrics.metric import wilson
from brainwright.runs.calibrating import recast, truth_of
from brainwright.runs.record import write_json
from brainwright.runs.run import Run
from brainwright.runs.scoring import judgeable
from brainwright.training.checkpoints import read_tensors, write_tensors
from brainwright.trust import outliers, promises
from brainwright.trust.case import Case
from brainwright.trust.conformal import Floats, sets, threshold
from brainwright.trust.finding import Finding, missing
from brainwright.trust.seeing import Seen, see

FACTS, ARRAYS = "doubt.json", "doubt.safetensors"
LEARNED = 20_000  # training examples that the detector of outliers learns from, at most
TRIED = 64  # examples, to learn how many can be seen in time


@dataclass(frozen=True)
class Wish:
    """What is to be said beside answers."""

    level: float = 0.0
    """Of sets and intervals; 0 = none."""
    abstain: float = 0.0
    """The share of given answers that may be wrong: those less sure are marked; 0 = none are."""


NOTHING = Wish()


def doubted(case: Case, seconds: float = math.inf) -> list[Finding]:
    """Fit bounds and the detector of outliers to a run, judge them on its test share, and keep both in its folder.

    Each share is thinned to what can be seen in time, where the time would not do for all.
    """
    run = case.run
    slot = answer_slot(run)
    shares, thinned = thin(case, seconds / 2)
    train = shares["train"]
    seen = {name: see(run, portion) for name, portion in shares.items()}
    told = {
        name: promises.Told(shares[name], seen[name].prediction, run.temperature) for name in ("validation", "test")
    }
    found = promises.promised(slot, told["validation"], told["test"])
    classes = truth_of(run.task, train)
    looked = {name: looked_at(one) for name, one in seen.items()}
    detector, judged = outliers.fitted(looked, np.zeros(len(train), np.int64) if classes is None else classes)
    findings = [*found.findings, judged, *thinned]
    arrays = {f"bounds.{name}": one for name, one in found.arrays.items()}
    arrays |= {f"outliers.{name}": one for name, one in detector.items()}
    tensors = {name: torch.from_numpy(np.ascontiguousarray(one)) for name, one in arrays.items()}
    write_tensors(run.folder / ARRAYS, tensors, {"kind": found.kind})
    write_json(run.folder / FACTS, {"kind": found.kind, "findings": [asdict(one) for one in findings]})
    return findings


def thin(case: Case, seconds: float) -> tuple[dict[str, Portion], list[Finding]]:
    """Every share as large as can be seen in a third of the time, examples spread evenly; and what was left out."""
    started = time.monotonic()
    tried = case.shares["validation"].take(spread(len(case.shares["validation"]), TRIED))
    see(case.run, tried)
    room = seconds / 3 * len(tried) / (time.monotonic() - started)
    most = {"train": min(LEARNED, room), "validation": room, "test": room}
    found, said = {}, []
    for name, portion in case.shares.items():
        count = int(max(TRIED, min(most[name], len(portion))))
        found[name] = portion.take(spread(len(portion), count)) if count < len(portion) else portion
        if room < min(len(portion), LEARNED):
            said.append(f"{count:,} of {len(portion):,} {name} examples")
    why = f"for want of time only {', '.join(said)} were looked at; --trust full allows more"
    return found, [missing("the other examples", why)] if said else []


def looked_at(seen: Seen) -> outliers.Looked:
    """What the detector of outliers reads."""
    scores = seen.prediction.scores
    return outliers.Looked(seen.spaces, np.zeros(0) if scores is None else scores.double().amax(1).numpy())


def answer_slot(run: Run) -> Slot[Any]:
    """The target that scores and bounds are about: the first."""
    return next(slot for slot in run.task.slots() if slot.side == "target")


@dataclass(frozen=True)
class Doubt:
    """What `doubted` kept; empty where a run has none."""

    run: Run
    kind: str
    arrays: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, run: Run) -> "Doubt":
        """From a run's folder."""
        if not (run.folder / ARRAYS).is_file():
            return cls(run, "", {})
        tensors, facts = read_tensors(run.folder / ARRAYS)
        return cls(run, str(facts["kind"]), {name: one.numpy() for name, one in tensors.items()})

    def answers(self, table: Table, wish: Wish = NOTHING) -> list[dict[str, Any]]:
        """As `Run.predict`, and beside each answer: "unlike" (whether the input is unlike the training data) where the
        run can tell, "set" or "low" and "high" at a level, "abstains" where a risk was given.

        Raises:
            Fault: this run has no such bounds.
        """
        cuts, least = self.cuts(wish.level), self.least(wish.abstain)
        run, detector = self.run, self.part("outliers.")
        examples = run.task.questions(table, run.claim, run.fields)
        answers = []
        for portion in run.portions(examples):
            seen = see(run, portion)
            said = recast(seen.prediction, run.temperature)
            told = list(run.told(portion, said))
            if wish.level:
                told = [one | more for one, more in zip(told, self.bounds(seen.prediction, cuts), strict=True)]
            if wish.abstain:
                assert said.scores is not None
                sure = said.scores.double().amax(1)
                told = [one | {"abstains": bool(mine < least)} for one, mine in zip(told, sure.tolist(), strict=True)]
            if detector:
                rare = outliers.rarity(detector, looked_at(seen))
                told = [one | {"unlike": bool(mine <= outliers.UNLIKE)} for one, mine in zip(told, rare, strict=True)]
            answers += told
        return answers

    def coverage(self, table: Table, level: float) -> tuple[float, float, float]:
        """How often the truth of a labelled table lies within the bounds, with a 95 % interval, where it is known.

        Raises:
            Fault: no such bounds, or no truth to hold them against.
        """
        cuts, run, slot = self.cuts(level), self.run, answer_slot(self.run)
        hits = []
        for portion in run.portions(judgeable(run, table)):
            said = see(run, portion).prediction
            truth = np.asarray(portion.encoded[slot.name].values)
            if self.kind == "classes":
                assert said.scores is not None
                hits.append(sets(said.scores.double().numpy(), cuts)[np.arange(len(truth)), truth])
                continue
            values = torch.as_tensor(said.values[slot.name]).double().numpy()
            hits.append((np.abs(truth - values) <= self.halves(slot, values, cuts))[np.isfinite(truth)])
        hit = np.concatenate(hits)
        return (float(hit.mean()), *wilson(float(hit.mean()), len(hit)))

    def halves(self, slot: Slot[Any], values: Floats, cuts: Floats) -> Floats:
        """Half the width of each interval, for what was said [N, ...]."""
        if isinstance(self.run.fields[slot], Number):
            return np.asarray(cuts[np.searchsorted(self.arrays["bounds.edges"], values)])
        return cuts[None]

    def part(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays of one purpose."""
        return {name.removeprefix(prefix): one for name, one in self.arrays.items() if name.startswith(prefix)}

    def cuts(self, level: float) -> Floats:
        """The bounds at a level; nothing where none was asked for.

        Raises:
            Fault: none are kept, or not for this level.
        """
        if not level:
            return np.zeros(0)
        if not self.kind:
            raise Fault(f"{self.run.folder} keeps no sets and intervals", "leave out --level, or see its report")
        if level not in promises.LEVELS:
            words = ", ".join(map(str, promises.LEVELS))
            raise Fault(f"there are no bounds at level {level:g}", f"ask for one of {words}")
        return np.asarray(self.arrays["bounds.cuts"][promises.LEVELS.index(level)])

    def least(self, risk: float) -> float:
        """How sure an answer must be for a risk; 0 where none was asked for.

        Raises:
            Fault: no probabilities, no share between 0 and 1, or none keeps it.
        """
        if not risk:
            return 0.0
        if self.kind != "classes":
            raise Fault(f"{self.run.folder} answers without probabilities", "leave out --abstain")
        if not 0 < risk < 1:
            raise Fault(f"--abstain {risk:g} is no share of wrong answers", "give one between 0 and 1, such as 0.02")
        sure, wrong = (self.arrays[f"bounds.{name}"] for name in ("sure", "wrong"))
        least = threshold(sure, wrong > 0, risk)
        if not np.isfinite(least):
            raise Fault(
                f"the {len(sure):,} validation examples cannot show that any answers are wrong in {risk:.1%} at most",
                "allow more, or bring more data",
            )
        return least

    def bounds(self, said: Prediction, cuts: Floats) -> Iterator[dict[str, Any]]:
        """The set of each example, or the ends of its interval, in the user's terms."""
        slot = answer_slot(self.run)
        field = self.run.fields[slot]
        if self.kind == "classes":
            assert said.scores is not None
            for row in sets(said.scores.double().numpy(), cuts):
                yield {"set": [word for word, inside in zip(field.classes, row, strict=True) if inside]}
            return
        values = torch.as_tensor(said.values[slot.name]).double().numpy()
        half = self.halves(slot, values, cuts)
        for low, high in zip(values - half, values + half, strict=True):
            yield {"low": told(field, low), "high": told(field, high)}


def told(field: Any, encoded: Any) -> Any:
    """An end of an interval in the user's terms; None where it has none."""
    if isinstance(field, Number) and not np.isfinite(encoded):
        return None
    return field.decode(torch.as_tensor(encoded))
