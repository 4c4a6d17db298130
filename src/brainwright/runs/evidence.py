"""Evidence: what a report shows of the data and of the answers, as plain JSON, so that it is drawn without the data."""

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.batching import spread
from brainwright.data.detections import by_class, matched
from brainwright.data.examples import Portion
from brainwright.data.field import Field, Values
from brainwright.data.fields.boxes import Boxes
from brainwright.data.fields.category import Category
from brainwright.data.fields.image import Image
from brainwright.data.fields.lanes import Lanes
from brainwright.data.fields.mask import Mask
from brainwright.data.fields.number import Number
from brainwright.data.fields.series import Series
from brainwright.data.lane_matching import by_rows
from brainwright.data.overlap import by_label, counted
from brainwright.data.slots import Slot
from brainwright.data.table import Table
from brainwright.runs import judgements
from brainwright.tasks.task import Task
from brainwright.training.evaluation import Evaluated

PAIRS = 8  # answers that lie in an input, drawn beside the truth
SHOWN = 12  # training examples, and worst errors
WIDEST = 24  # columns of a table that are shown
VARIABLES, POINTS = 3, 120  # of a shown stretch of series: more cannot be told apart at its size
ROOM = 400_000  # characters that shown examples may take in each list


def gather(task: Task, shares: Mapping[str, Portion], judged: Evaluated, table: Table) -> dict[str, Any]:
    """All that the report needs beyond the record; `judged` is what the net said to the test share.

    It looks at the types of fields, never at the task, and keeps below about 2 MB whatever the data.
    """
    slots = [slot for slot in task.slots() if slot.name in shares["train"].encoded]
    few = any(isinstance(slot.field, Series) for slot in slots)
    rows = spread(len(shares["train"]), SHOWN // 2 if few else SHOWN)
    return {
        "samples": {
            "columns": columns(slots, shares["train"]),
            "rows": within(shown(slots, shares["train"], rows, table)),
        },
        "targets": {slot.name: target(slot, slots, shares, judged) for slot in slots if slot.side == "target"},
        "worst": worst(slots, shares["test"], judged, table),
    }


def within(rows: Iterator[dict[str, Any]], room: int = ROOM) -> list[dict[str, Any]]:
    """As many as there is room for, one at least."""
    kept: list[dict[str, Any]] = []
    for row in rows:
        room -= sum(len(str(cell)) for cell in row["cells"])
        if room < 0 and kept:
            break
        kept.append(row)
    return kept


# ---- examples as people see them -----------------------------------------------------------------


def columns(slots: Sequence[Slot[Any]], portion: Portion) -> list[dict[str, str]]:
    """One a shown cell: its slot, the slot's side, and the column's name where the slot reads several."""
    return [
        {"slot": slot.name, "side": slot.side, "name": name}
        for slot in slots
        for name in names(portion.examples.values[slot.name])
    ]


def names(values: Values) -> list[str]:
    """The columns of a slot that reads several, at most WIDEST; one without a name for any other."""
    return list(values)[:WIDEST] if isinstance(values, Mapping) else [""]


def shown(
    slots: Sequence[Slot[Any]], portion: Portion, rows: NDArray[np.int64], table: Table
) -> Iterator[dict[str, Any]]:
    """Some examples: where each came from, and a cell for each of `columns`."""
    for row in rows:
        cells = [cell for slot in slots for cell in cells_of(slot, portion, int(row))]
        yield {"where": table.where(int(portion.examples.rows[row])), "cells": cells}


def cells_of(slot: Slot[Any], portion: Portion, row: int) -> list[dict[str, Any]]:
    """One example's value of a slot: {"html"} as its field shows it, or {"lines"} for a stretch of series."""
    values, field = portion.examples.values[slot.name], portion.fields[slot]
    if isinstance(values, Mapping):
        return [{"html": html.escape(told(values[name].values[row]))} for name in names(values)]
    if field.placed:
        return [{"html": field.show_in(values[row], portion.whole(row))}]
    if isinstance(field, Series):
        return [{"lines": lines(field.names, np.asarray(values[row], np.float64))}]
    return [{"html": seen(field, values[row])}]


def seen(field: Field[Any], value: Any) -> str:
    """A value as its field shows it; a number in no more digits than can be read."""
    return html.escape(told(value)) if isinstance(field, Number) else field.show(value)


def told(cell: Any) -> str:
    """One cell of a table in words; empty where missing."""
    if cell is None or cell != cell or (isinstance(cell, np.datetime64) and np.isnat(cell)):
        return ""
    if isinstance(cell, np.datetime64):
        return str(cell).removesuffix("T00:00:00")
    if isinstance(cell, float | np.floating):
        return f"{cell:.0f}" if float(cell).is_integer() else f"{float(cell):.6g}"
    return str(cell)


def lines(variables: Sequence[str], stretch: NDArray[np.float64]) -> dict[str, list[float]]:
    """The first variables of a stretch [length, variables], thinned evenly to what a small drawing can hold."""
    thin = stretch[:: max(1, -(-len(stretch) // POINTS))]
    return {name: judgements.short(thin[:, place]) for place, name in enumerate(variables[:VARIABLES])}


# ---- answers -------------------------------------------------------------------------------------


def target(
    slot: Slot[Any], slots: Sequence[Slot[Any]], shares: Mapping[str, Portion], judged: Evaluated
) -> dict[str, Any]:
    """What there is to show about one target, by the type of its field."""
    test, field = shares["test"], shares["train"].fields[slot]
    said = judged.prediction.values[slot.name]
    if isinstance(field, Series):
        pasts = [one for one in slots if one.side == "input" and isinstance(test.fields[one], Series)]
        return {"kind": "series", **judgements.forecasts(test, slot, pasts, said, judged.losses)}
    if isinstance(field, Image):
        return {"kind": "image", **judgements.pictures(test, slot, said)}
    if field.placed:
        return {"kind": "placed", "pairs": pairs(slot, slots, test, said), **numbered(field, test, slot, said)}
    if not isinstance(field, Category | Number):
        return {"kind": "other"}
    truth = {name: np.asarray(part.encoded[slot.name].values) for name, part in shares.items()}
    if isinstance(field, Number):
        return {"kind": "number", **judgements.numbers(truth, said.double().numpy())}
    scores = judged.prediction.scores
    found = judgements.classes(field.classes, truth, said.numpy())
    if scores is not None:
        found["reliability"] = judgements.reliability(scores.double().numpy(), truth["test"])
    return {"kind": "category", **found}


def pairs(slot: Slot[Any], slots: Sequence[Slot[Any]], test: Portion, said: Any) -> list[dict[str, Any]]:
    """Truth and answer of a few test examples, both drawn in their input, below what else was asked with it."""
    field, truth = test.fields[slot], test.examples.values[slot.name]
    assert not isinstance(truth, Mapping)
    found: list[dict[str, Any]] = []
    room, values = ROOM, test.examples.values
    asked = [one for one in slots if one.side == "input" and isinstance(values.get(one.name), np.ndarray)][1:]
    for row in spread(len(test), PAIRS).tolist():
        there = test.whole(row)
        pair = {"truth": field.show_in(truth[row], there), "said": field.show_in(field.decode(said[row]), there)}
        room -= sum(map(len, pair.values()))
        if room < 0 and found:
            break
        found.append({**pair, "asked": [seen(test.fields[one], values[one.name][row]) for one in asked]})
    return found


def numbered(field: Field[Any], test: Portion, slot: Slot[Any], said: Any) -> dict[str, Any]:
    """What can be counted of answers that lie in an input, a row a class: how many, and how good."""
    if isinstance(field, Mask):
        truth = field.collate(test.encoded[slot.name])
        shares = np.stack([counted(one.numpy(), other.numpy()) for one, other in zip(said, truth, strict=True)])
        dice = by_label(2 * shares[:, 0], shares[:, 1])
        seen = (shares[:, 1] > 0).sum(0)
        rows = [
            [word, int(seen[at]), round(float(dice[at]), 4)] for at, word in enumerate(field.classes[1:]) if seen[at]
        ]
        return {"heads": ["Label", "Examples", "Dice"], "table": rows}
    if isinstance(field, Lanes):
        return by_count(said, field.collate(test.encoded[slot.name]))
    if not isinstance(field, Boxes):
        return {"heads": [], "table": []}
    found = by_class(matched(said, field.collate(test.encoded[slot.name])).numpy())
    rows = [
        [field.classes[place], count, round(once, 4), round(mean, 4)] for place, (count, once, mean) in found.items()
    ]
    return {"heads": ["Class", "Things", "AP at overlap .5", "AP at .5 to .95"], "table": rows}


def by_count(said: Sequence[Tensor], truth: Sequence[Tensor]) -> dict[str, Any]:
    """How good lanes are, a row for each number of them that a picture holds."""
    found, counts = by_rows(said, truth).numpy(), np.array([len(one) - 1 for one in truth])
    heads = ["Lanes in a picture", "Pictures", "Accuracy", "Missed lanes", "Wrong lanes"]
    rows = []
    for count in np.unique(counts).tolist():
        right, wrong, missed = found[counts == count].mean(0).round(4).tolist()
        rows.append([count, int((counts == count).sum()), right, missed, wrong])
    return {"heads": heads, "table": rows}


def worst(slots: Sequence[Slot[Any]], test: Portion, judged: Evaluated, table: Table) -> dict[str, Any]:
    """The test examples with the largest loss: inputs, truth, prediction, loss.

    Only where there are inputs to look at, and answers that a line can hold: generated pictures answer nothing, and
    the worst forecasts are drawn elsewhere.
    """
    inputs = [slot for slot in slots if slot.side == "input"]
    targets = [slot for slot in slots if slot.side == "target" and not isinstance(test.fields[slot], Series | Image)]
    if not inputs or not targets or not len(judged.losses):
        return {"columns": [], "rows": []}
    order = np.argsort(-np.nan_to_num(judged.losses, nan=np.inf), kind="stable")[:SHOWN]
    scores = judged.prediction.scores
    rows = []
    for row, one in zip(order, within(shown(inputs, test, order, table)), strict=False):
        one["answers"] = [answer(slot, test, judged, int(row)) for slot in targets]
        one["sure"] = None if scores is None else round(float(scores[row].max()), 4)
        one["loss"] = judgements.short(judged.losses[row : row + 1])[0]
        rows.append(one)
    return {"columns": columns(inputs, test), "rows": rows}


def answer(slot: Slot[Any], test: Portion, judged: Evaluated, row: int) -> dict[str, str]:
    """Truth and prediction of one target, as its field shows them."""
    field = test.fields[slot]
    said, truth = field.decode(judged.prediction.values[slot.name][row]), test.examples.values[slot.name]
    assert not isinstance(truth, Mapping)
    if field.placed:
        there = test.whole(row)
        return {"slot": slot.name, "truth": field.show_in(truth[row], there), "said": field.show_in(said, there)}
    return {"slot": slot.name, "truth": seen(field, truth[row]), "said": seen(field, said)}
