"""Sections: a run's record and evidence as the rows that the report's template lays out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brainwright.deliver.drawings import Axis
from brainwright.deliver.wording import Measured, best_first, digits, measured, of, percent, plain, title

FAR = 3.0  # a trivial model this many spans away from the others would squeeze them: it is drawn at the edge
MARGIN = 0.06  # of the axis of intervals, on each side


@dataclass(frozen=True)
class Standing:
    """One model on the axis of the first metric; places in percent of its width."""

    model: str
    kind: str
    measured: Measured
    low: float
    middle: float
    high: float
    off: str
    """"low" or "high" where it lies beyond the axis."""


@dataclass(frozen=True)
class Ladder:
    """Net and floors from best to worst, on one axis."""

    metric: str
    better: str
    rows: Sequence[Standing]
    ticks: Sequence[tuple[float, str]]


def ladder(record: Mapping[str, Any]) -> Ladder | None:
    """Net and floors by the first metric; None where nothing was judged."""
    metrics = record.get("metrics") or []
    results = [one for one in record.get("results") or [] if metrics and of(one, metrics[0])[0] is not None]
    if not results:
        return None
    metric = metrics[0]
    scale = 100.0 if metric.get("percent") else 1.0
    axis = span([one for one in results if one.get("kind") != "trivial"] or results, results, metric)
    places = digits(metric, record["results"])
    rows = [standing(one, metric, axis, places) for one in best_first(results, metric)]
    seen = Axis(axis.low * scale, axis.high * scale)
    better = "higher is better" if metric.get("higher_is_better") else "lower is better"
    return Ladder(title(metric["name"]), better, rows, [(place * 100, word) for place, word in seen.ticks()])


def ends(result: Mapping[str, Any], metric: Mapping[str, Any]) -> tuple[float, float, float]:
    """Value, low and high; the value itself where there is no interval."""
    value, low, high = of(result, metric)
    return value, value if low is None else low, value if high is None else high


def span(near: Sequence[Mapping[str, Any]], every: Sequence[Mapping[str, Any]], metric: Mapping[str, Any]) -> Axis:
    """An axis for all models, or without the trivial ones where these lie far off."""
    tight, wide = (Axis.over([x for one in some for x in ends(one, metric)]) for some in (near, every))
    if len(near) > 1 and wide.high - wide.low > FAR * (tight.high - tight.low):
        wide = tight
    room = MARGIN * (wide.high - wide.low)
    return Axis(wide.low - room, wide.high + room)


def standing(result: Mapping[str, Any], metric: Mapping[str, Any], axis: Axis, places: int) -> Standing:
    """One model's row."""
    value, low, high = ends(result, metric)
    left, middle, right = (min(100.0, max(0.0, round(axis.place(x) * 100, 2))) for x in (low, value, high))
    off = "low" if axis.place(high) < 0 else "high" if axis.place(low) > 1 else ""
    words = measured(metric, of(result, metric), places)
    return Standing(str(result["model"]), str(result.get("kind", "")), words, left, middle, right, off)


def balance(found: Mapping[str, Any], names: Sequence[str]) -> list[Mapping[str, Any]]:
    """A row a class: its count and share in each part of the data, the largest first when there are many."""
    counts = found.get("counts") or {}
    totals = {name: max(1, sum(values)) for name, values in counts.items()}
    most = max((value / totals[name] for name, values in counts.items() for value in values), default=1) or 1
    return [
        {
            "class": word,
            "cells": [
                {"name": name, "count": counts[name][index], "share": counts[name][index] / totals[name],
                 "bar": 100 * counts[name][index] / totals[name] / most}
                for name in names if name in counts
            ],
        }
        for index, word in enumerate(found.get("classes") or [])
    ]  # fmt: skip


def each_class(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of each class in the test share: how many, the share found, and the share of its answers that were right."""
    tests = (found.get("counts") or {}).get("test") or []
    words = zip(found.get("classes") or [], tests, found.get("right") or [], found.get("answered") or [], strict=False)
    return [
        {"class": word, "count": n, "recall": right / n if n else None, "precision": right / said if said else None}
        for word, n, right, said in words
    ]


def health(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each layer with the size of its gradient beside its weights, and a word where that is odd."""
    rows: list[Mapping[str, Any]] = []
    for layer in layers:
        weight, gradient, silent = (layer.get(key) or 0.0 for key in ("weight", "gradient", "silent"))
        ratio = gradient / weight if weight else None
        word = "no gradient reaches it" if not gradient else "mostly silent" if silent > 0.5 else ""
        if ratio is not None and ratio > 1:
            word = "gradient larger than its weights"
        rows.append(
            {
                "name": layer.get("name") or "the net",
                "weight": weight,
                "gradient": gradient,
                "silent": silent,
                "ratio": ratio,
                "word": word,
            }
        )
    return rows


def phases(cost: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Seconds of each phase with their share."""
    names = {
        "prepare_seconds": "Reading and preparing the data",
        "train_seconds": "Training",
        "judge_seconds": "Judging, floors, files",
    }
    there = {words: cost[key] for key, words in names.items() if isinstance(cost.get(key), int | float)}
    whole = sum(there.values()) or 1
    return [{"name": words, "seconds": seconds, "share": seconds / whole} for words, seconds in there.items()]


def judgements(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every model with every metric on the test share, and the first metric on validation."""
    metrics = record.get("metrics") or []
    results = record.get("results") or []
    places = [digits(metric, results) for metric in metrics]
    return [
        {
            "model": one["model"],
            "kind": one.get("kind"),
            "seconds": one.get("seconds"),
            "values": [measured(metric, of(one, metric), n) for metric, n in zip(metrics, places, strict=True)],
            "validation": measured(metrics[0], [(one.get("validation") or {}).get(metrics[0]["name"])], places[0]),
        }
        for one in (best_first(results, metrics[0]) if metrics else [])
    ]


def calibration(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was done to probabilities, and what they are worth on the test share: words and what is said to each."""
    test = found.get("test") or {}
    errors, floor, losses = (test.get(name) or [] for name in ("ece", "floor", "log_loss"))
    lines = []
    if len(errors) == 2 and len(floor) == 2:
        most = f"{percent(floor[0], 2)} on average, up to {percent(floor[1], 2)}"
        lines.append(("By chance alone", f"{most}: what as many answers with exactly right probabilities would show"))
        within = errors[1] <= floor[1]
        seen = "within chance: no miscalibration can be seen" if within else "more than chance: take them as a ranking"
        lines.append(("Verdict", seen))
    if found.get("temperature") == 1:
        lines.append(("Temperature", f"not used: {found.get('reason')}"))
    elif len(errors) == 2 and len(losses) == 2:
        fitted = f"{plain(found.get('temperature'))}, fitted on {found.get('count')} validation examples"
        better = f"log-loss goes from {plain(losses[0])} to {plain(losses[1])}"
        errs = f"calibration error from {percent(errors[0], 2)} to {percent(errors[1], 2)}"
        said = f"{fitted} (which also chose the best weights). On the test share {better}, {errs}; no answer changes"
        lines.append(("Temperature", said))
    return lines
