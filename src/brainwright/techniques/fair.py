"""Learn answers whose rates are alike in every group: a penalty on equalized odds or demographic parity in the loss."""

from typing import Literal

import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.fields.category import Category
from brainwright.data.slots import Batch, Fields, Slot
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.models.once import Once
from brainwright.tasks.task import Loss, Net, Turn
from brainwright.techniques.technique import Grouped

BUFFER = "group_counts"  # kept with the net, which knows the fitted groups
TINY = 1e-6
ROUND = 0.01  # below which a difference of rates is rounded off: a root is steep at zero


class Fair(Grouped):
    """For tasks that answer with probabilities of classes. Each group's mean of sharpened probabilities, which stand
    for decisions, is drawn towards the mean of all groups; what chance alone adds to a difference is taken off.
    """

    strength: float = Option(0.2, ge=0)
    """Of the penalty: so much loss is a difference of one worth."""
    criterion: Literal["equalized-odds", "demographic-parity"] = "equalized-odds"
    """What is to be alike: rates within each true class, or rates over all examples."""
    sharpness: float = Option(8.0, ge=1)
    """Power of probabilities in the penalty: the higher, the nearer to decisions."""

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        net = self.inner.build(fields, backbone)
        net.register_buffer(BUFFER, torch.tensor(fields[self.group].counts, dtype=torch.float32))
        return net

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        if not net.training:
            return self.inner.loss(net, batch, turn)
        once, slot = Once(net), self.label()
        found = self.inner.loss(once, batch, turn)
        scores = self.inner.predict(once, batch).scores
        if scores is None or slot is None:
            raise Fault("fair compares probabilities of classes", "leave fair out; balanced-groups fits every task")
        sharp = scores.clamp(min=TINY).log().mul(self.sharpness).softmax(-1)
        truth = batch[slot]
        strata = truth if self.criterion == "equalized-odds" else torch.zeros_like(truth)
        penalty = differences(sharp, strata, batch[self.group], (scores.shape[1], len(getattr(net, BUFFER))))
        each = found.each + self.strength * penalty * found.units.to(found.each)
        return Loss(each, found.units, {**found.parts, "unfairness": penalty.detach().expand_as(found.each)})

    def label(self) -> Slot[Category] | None:
        """The slot of the classes."""
        found = (slot for slot in self.slots() if slot.side == "target" and isinstance(slot.field, Category))
        return next(found, None)


def differences(scores: Tensor, strata: Tensor, group: Tensor, sizes: tuple[int, int]) -> Tensor:
    """Root of the mean squared distance of groups' mean scores [B, K] from their stratum's, summed over strata: [].

    `sizes` = classes and groups. Each cell's squared distance is lessened by the variance of its mean, so that groups
    which differ by chance only are not punished for being few.
    """
    classes, groups = sizes
    cells = strata * groups + group
    count = torch.zeros(classes * groups, device=scores.device, dtype=scores.dtype)
    count = count.index_add(0, cells, torch.ones_like(scores[:, 0]))
    nothing = torch.zeros(classes * groups, scores.shape[1], device=scores.device, dtype=scores.dtype)
    total, squares = nothing.index_add(0, cells, scores), nothing.index_add(0, cells, scores.square())
    there = count.clamp(min=1)[:, None]
    mean = (total / there).view(classes, groups, -1)
    chance = ((squares / there - (total / there).square()) / (there - 1).clamp(min=1)).view(classes, groups, -1)
    known = (count > 1).view(classes, groups, 1)
    middle = (mean * known).sum(1, keepdim=True) / known.sum(1, keepdim=True).clamp(min=1)
    apart = ((mean - middle).square() - chance) * known
    squared = apart.sum(1).sum(-1) / known.sum(1)[:, 0].clamp(min=1)
    return ((squared.clamp(min=0) + ROUND**2).sqrt() - ROUND).sum()
