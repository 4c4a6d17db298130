"""Learn answers whose rates are alike in every group: a constraint on equalized odds or demographic parity."""

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn.functional import one_hot

from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.slots import Batch, Fields, Slot
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.models.once import Once
from brainwright.tasks.task import Decision, Loss, Net, Turn
from brainwright.techniques.technique import Grouped

BUFFER = "group_prices"  # kept with the net, so that checkpoints hold it
TINY = 1e-6


class Fair(Grouped):
    """For tasks that answer with probabilities of classes.

    Every difference of a group's rate from the mean of all groups has a price, which rises as long as the difference
    lasts: dual ascent on the Lagrangian of "all rates are equal". Prices see decisions; the net, which needs slopes,
    sees sharpened probabilities (proxy Lagrangian, Cotter et al. 2019). A price is linear in a batch's rates, so that
    a group of few examples is noisy in a batch but not punished for being few.
    """

    persistence: float = Option(0.01, gt=0)
    """How much a price rises in a step for a difference of one."""
    criterion: Literal["equalized-odds", "demographic-parity"] = "equalized-odds"
    """What is to be alike: rates within each true class, or rates over all examples."""
    sharpness: float = Option(8.0, ge=1)
    """Power of the probabilities that stand for decisions: the higher, the nearer to them."""

    def decide(self, train: Portion) -> Sequence[Decision]:
        """The average of the last nets, and no choice by accuracy among earlier ones."""
        own = (
            Decision("ema", 0.99, "prices and net chase each other, and meet in their average"),
            Decision("evaluations", 1, "the best of many looks would be the most accurate, not the fairest"),
            Decision("patience", 0, "prices need time"),
        )
        options = {one.option for one in own}
        return (*(one for one in self.inner.decide(train) if one.option not in options), *own)

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        net, slot = self.inner.build(fields, backbone), self.label()
        if slot is None:
            raise Fault("fair compares decisions between classes", "leave fair out; balanced-groups fits every task")
        classes, groups = len(fields[slot].classes), len(fields[self.group].classes)
        strata = classes if self.criterion == "equalized-odds" else 1
        net.register_buffer(BUFFER, torch.zeros(strata, groups, classes))
        return net

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        if not net.training:
            return self.inner.loss(net, batch, turn)
        once, slot = Once(net), self.label()
        found = self.inner.loss(once, batch, turn)
        scores = self.inner.predict(once, batch).scores
        if scores is None or slot is None:
            raise Fault("fair compares probabilities of classes", "leave fair out; balanced-groups fits every task")
        prices: Tensor = getattr(net, BUFFER)
        strata = batch[slot] if self.criterion == "equalized-odds" else torch.zeros_like(batch[slot])
        cells, sizes = strata * prices.shape[1] + batch[self.group], prices.shape
        decided = one_hot(scores.argmax(-1), sizes[2]).to(prices)
        if turn.player == self.players()[-1].name:
            prices.add_(self.persistence * differences(decided, cells, (sizes[0], sizes[1])))
        sharp = scores.to(prices).clamp(min=TINY).log().mul(self.sharpness).softmax(-1)
        penalty = (prices * differences(sharp, cells, (sizes[0], sizes[1]))).sum()
        each = found.each + penalty * found.units.to(found.each)
        return Loss(each, found.units, {**found.parts, "price of unfairness": penalty.detach().expand_as(found.each)})

    def label(self) -> Slot[Category] | None:
        """The slot of the classes."""
        found = (slot for slot in self.slots() if slot.side == "target" and isinstance(slot.field, Category))
        return next(found, None)


def differences(scores: Tensor, cells: Tensor, sizes: tuple[int, int]) -> Tensor:
    """How far each group's mean of scores [B, K] lies from the mean of the groups in its stratum: [S, G, K].

    `cells` [B] = stratum * G + group, `sizes` = (S, G); a group without an example in the batch differs by 0.
    """
    strata, groups = sizes
    count = scores.new_zeros(strata * groups).index_add(0, cells, torch.ones_like(scores[:, 0]))
    total = scores.new_zeros(strata * groups, scores.shape[1]).index_add(0, cells, scores)
    mean = (total / count.clamp(min=1)[:, None]).view(strata, groups, -1)
    there = (count > 0).view(strata, groups, 1)
    middle = (mean * there).sum(1, keepdim=True) / there.sum(1, keepdim=True).clamp(min=1)
    return (mean - middle) * there
