"""Explanations: do they depend on what was learned, do they carry the answer, do they find planted evidence?

Five seeds each of digits and planted marks (cnn), a table (mlp), texts (gru and wide) and series (mlp), with
the default method; and two methods that must fail: edges, and guided backpropagation (Springenberg et al. 2015).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from brainwright.commands.demo import digits
from brainwright.data.table import Column, Kind, Table
from brainwright.runs.preparing import Prepared, prepare
from brainwright.runs.telling import Silent
from brainwright.training.evaluation import evaluate
from brainwright.training.job import Job
from brainwright.training.loop import Loop
from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.explainers.gradients import lengths
from brainwright.trust.explainers.methods import METHODS, Method, chosen
from brainwright.trust.game import Game, Setting
from brainwright.trust.gates import Interval, Order, randomisation, randomised, sums

SEEDS = range(5)
EXAMPLES, COMPARED = 16, 8
FAST = {"threads": 1, "precision": "float32", "device": "cpu", "checkpoint": 0, "evaluations": 2}


LEARNS = {
    "epochs": 40,
    "batch_size": 64,
    "dropout": 0.0,
    "weight_decay": 0.0,
    "lr": 5e-3,
}  # little data, one clear cause


@dataclass(frozen=True)
class Planted:
    """Data whose answers have a known cause: row -> which of so many units it is, from the units' own names."""

    table: Table
    cause: Callable[[int, tuple[str, ...]], np.ndarray]


def nothing(row: int, names: tuple[str, ...]) -> np.ndarray:
    """No cause is known."""
    return np.zeros(len(names), bool)


def marks(seed: int) -> Planted:
    """Grey noise with a bright or a dark mark of 2 x 2 pixels at any place, or none: each mark must be seen."""
    draw = np.random.default_rng(seed)
    images = draw.integers(76, 180, (1500, 8, 8)).astype(np.uint8)
    labels = draw.integers(0, 3, len(images))
    places = draw.integers(0, 7, (len(images), 2))
    for image, label, (row, column) in zip(images, labels, places, strict=True):
        if label < 2:
            image[row : row + 2, column : column + 2] = 255 * label
    named = np.array(["dark", "bright", "none"], object)[labels]
    table = Table.of({"image": Column(images, Kind.IMAGE), "label": Column(named, Kind.CATEGORY)}, "marks")

    def cause(row: int, names: tuple[str, ...]) -> np.ndarray:
        """The four pixels of its check."""
        found = np.zeros((8, 8), bool)
        if labels[row] == 2:
            return found.ravel()
        down, across = places[row]
        found[down : down + 2, across : across + 2] = True
        return found.ravel()

    return Planted(table, cause)


def rows(seed: int) -> Planted:
    """Twelve numbers and a class: the signs of the second and the fifth are the same, or they are not."""
    draw = np.random.default_rng(seed)
    numbers = draw.normal(size=(2000, 12))
    columns = {f"number_{place}": Column(numbers[:, place], Kind.NUMBER) for place in range(12)}
    columns["colour"] = Column(draw.choice(["red", "green", "blue"], 2000).astype(object), Kind.CATEGORY)
    same = (numbers[:, 1] > 0) == (numbers[:, 4] > 0)
    columns["class"] = Column(np.where(same, "same", "other").astype(object), Kind.CATEGORY)
    return Planted(Table.of(columns, "rows"), lambda row, names: np.isin(names, ["number_1", "number_4"]))


def texts(seed: int) -> Planted:
    """Words without a meaning, and one of six that is the cause."""
    draw = np.random.default_rng(seed)
    cues = np.array([["marvellous", "splendid", "delightful"], ["dreadful", "tedious", "appalling"]])
    labels = draw.integers(0, 2, 1500)
    fillers = [f"w{chr(97 + one // 26)}{chr(97 + one % 26)}" for one in range(150)]
    told = []
    for label in labels:
        words = list(draw.choice(fillers, draw.integers(12, 30)))
        words.insert(int(draw.integers(0, len(words))), str(draw.choice(cues[label])))
        told.append(" ".join(words))
    columns = {
        "text": Column(np.array(told, object), Kind.TEXT),
        "label": Column(np.where(labels == 1, "bad", "good").astype(object), Kind.CATEGORY),
    }
    return Planted(Table.of(columns, "texts"), lambda row, names: np.isin(names, cues.ravel()))


def series(seed: int) -> Planted:
    """Sales follow the weather of six days before, fair or foul; one day is forecast."""
    draw = np.random.default_rng(seed)
    weather = draw.choice([-1.0, 1.0], 1500)
    sales = 10 + 2 * np.concatenate([np.zeros(6), weather[:-6]]) + draw.normal(0, 0.3, 1500)
    dates = np.datetime64("2020-01-01", "s") + np.arange(1500) * np.timedelta64(86400, "s")
    columns = {
        "date": Column(dates, Kind.DATE),
        "sales": Column(sales, Kind.NUMBER),
        "weather": Column(weather, Kind.NUMBER),
    }
    return Planted(Table.of(columns, "series"), lambda row, names: np.isin(names, ["weather, step -5"]))


