"""Judgements: how the answers of a run compare with the truth, by the type of what was predicted, as plain JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.examples import Portion
from brainwright.data.slots import Slot
from brainwright.metrics.metric import wilson

LARGEST_MATRIX = 40  # classes up to which every pair is counted: more cells cannot be read
PAIRS = 15  # confusions that are listed by name
BINS = 30  # of a histogram
CELLS = 36  # squares on each side of truth against prediction
TENTHS = 10  # groups of equal size in which residuals are summed up
GROUPS = 12  # of equal size on the reliability curve (Nixon et al. 2019: equal mass, not equal width)
PAST = 2  # horizons of the past that are drawn before a forecast
POINTS = 480  # steps that are drawn, at most
VARIABLES = 3  # of several, those forecast best, middling and worst
COUNTED = 4096  # examples that errors by step and variable are averaged over
PICTURES, ROOM = 64, 400_000  # generated pictures, and the characters they may take


def short(numbers: Any) -> list[float]:
    """Five significant digits: more cannot be seen."""
    return [float(f"{number:.5g}") for number in np.asarray(numbers, np.float64)]


# ---- classes -------------------------------------------------------------------------------------


def classes(known: Sequence[str], truth: Mapping[str, NDArray[Any]], said: NDArray[Any]) -> dict[str, Any]:
    """Counts of each class in each share; of the test share the confusion matrix [truth][said] and the worst pairs."""
    size = len(known)
    matrix = np.bincount(truth["test"] * size + said, minlength=size * size).reshape(size, size)
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    pairs = [(int(place) // size, int(place) % size) for place in order if wrong.flat[place]]
    return {
        "classes": list(known),
        "counts": {name: np.bincount(codes, minlength=size).tolist() for name, codes in truth.items()},
        "right": matrix.diagonal().tolist(),
        "answered": matrix.sum(0).tolist(),
        "confusion": matrix.tolist() if size <= LARGEST_MATRIX else [],
        "pairs": [{"truth": known[a], "said": known[b], "count": int(wrong[a, b])} for a, b in pairs],
    }


def reliability(scores: NDArray[np.float64], truth: NDArray[Any]) -> dict[str, Any]:
    """Whether probabilities [N, K] mean what they say, in groups of equal size with 95 % Wilson intervals.

    Of two classes the second one's probability is judged, of more the likeliest's. `ece` is the expected calibration
    error over these groups (Guo et al. 2017), `brier` the squared distance from the truth (Brier 1950), halved for two.
    """
    two = scores.shape[1] == 2
    given = scores[:, 1] if two else scores.max(1)
    right = (truth == 1) if two else (truth == scores.argmax(1))
    groups = np.array_split(np.argsort(given, kind="stable"), min(GROUPS, len(given)))
    points = [point(given[group], right[group]) for group in groups]
    gaps = sum(one["count"] * abs(one["given"] - one["found"]) for one in points)
    apart = np.square(scores - np.eye(scores.shape[1])[truth]).sum(1).mean()
    return {
        "of": "second" if two else "likeliest",
        "points": points,
        "ece": float(gaps / len(given)),
        "brier": float(apart / 2 if two else apart),
    }


def point(given: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, Any]:
    """One group: mean probability given, share found right, with its interval."""
    found = float(right.mean())
    low, high = wilson(found, len(right))
    return {"given": float(given.mean()), "found": found, "low": low, "high": high, "count": len(right)}


# ---- numbers -------------------------------------------------------------------------------------


def numbers(truth: Mapping[str, NDArray[Any]], said: NDArray[np.float64]) -> dict[str, Any]:
    """Histograms of the target; of the test share truth against prediction in squares, and residuals (said - truth)."""
    known = truth["test"].astype(np.float64)
    edges = np.histogram_bin_edges(truth["train"].astype(np.float64), BINS)
    frame = inner(np.concatenate([known, said]), 0.5)
    squares, *_ = np.histogram2d(known.clip(*frame), said.clip(*frame), CELLS, [frame, frame])
    filled = np.argwhere(squares)
    gaps = said - known
    return {
        "edges": short(edges),
        "counts": {
            name: np.histogram(values.clip(*edges[[0, -1]]), edges)[0].tolist() for name, values in truth.items()
        },
        "frame": short(frame),
        "cells": CELLS,
        "squares": [[int(x), int(y), int(squares[x, y])] for x, y in filled],
        "quantiles": dict(
            zip(("5", "25", "50", "75", "95"), short(np.percentile(gaps, [5, 25, 50, 75, 95])), strict=True)
        ),
        "groups": [
            residuals(said[group], gaps[group]) for group in np.array_split(np.argsort(said), min(TENTHS, len(said)))
        ],
    }


def inner(values: NDArray[np.float64], off: float) -> tuple[float, float]:
    """The range of all but the outermost `off` percent on each side; never empty."""
    low, high = np.percentile(values, [off, 100 - off])
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(high) + 0.5)


def residuals(said: NDArray[np.float64], gaps: NDArray[np.float64]) -> dict[str, float]:
    """Of predictions of about one size: their mean, and the residuals' 5, 50 and 95 % quantiles."""
    low, middle, high = short(np.percentile(gaps, [5, 50, 95]))
    return {"said": short([said.mean()])[0], "low": low, "middle": middle, "high": high}


