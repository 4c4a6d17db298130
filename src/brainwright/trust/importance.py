"""Importance: what a net's answers rest on as a whole, by the mean size of their shares and by dealing columns anew."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from brainwright.data.batching import batch_of, generator_of, spread
from brainwright.data.slots import Batch
from brainwright.runs.telling import Teller
from brainwright.trust.case import Case
from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.explainers.methods import METHODS, chosen
from brainwright.trust.explanations import Explanation, Shares, judged, setting_of, shares_of, tried
from brainwright.trust.game import Game, Setting, Side
from brainwright.trust.gates import Interval, overall

ASKED = 32  # test examples
DEALS, DEALT = 5, 1024  # times a column is dealt anew, and test examples that it is dealt among
TOLD = 40  # words


def overview(case: Case, method: str, tell: Teller) -> Explanation:
    """What all answers rest on.

    Raises:
        Fault: the method cannot explain them.
    """
    setting, test = setting_of(case), case.shares["test"]
    games = [setting.game(test, int(row)) for row in spread(len(test), ASKED)]
    word = chosen(method, [*games, *tried(case, setting)])
    found = [METHODS[word](game) for game in games]
    findings = judged(case, word, tell)
    return Explanation(
        f"{len(games)} answers to the test share of {case.run.folder.name}",
        {},
        float("nan"),
        f"mean sizes of the shares over {len(games)} test examples: how far each moves the score, whichever way",
        word,
        overall(findings),
        summed(case, games, found),
        findings,
        (),
        (),
        (),
        losses=dealt(case, setting, games[0].sides),
    )


def summed(case: Case, games: Sequence[Game], found: Sequence[Attribution]) -> list[Shares]:
    """The mean size of each unit's share; of words those that are met at least twice, the largest first."""
    each = [shares_of(case.run, game, own) for game, own in zip(games, found, strict=True)]
    whole = []
    for slot, first in enumerate(each[0]):
        mine = [one[slot] for one in each]
        if first.form == "words":
            names, values = of_words(mine)
            whole.append(Shares(first.name, "whole", names, values, [], None))
        else:
            values = np.abs([one.values for one in mine]).mean(0).tolist()
            value = middle([one.value for one in mine]) if first.form in ("cells", "steps") else None
            whole.append(Shares(first.name, first.form, first.names, values, first.owner, value))
    return whole


def middle(values: Sequence[Any]) -> Any:
    """The mean of pictures or series, nested as they are."""
    return np.asarray(values, np.float64).mean(0).tolist()


def of_words(texts: Sequence[Shares]) -> tuple[list[str], list[float]]:
    """Words with the mean size of their shares wherever they stand."""
    sizes: dict[str, list[float]] = defaultdict(list)
    for text in texts:
        for name, value in zip(text.names, text.values, strict=True):
            sizes[name].append(abs(value))
    means = {name: float(np.mean(all_)) for name, all_ in sizes.items() if len(all_) > 1}
    ranked = sorted(means, key=lambda name: -means[name])[:TOLD]
    return ranked, [means[name] for name in ranked]


def dealt(case: Case, setting: Setting, sides: Sequence[Side]) -> list[dict[str, Any]]:
    """How much worse the first metric gets when one column's cells change rows (Breiman 2001), the worst first."""
    test = case.shares["test"]
    rows = spread(len(test), DEALT)
    batch = batch_of(setting.task.slots(), test, rows, generator_of(0)).to(setting.at.device)
    found = {
        name: Interval.of(losses(setting, batch, side, unit))
        for side in sides
        if side.units.form == "columns"
        for unit, name in enumerate(side.units.names)
    }
    most = max((abs(one.value) for one in found.values()), default=0.0) or 1.0
    metric = setting.task.metrics()[0].word()
    return [
        {
            "name": name,
            "metric": metric,
            **asdict(one),
            "size": 100 * abs(one.value) / most,
            "side": "for" if one.value > 0 else "against",
        }
        for name, one in sorted(found.items(), key=lambda pair: -pair[1].value)
    ]


@torch.no_grad()
def losses(setting: Setting, batch: Batch, side: Side, unit: int) -> list[float]:
    """How much worse the first metric gets, each time that one unit is dealt out anew."""
    metric, draw = setting.task.metrics()[0], generator_of(0)
    setting.net.eval()

    def value(given: Batch) -> float:
        said = setting.task.predict(setting.net, given)
        return metric.value(metric.rows(said, given).double().cpu().numpy())

    whole = value(batch)
    deals = [torch.randperm(len(batch), generator=draw) for _ in range(DEALS)]
    others = [value(batch | {side.slot: without(batch, side, unit, order)}) for order in deals]
    return [(whole - other) if metric.higher_is_better else (other - whole) for other in others]


def without(batch: Batch, side: Side, unit: int, order: Tensor) -> Any:
    """A slot's values, one unit of which every example has from another."""
    kept = torch.from_numpy(side.units.owner != unit).to(batch.rows.device)
    values = batch.values[side.slot]
    return side.field.mix(values, batch.some(order).values[side.slot], kept.expand(len(batch), *kept.shape))
