"""Robustness: what is left of a model's worth when its inputs suffer what inputs suffer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.batching import spread
from brainwright.data.encoded import Dense, Encoded, Ragged, singles
from brainwright.data.examples import Portion
from brainwright.data.field import Field
from brainwright.data.fields.image import Image
from brainwright.data.fields.row import Row
from brainwright.data.fields.series import Series
from brainwright.data.fields.signal import Signal
from brainwright.data.fields.sound import Sound
from brainwright.data.fields.text import Text
from brainwright.data.slots import Slot
from brainwright.metrics.metric import Metric
from brainwright.runs.run import Run
from brainwright.training.evaluation import judged
from brainwright.trust.case import Case
from brainwright.trust.corruptions import image, row, series, sound, text
from brainwright.trust.finding import Finding, missing

SAMPLE = 400  # test examples, spread evenly
STRENGTHS = 5
MIDDLE = 2  # the strength that a finding's number is of
KEPT = 0.5  # of the advantage over the trivial model, below which a corruption is said aloud
METHOD = "corruptions at five strengths (after Hendrycks and Dietterich 2019); 95 % bootstrap over examples"
Changer: TypeAlias = Callable[[Portion, str, str, int, int], Portion]
"""(portion, slot, kind, strength 0..4, seed) -> portion."""


@dataclass(frozen=True)
class Stress:
    """One corruption of one input: the first metric at each of five strengths, with intervals."""

    slot: str
    kind: str
    values: tuple[tuple[float, float, float], ...]


def pictures(portion: Portion, slot: str, kind: str, strength: int, seed: int) -> Portion:
    """Corrupted pictures."""
    pixels = torch.from_numpy(np.ascontiguousarray(everything(portion, slot)))
    changed = image.corrupted(pixels, kind, strength, torch.Generator().manual_seed(seed))
    return exchanged(portion, slot, Dense(changed.numpy()))


def rows(portion: Portion, slot: str, kind: str, strength: int, seed: int) -> Portion:
    """Corrupted rows."""
    field = portion.fields.fitted[slot]
    assert isinstance(field, Row)
    changed = row.KINDS[kind](everything(portion, slot), field, strength, np.random.default_rng(seed))
    return exchanged(portion, slot, Dense(changed.astype(np.float32)))


def stretches(portion: Portion, slot: str, kind: str, strength: int, seed: int) -> Portion:
    """Corrupted stretches."""
    field = portion.fields.fitted[slot]
    assert isinstance(field, Series)
    changed = series.KINDS[kind](everything(portion, slot), field, strength, np.random.default_rng(seed))
    return exchanged(portion, slot, Dense(changed.astype(np.float32)))


def texts(portion: Portion, slot: str, kind: str, strength: int, seed: int) -> Portion:
    """Corrupted texts, encoded anew."""
    given = portion.examples.values[slot]
    assert isinstance(given, np.ndarray)
    changed = text.corrupted([str(one) for one in given], kind, strength, np.random.default_rng(seed))
    values = np.array(changed, object)
    examples = replace(portion.examples, values={**portion.examples.values, slot: values})
    encoded = portion.fields.fitted[slot].encode_all(values)
    return exchanged(replace(portion, examples=examples), slot, encoded)


def sounds(portion: Portion, slot: str, kind: str, strength: int, seed: int) -> Portion:
    """Corrupted sounds."""
    field, draw = portion.fields.fitted[slot], np.random.default_rng(seed)
    assert isinstance(field, Sound)
    given = singles(portion.encoded[slot])
    return exchanged(
        portion, slot, Ragged.of([sound.corrupted(one, field.rate, kind, strength, draw) for one in given])
    )


def signals(portion: Portion, slot: str, kind: str, strength: int, seed: int) -> Portion:
    """Corrupted signals, as stretches are."""
    field, draw = portion.fields.fitted[slot], np.random.default_rng(seed)
    assert isinstance(field, Signal)
    change, measured = series.KINDS[kind], Series(mean=field.mean, scale=field.scale)
    changed = [change(one[None], measured, strength, draw)[0] for one in singles(portion.encoded[slot])]
    return exchanged(portion, slot, Ragged.of([one.astype(np.float32) for one in changed]))


def everything(portion: Portion, slot: str) -> NDArray[Any]:
    """All encoded values of a slot, in memory."""
    values: NDArray[Any] = portion.encoded[slot].take(np.arange(len(portion))).values
    return values


def exchanged(portion: Portion, slot: str, encoded: Encoded) -> Portion:
    """The same examples with other values in one slot."""
    return replace(portion, encoded={**portion.encoded, slot: encoded})


WAYS: Mapping[type[Field[Any]], tuple[Changer, tuple[str, ...]]] = {
    Image: (pictures, tuple(image.KINDS)),
    Row: (rows, tuple(row.KINDS)),
    Series: (stretches, tuple(series.KINDS)),
    Signal: (signals, tuple(series.KINDS)),
    Sound: (sounds, tuple(sound.KINDS)),
    Text: (texts, tuple(text.KINDS)),
}
"""What can happen to a value of each type: who does it, and by which names."""


def inputs(run: Run) -> list[Slot[Any]]:
    """The inputs of a run that can be corrupted."""
    return [slot for slot in run.task.slots() if slot.side == "input" and type(slot.field) in WAYS]


def stresses(run: Run, portion: Portion, seed: int = 0) -> Iterator[Stress]:
    """Every corruption of every input; the model that predicts is asked, net or floor."""
    metric = run.task.metrics()[0]
    for slot in inputs(run):
        changer, kinds = WAYS[type(slot.field)]
        for kind in kinds:
            changed = (changer(portion, slot.name, kind, strength, seed) for strength in range(STRENGTHS))
            yield Stress(slot.name, kind, tuple(worth(run, one, metric) for one in changed))


def worth(run: Run, portion: Portion, metric: Metric) -> tuple[float, float, float]:
    """A metric of the run's model on a portion, with its 95 % interval."""
    found = judged(run.task, run.answer(portion), portion)[metric.word()]
    return metric.value(found), *metric.interval(found)