CASES: Mapping[str, tuple[Callable[[int], Planted], Mapping[str, Any]]] = {
    "digits": (lambda seed: Planted(digits(), nothing), {"width": 16, "epochs": 8, "batch_size": 64}),
    "marks": (marks, {"width": 16, "epochs": 8, "batch_size": 64, "augment": 0.0}),
    "table": (rows, {"target": "class", "epochs": 30, "batch_size": 128, "width": 64, "members": 4}),
    "text": (texts, {"target": "label", "epochs": 4, "width": 32, "embedding": 32}),
    "series": (series, {"target": "sales", "horizon": 1, "lookback": 16, **LEARNS}),
}


def trained(table: Table, options: Mapping[str, Any], seed: int) -> tuple[Prepared, nn.Module, float, Loop]:
    """The shares, a net, and its first metric on the test share."""
    torch.set_num_threads(1)
    ready = prepare(table, {**FAST, **options, "seed": seed}, Silent())
    torch.manual_seed(seed)
    net = ready.task.build(ready.fields, ready.config.backbone)
    job = Job(ready.task, ready.shares["train"], ready.shares["validation"], ready.config.training, Path("/nowhere"))
    loop = Loop(job, net)
    for _ in loop.run():
        pass
    judged = evaluate(ready.task, loop.result(), ready.shares["test"], loop.at)
    metric = ready.task.metrics()[0]
    return ready, loop.result(), metric.value(judged.rows[metric.word()]), loop


def edges(game: Game) -> Attribution:
    """What strikes the eye, whatever the net."""
    return Attribution(game.striking().numpy(), np.nan)


def guided_backpropagation(game: Game) -> Attribution:
    """The gradient, of which every bend lets through only what is positive."""

    def positive(module: nn.Module, into: Any, out: Any) -> Any:
        return tuple(None if one is None else one.clamp(min=0) for one in into)

    bends = [one for one in game.net.modules() if isinstance(one, nn.SiLU | nn.GELU | nn.ReLU)]
    handles = [one.register_full_backward_hook(positive) for one in bends]
    side = game.sides[0]
    given = game.batch.values[side.slot].float().requires_grad_()
    (slope,) = torch.autograd.grad(game.task.score(game.net, game.batch | {side.slot: given}).sum(), given)
    for handle in handles:
        handle.remove()
    size = torch.from_numpy(lengths(slope[0].double(), side.units).numpy())
    return Attribution((size * slope[0].double().sum(0).flatten().sign()).numpy(), np.nan)


def told(values: list[float]) -> dict[str, Any]:
    """Mean and interval over seeds."""
    found = Interval.of(values)
    each = [round(value, 4) for value in values]
    return {"mean": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4), "each": each}


def found_at(games: list[Game], planted: Planted, rows: np.ndarray, method: Method) -> float:
    """How well the size of a unit's share tells its cause: area under the curve, mean over examples."""
    areas = []
    for game, row in zip(games, rows, strict=True):
        cause = np.concatenate([planted.cause(int(row), side.units.names) for side in game.sides])
        if cause.any():
            areas.append(roc_auc_score(cause, np.abs(method(game).values)))
    return float(np.mean(areas))


def measured(case: str) -> dict[str, Any]:
    """One case over all seeds."""
    make, options = CASES[case]
    lines: dict[str, list[float]] = {}
    for seed in SEEDS:
        planted = make(seed)
        ready, net, metric, loop = trained(planted.table, options, seed)
        setting = Setting(ready.task, net, loop.at, ready.shares["train"], seed=seed)
        test = ready.shares["test"]
        games = [setting.game(test, row) for row in range(EXAMPLES)]
        word = chosen("auto", games)
        method = METHODS[word]
        found = [method(game) for game in games]
        seen = {ready.task.metrics()[0].word(): metric, "completeness": sums(found).value}
        rank = randomisation(games[:COMPARED], found[:COMPARED], method, seed)
        seen["rank"] = rank.value
        for infill in ("mean", "sampled"):
            order = Order.of(games, found, infill, seed)
            seen[f"over_random_{infill}"] = float((order.method - order.random).mean())
            seen[f"over_control_{infill}"] = float((order.method - order.striking).mean())
        if case == "digits":
            for wrong in (edges, guided_backpropagation):
                false = [wrong(game) for game in games[:COMPARED]]
                finding = randomisation(games[:COMPARED], false, wrong, seed)
                seen[f"rank_{wrong.__name__}"] = finding.value
                seen[f"failed_{wrong.__name__}"] = float(finding.verdict == "failed")
        else:
            rows = test.examples.rows[:EXAMPLES]
            seen["planted"] = found_at(games, planted, rows, method)
            fresh = randomised(net, 1000 + seed)
            seen["planted_untrained"] = found_at([g.with_net(fresh) for g in games], planted, rows, method)
        for name, value in seen.items():
            lines.setdefault(name, []).append(value)
    return {"method": word, "units": games[0].count, **{name: told(values) for name, values in lines.items()}}


def measure() -> Mapping[str, Any]:
    """Every case."""
    return {
        "seeds": len(SEEDS),
        "examples": EXAMPLES,
        "wanted": {"rank": 0.10, "over_random": 0.50, "over_control": 0.30, "planted": 0.97},
        **{case: measured(case) for case in CASES},
    }
