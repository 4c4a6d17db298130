"""Attacks: the smallest-looking change that hurts most, found by gradient; and whether these gradients can be believed.

Projected gradient descent (Madry et al. 2018) within a box around every number. Where more steps hurt less, or blind
search hurts more, or a huge box still does not break the net, its gradients are masked (Athalye, Carlini and Wagner
2018), and the attack's numbers say nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from brainwright.data.batching import batch_of, generator_of, spread
from brainwright.data.field import Field
from brainwright.data.fields.image import Image
from brainwright.data.fields.row import Row
from brainwright.data.fields.series import Series
from brainwright.data.slots import Batch, Slot
from brainwright.metrics.metric import Metric
from brainwright.runs.results import NET
from brainwright.tasks.task import Task, Turn
from brainwright.training.devices import Place
from brainwright.training.evaluation import evaluated
from brainwright.trust.case import Case
from brainwright.trust.finding import Finding, missing
from brainwright.trust.robustness import KEPT, triviality

SAMPLE = 128  # test examples, spread evenly: one batch
STEPS, MORE, BLIND = 10, 30, 50  # of the attack, of the one that must not be weaker, and tries of blind search
REACH = (0.125, 0.5, 1.0, 2.0)  # sizes of the box, in the unit of its type
HUGE = 64.0  # a box in which nothing is safe
SLACK = 0.01  # of the clean value by which a check may miss
METHOD = "projected gradient descent, 10 steps, random start (Madry et al. 2018); 95 % bootstrap over examples"
Box: TypeAlias = Callable[[Field[Any], Tensor], Tensor]
"""(field, batched numbers) -> the unit box: how far each number may move, 0 where it may not."""


def of_pictures(field: Field[Any], values: Tensor) -> Tensor:
    """Four of 255 steps of brightness: hardly seen."""
    return torch.full(values.shape[1:], 4.0)


def of_rows(field: Field[Any], values: Tensor) -> Tensor:
    """A tenth of a number's deviation in training; classes and dates stay."""
    assert isinstance(field, Row)
    box = torch.zeros(values.shape[1])
    for place in field.places:
        if not place.classes and len(place.column.spreads) == 1:
            box[place.at] = place.spread.scale / 10
    return box


def of_stretches(field: Field[Any], values: Tensor) -> Tensor:
    """A tenth of a variable's deviation in training."""
    assert isinstance(field, Series)
    return torch.tensor(field.scale, dtype=torch.float32).div(10).expand(values.shape[1:])


BOXES: Mapping[type[Field[Any]], tuple[Box, str]] = {
    Image: (of_pictures, "4 of 255 steps of brightness"),
    Row: (of_rows, "a tenth of a column's deviation"),
    Series: (of_stretches, "a tenth of a variable's deviation"),
}


@dataclass(frozen=True)
class Harm:
    """What attacks left of a metric: by the size of the box, by many steps, blindly, in a huge box."""

    clean: tuple[float, float, float]
    by_reach: tuple[tuple[float, float, float], ...]
    more: float
    blind: float
    huge: float

    def masked(self, metric: Metric, trivial: float) -> str:
        """Why the gradients cannot be believed; "" where nothing speaks against them."""
        better = 1 if metric.higher_is_better else -1
        slack = SLACK * abs(self.clean[0])
        few = self.by_reach[REACH.index(1.0)][0]
        if better * (self.more - few) > slack:
            return f"{MORE} steps hurt less than {STEPS}"
        if better * (self.more - self.blind) > slack:
            return f"{BLIND} blind tries hurt more than {MORE} steps"
        if better * (self.huge - trivial) > slack:
            return "a box in which nothing is safe leaves it better than a trivial model"
        return ""