def robustness(case: Case, seed: int = 0) -> list[Finding]:
    """One finding a corruption, the worst first; a single missing one where no input can be corrupted."""
    run = case.run
    if not inputs(run):
        return [missing("robustness", "no input of this run is of a type that can be corrupted")]
    test = case.shares["test"]
    some = test.take(spread(len(test), SAMPLE))
    metric = run.task.metrics()[0]
    clean, trivial = worth(run, some, metric), triviality(run, metric)
    found = [finding(one, (clean, trivial), metric, len(some), seed) for one in stresses(run, some, seed)]
    return sorted(found, key=lambda one: one.evidence["kept"])


def triviality(run: Run, metric: Metric) -> float:
    """What the best trivial model of the run reached on the test share; NaN where there is none."""
    known = [one["test"][metric.word()][0] for one in run.record["results"] if one["kind"] == "trivial"]
    return float((max if metric.higher_is_better else min)(known)) if known else float("nan")


def finding(
    stress: Stress, known: tuple[tuple[float, float, float], float], metric: Metric, count: int, seed: int
) -> Finding:
    """In words: which share of its advantage over the trivial model a net keeps at the middle strength."""
    clean, trivial = known
    value, low, high = stress.values[MIDDLE]
    kept = [(one[0] - trivial) / (clean[0] - trivial) for one in stress.values]
    weak = not kept[MIDDLE] >= KEPT
    left = f"{kept[MIDDLE]:.0%} of the advantage kept" if kept[MIDDLE] > 0 else "worse than a trivial model"
    return Finding(
        what=f"{stress.kind} on {stress.slot}, middle strength",
        verdict="failed" if weak else "passed",
        says=f"{metric.word()} {value:.4g} instead of {clean[0]:.4g}, {left}",
        value=value,
        low=low,
        high=high,
        count=count,
        method=METHOD,
        seed=seed,
        advice="train with such inputs, or keep them away from the model" if weak else "",
        evidence={
            "kept": kept[MIDDLE] if kept[MIDDLE] == kept[MIDDLE] else 0.0,
            "clean": list(clean),
            "trivial": trivial,
            "values": [list(one) for one in stress.values],
        },
    )
