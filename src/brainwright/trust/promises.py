"""Promises: a run's sets or intervals, kept in arrays by level, and how well they hold on the test share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.encoded import Windows
from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.number import Number
from brainwright.data.fields.series import Series
from brainwright.data.slots import Prediction, Slot
from brainwright.metrics.metric import wilson
from brainwright.runs.calibrating import recast
from brainwright.trust.conformal import Adaptive, Floats, class_cuts, curve, cut, rank, sets, widths
from brainwright.trust.finding import Finding, missing

LEVELS = (0.8, 0.9, 0.95)
LARGEST = 50_000_000  # numbers of errors that are followed through time
WHAT = "sets and intervals"
DRAWS = 4000  # of the count that a right bound covers
DRAWN = 60  # points of the curve of risk that are kept


@dataclass(frozen=True)
class Promises:
    """What bounds answers: `kind` "classes", "numbers", "series" or "" for none; arrays by name, the first axis of
    "cuts" is LEVELS; and what the test share says of them.
    """

    kind: str
    arrays: Mapping[str, NDArray[np.float64]]
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Told:
    """What was said to one share, scores uncalibrated, and the share."""

    portion: Portion
    said: Prediction
    temperature: float

    def values(self, slot: Slot[Any]) -> Floats:
        """What was said of a slot, as it is encoded."""
        return np.asarray(torch.as_tensor(self.said.values[slot.name]).double().numpy())

    def truth(self, slot: Slot[Any]) -> Floats:
        """What is true of it."""
        return np.asarray(self.portion.encoded[slot.name].values, np.float64)


def promised(slot: Slot[Any], validation: Told, test: Told) -> Promises:
    """Bounds from the validation share, which took no part in the fitting (though it chose the best weights), judged on
    the test share. Scores are taken as the model gives them, so that no temperature fitted on the same examples enters.
    """
    field = validation.portion.fields[slot]
    if isinstance(field, Category) and validation.said.scores is not None:
        return of_classes(slot, field.classes, validation, test)
    if isinstance(field, Number):
        return of_numbers(slot, validation, test)
    if isinstance(field, Series):
        return of_series(slot, validation, test)
    return Promises("", {}, [missing(WHAT, "this task's answers are neither classes with probabilities nor numbers")])


def verdict(covered: NDArray[np.bool_], groups: Sequence[tuple[int, int]], level: float, size: str) -> Finding:
    """One level on the test share. `groups`: of each bound the calibration and the test examples that it is for.

    "failed": fewer are covered than in all but 2.5 of 100 cases (the covered count of a group is beta-binomial:
    Angelopoulos and Bates 2023, section 3.2).
    """
    count, share = len(covered), float(covered.mean())
    draw, drawn = np.random.default_rng(0), np.zeros(DRAWS)
    for known, new in groups:
        place = rank(known, level)
        chances = draw.beta(place, known + 1 - place, DRAWS) if place <= known else np.ones(DRAWS)
        drawn += draw.binomial(new, chances)
    least = float(np.percentile(drawn, 2.5)) / count
    low, high = wilson(share, count)
    passed = share >= least
    return Finding(
        f"coverage promised {level:.0%}",
        "passed" if passed else "failed",
        f"{share:.1%} of the test examples lie within; {size}",
        share, low, high, count,
        f"split conformal (Vovk et al. 2005), {len(groups)} bounds",
        advice="" if passed else "the test share is unlike the validation share: do not rely on these bounds",
        evidence={"level": level},
    )  # fmt: skip


# ---- classes -------------------------------------------------------------------------------------


def of_classes(slot: Slot[Any], classes: Sequence[str], validation: Told, test: Told) -> Promises:
    """Sets of classes, each class with a bound of its own."""
    known, truth = validation.truth(slot).astype(np.int64), test.truth(slot).astype(np.int64)
    scores, new = (probabilities(one.said) for one in (validation, test))
    cuts, findings = [], []
    for level in LEVELS:
        bounds, rare = class_cuts(scores, known, level)
        found = sets(new, bounds)
        hit, sizes = found[np.arange(len(truth)), truth], found.sum(1)
        said = f"{sizes.mean():.2f} classes on average, one alone in {(sizes == 1).mean():.0%}"
        said += f", none in {(sizes == 0).mean():.0%}" if (sizes == 0).any() else ""
        own = [len(known) if alone else int((known == place).sum()) for place, alone in enumerate(rare)]
        one = verdict(hit, list(zip(own, np.bincount(truth, minlength=len(own)).tolist(), strict=True)), level, said)
        findings.append(Finding(**{**vars(one), "evidence": {**one.evidence, **by_class(classes, hit, truth, rare)}}))
        cuts.append(bounds)
    sure, wrong = surest(validation), scores.argmax(1) != known
    arrays = {"cuts": np.stack(cuts), "sure": sure, "wrong": wrong.astype(np.float64)}
    return Promises("classes", arrays, [*findings, silence(surest(test), new.argmax(1) != truth)])


def surest(one: Told) -> Floats:
    """The calibrated probability of each answer [N], as users see it."""
    return np.asarray(probabilities(recast(one.said, one.temperature)).max(1))


def by_class(
    classes: Sequence[str], hit: NDArray[np.bool_], truth: NDArray[np.int64], rare: NDArray[np.bool_]
) -> dict[str, object]:
    """The class that is covered least, and those for which nothing is promised alone."""
    shares = {word: float(hit[truth == place].mean()) for place, word in enumerate(classes) if (truth == place).any()}
    worst = min(shares, key=lambda word: shares[word])
    return {
        "worst": worst, "worst_share": shares[worst], "worst_count": int((truth == classes.index(worst)).sum()),
        "rare": [word for word, alone in zip(classes, rare, strict=True) if alone],
    }  # fmt: skip


def probabilities(said: Prediction) -> Floats:
    """Scores [N, K]."""
    assert said.scores is not None
    return np.asarray(said.scores.double().numpy())


def silence(sure: Floats, wrong: NDArray[np.bool_]) -> Finding:
    """How much better answers become where the least sure ones are left to people."""
    answered, risk = curve(sure, wrong)
    area, chance = float(risk.mean()), float(wrong.mean())
    places = np.unique(np.linspace(0, len(sure) - 1, DRAWN).round().astype(int))
    half = float(risk[len(sure) // 2])
    return Finding(
        "risk when the least sure answers are left out",
        "undecided",
        f"{chance:.1%} of all answers are wrong, {half:.1%} of the surer half",
        area, *wilson(area, len(sure)), len(sure),
        "area under the curve of risk by share answered (Geifman et al. 2019); a useless order gives the share wrong",
        evidence={"answered": answered[places].tolist(), "risk": risk[places].tolist(), "all": chance, "half": half},
    )  # fmt: skip


# ---- numbers -------------------------------------------------------------------------------------


def of_numbers(slot: Slot[Any], validation: Told, test: Told) -> Promises:
    """Intervals around numbers, wider where numbers of that size are known less exactly."""
    known, truth = validation.truth(slot), test.truth(slot)
    said, new = validation.values(slot), test.values(slot)
    every = [widths(said, known, level) for level in LEVELS]
    findings = []
    for level, one in zip(LEVELS, every, strict=True):
        half = one.of(new)
        sizes = [np.bincount(one.group(some), minlength=len(one.cuts)).tolist() for some in (said, new)]
        groups = list(zip(*sizes, strict=True))
        findings.append(verdict(np.abs(truth - new) <= half, groups, level, f"{2 * half.mean():.4g} wide on average"))
    return Promises("numbers", {"edges": every[0].edges, "cuts": np.stack([one.cuts for one in every])}, findings)


# ---- series --------------------------------------------------------------------------------------


def of_series(slot: Slot[Any], validation: Told, test: Told) -> Promises:
    """Intervals around forecasts, a bound for each step and variable, in training deviations; they follow the times
    where the examples are one run through time.
    """
    before, after = (np.abs(one.truth(slot) - one.values(slot)) for one in (validation, test))
    if not (in_turn(validation.portion, slot) and in_turn(test.portion, slot)) or before.size + after.size > LARGEST:
        cuts = [np.nan_to_num(cut(before, level), nan=np.inf) for level in LEVELS]
        findings = [
            steadily(after, bound[None], level, "a fixed bound") for level, bound in zip(LEVELS, cuts, strict=True)
        ]
        return Promises("series", {"cuts": np.stack(cuts)}, findings)
    errors = np.concatenate([before, after])
    cuts, findings = [], []
    for level in LEVELS:
        rolling = Adaptive(before, level)
        bounds = np.stack(list(rolling.roll(errors)))
        findings.append(steadily(after, bounds, level, "adaptive conformal inference (Gibbs and Candes 2021), rolling"))
        cuts.append(rolling.bounds())
    return Promises("series", {"cuts": np.stack(cuts)}, findings)


def in_turn(portion: Portion, slot: Slot[Any]) -> bool:
    """Whether the examples follow each other step by step: one series, cut at every step."""
    encoded = portion.encoded[slot.name]
    return isinstance(encoded, Windows) and len(encoded) > 1 and bool((np.diff(encoded.starts) == 1).all())


def steadily(errors: Floats, bounds: Floats, level: float, method: str) -> Finding:
    """One level on the test share. Neighbouring forecasts err together, so the interval draws blocks of them."""
    known = np.isfinite(errors)
    hit = (errors <= bounds) & known
    each = np.stack([hit.sum((1, 2)), known.sum((1, 2))], 1).astype(np.float64)  # [N, 2]
    share = float(each[:, 0].sum() / max(1.0, each[:, 1].sum()))
    low, high = blocks(each, errors.shape[1])
    passed = abs(share - level) <= 0.02 or low <= level <= high
    wide = f"{2 * float(bounds[np.isfinite(bounds)].mean()):.3g} training deviations wide on average"
    return Finding(
        f"coverage promised {level:.0%}", "passed" if passed else "failed",
        f"{share:.1%} of the values forecast lie within; {wide}", share, low, high, len(errors), method,
        advice="" if passed else "times have changed: train anew on recent data", evidence={"level": level},
    )  # fmt: skip


def blocks(each: Floats, size: int, seed: int = 0) -> tuple[float, float]:
    """95 % interval of hits over known values [N, 2] by circular blocks (Politis and Romano 1992)."""
    draw, count = np.random.default_rng(seed), len(each)
    within = np.arange(min(size, count))
    starts = draw.integers(0, count, (1000, -(-count // len(within)), 1))
    drawn = each[((starts + within) % count).reshape(1000, -1)].sum(1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1].clip(min=1), [2.5, 97.5])
    return float(low), float(high)