@dataclass(frozen=True)
class Attack:
    """One batch under attack in one slot; `box` is the unit that `reach` multiplies."""

    task: Task
    net: nn.Module
    batch: Batch
    slot: Slot[Any]
    box: Tensor
    bounds: tuple[float, float]
    at: Place

    def losses(self, values: Tensor) -> Tensor:
        """The loss of each example [B] with other numbers in the slot."""
        changed = self.batch | {self.slot.name: values}
        return self.task.loss(self.net, changed, Turn(self.task.players()[-1].name, 0, 1.0)).each

    def kept(self, values: Tensor, reach: float) -> Tensor:
        """Within the box and the bounds."""
        start = self.batch[self.slot].float()
        box = self.box * reach
        return torch.minimum(torch.maximum(values, start - box), start + box).clamp(*self.bounds)

    def by_gradient(self, reach: float, steps: int, generator: torch.Generator) -> Tensor:
        """The slot's numbers after so many steps uphill; of each example the worst that was met."""
        start: Tensor = self.batch[self.slot].float()
        stray = torch.rand(start.shape, generator=generator) * 2 - 1
        values, worst = self.kept(start + stray * self.box * reach, reach), start
        most = torch.full((len(start),), -torch.inf)
        for _ in range(steps + 1):
            values = values.detach().requires_grad_()
            with self.at.slopes():
                losses = self.losses(values)
            worst, most = worse(values.detach(), losses.detach(), worst, most)
            (slope,) = torch.autograd.grad(losses.sum(), values)
            values = self.kept(values + slope.nan_to_num(0).sign() * self.box * reach * 2.5 / steps, reach)
        return worst

    @torch.no_grad()
    def blindly(self, reach: float, tries: int, generator: torch.Generator) -> Tensor:
        """The worst of random corners of the box, each kept where it hurt more than the last."""
        start: Tensor = self.batch[self.slot].float()
        worst, most = start, self.losses(start)
        for _ in range(tries):
            corner = torch.where(torch.rand(start.shape, generator=generator) < 0.5, -1.0, 1.0) * self.box * reach
            values = self.kept(start + corner, reach)
            worst, most = worse(values, self.losses(values), worst, most)
        return worst

    def worth(self, values: Tensor, metric: Metric) -> tuple[float, float, float]:
        """The metric of the net's answers with these numbers in the slot, and its interval."""
        changed = self.batch | {self.slot.name: values}
        found = evaluated(self.task, self.net, [changed], self.at, judge=True).rows[metric.word()]
        return metric.value(found), *metric.interval(found)


def worse(values: Tensor, losses: Tensor, worst: Tensor, most: Tensor) -> tuple[Tensor, Tensor]:
    """Of two changes of each example the one that hurts more, and how much."""
    more = losses > most
    wide = more.view(-1, *[1] * (values.ndim - 1))
    return torch.where(wide, values, worst), torch.where(more, losses, most)


def attacks(case: Case, seed: int = 0) -> list[Finding]:
    """One finding an input whose numbers can be moved."""
    run, test = case.run, case.shares["test"]
    if run.selected != NET:
        return [missing("attack by gradient", f"the model that predicts is {run.selected}: it has no gradient")]
    slots = [slot for slot in run.task.slots() if slot.side == "input" and type(slot.field) in BOXES]
    some = test.take(spread(len(test), SAMPLE))
    batch = batch_of(run.task.slots(), some, np.arange(len(some)), generator_of(seed)).to(run.place.device)
    found = []
    for slot in slots:
        field = run.fields[slot]
        box, unit = BOXES[type(slot.field)]
        bounds = (0.0, 255.0) if isinstance(field, Image) else (-torch.inf, torch.inf)
        attack = Attack(
            run.task, run.net.eval(), batch, slot, box(field, batch[slot]).to(run.place.device), bounds, run.place
        )
        if attack.box.any():
            found.append(told(attack, (unit, triviality(run, run.task.metrics()[0])), seed))
    return found or [missing("attack by gradient", "no input of this run holds numbers that can be moved a little")]


def harm(attack: Attack, metric: Metric, seed: int) -> Harm:
    """Attack in every way."""
    device = attack.batch[attack.slot].device
    draw = torch.Generator(device).manual_seed(seed)
    values = attack.batch[attack.slot].float()
    by_reach = tuple(attack.worth(attack.by_gradient(reach, STEPS, draw), metric) for reach in REACH)
    return Harm(
        attack.worth(values, metric),
        by_reach,
        attack.worth(attack.by_gradient(1.0, MORE, draw), metric)[0],
        attack.worth(attack.blindly(1.0, BLIND, draw), metric)[0],
        attack.worth(attack.by_gradient(HUGE, MORE, draw), metric)[0],
    )


def told(attack: Attack, known: tuple[str, float], seed: int) -> Finding:
    """In words, with what speaks against the attack itself."""
    unit, trivial = known
    metric = attack.task.metrics()[0]
    found = harm(attack, metric, seed)
    value, low, high = found.by_reach[REACH.index(1.0)]
    masked = found.masked(metric, trivial)
    kept = (value - trivial) / (found.clean[0] - trivial)
    weak = not kept >= KEPT
    says = f"{metric.word()} {value:.4g} instead of {found.clean[0]:.4g} when every number may move by {unit}"
    return Finding(
        what=f"attack by gradient on {attack.slot.name}",
        verdict="undecided" if masked else "failed" if weak else "passed",
        says=f"{says}; but the gradients are masked: {masked}" if masked else says,
        value=value,
        low=low,
        high=high,
        count=len(attack.batch),
        method=METHOD,
        seed=seed,
        advice="whoever may touch the inputs can steer the answers: do not rely on it there" if weak else "",
        evidence={
            "reach": list(REACH),
            "values": [list(one) for one in found.by_reach],
            "clean": list(found.clean),
            "trivial": trivial,
            "many_steps": found.more,
            "blind": found.blind,
            "huge": found.huge,
        },
    )