# ---- series --------------------------------------------------------------------------------------


def forecasts(
    test: Portion, slot: Slot[Any], pasts: Sequence[Slot[Any]], said: torch.Tensor, losses: NDArray[np.float64]
) -> dict[str, Any]:
    """Forecasts of typical and of the largest error, drawn with the end of the past before them; mean squared error by
    step and by variable, in squared training deviations.
    """
    some = np.unique(np.linspace(0, len(test) - 1, min(COUNTED, len(test))).astype(np.int64))
    truth = np.asarray(test.encoded[slot.name].take(some).values, np.float64)
    squared = np.square(truth - said[torch.from_numpy(some)].double().numpy())  # [some, steps, variables]
    by_variable = np.nanmean(squared, (0, 1))
    order = np.argsort(by_variable, kind="stable")
    drawn = sorted({int(order[place]) for place in np.linspace(0, len(order) - 1, VARIABLES).round().astype(int)})
    ranked = np.argsort(losses, kind="stable")
    places = {"typical": 0.5, "worse than nine in ten": 0.9, "the worst": 1.0}
    rows = {name: int(ranked[round((len(ranked) - 1) * place)]) for name, place in places.items()}
    return {
        "names": list(test.fields[slot].names),
        "by_step": short(np.nanmean(squared, (0, 2))),
        "by_variable": short(by_variable),
        "forecasts": [forecast(test, slot, pasts, said, (name, row, v)) for name, row in rows.items() for v in drawn],
    }


def forecast(
    test: Portion, slot: Slot[Any], pasts: Sequence[Slot[Any]], said: torch.Tensor, which: tuple[str, int, int]
) -> dict[str, Any]:
    """One variable of one forecast: the end of its past, the truth and the prediction, in the user's units."""
    rank, row, variable = which
    field = test.fields[slot]
    name = field.names[variable]
    future = stretch(test, slot, row)[:, variable]
    predicted = np.array(field.decode(said[row]), np.float64)[:, variable]
    past = np.zeros(0)
    for one in pasts:
        if name in (known := test.fields[one].names):
            past = stretch(test, one, row)[-PAST * len(future) :, known.index(name)]
            break
    every = max(1, -(-(len(past) + len(future)) // POINTS))
    thinned = {"past": past[::-every][::-1], "truth": future[::every], "said": predicted[::every]}
    return {"rank": rank, "name": name, "every": every, **{key: short(values) for key, values in thinned.items()}}


def stretch(test: Portion, slot: Slot[Any], row: int) -> NDArray[np.float64]:
    """One example's stretch [steps, variables] as the user gave it."""
    values = test.examples.values[slot.name]
    assert not isinstance(values, Mapping)
    return np.asarray(values[row], np.float64)


# ---- pictures ------------------------------------------------------------------------------------


def pictures(test: Portion, slot: Slot[Any], said: torch.Tensor) -> dict[str, Any]:
    """Generated pictures beside as many real ones from the test share, as HTML; fewer when they are large."""
    field, real = test.fields[slot], test.examples.values[slot.name]
    assert not isinstance(real, Mapping)
    made, true, room = [], [], ROOM
    for row in np.unique(np.linspace(0, len(test) - 1, min(PICTURES, len(test))).astype(np.int64)):
        pair = field.show(field.decode(said[int(row)])), field.show(real[row])
        room -= max(map(len, pair))
        if room < 0:
            break
        made.append(pair[0])
        true.append(pair[1])
    return {"made": made, "real": true}
