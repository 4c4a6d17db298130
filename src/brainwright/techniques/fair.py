"""Learn answers whose rates are alike in every group: a penalty on equalized odds or demographic parity in the loss."""

from typing import Literal

import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.fields.category import Category
from brainwright.data.slots import Batch, Fields, Slot
from brainwright.errors import Fault
from brainwright.metrics.fair_loss import FairLoss
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.models.once import Once
from brainwright.tasks.task import Loss, Net, Turn
from brainwright.techniques.technique import Grouped

BUFFER = "group_gaps"  # kept with the net, so that checkpoints hold it
TINY = 1e-6
MEMORY = 0.9  # of a running mean: ten batches, since one holds too few of a small group to tell gap from chance
ROUND = 0.03  # a gap below this pulls less than in full, so that the pull does not flicker about zero


class Fair(Grouped):
    """For tasks that answer with probabilities of classes. Each group's mean of sharpened probabilities, which stand
    for decisions, is drawn towards the mean of all groups, in the direction that a running mean of the gap shows.
    """

    strength: float = Option(0.3, ge=0)
    """Of the penalty: so much loss is a gap of one worth."""
    criterion: Literal["equalized-odds", "demographic-parity"] = "equalized-odds"
    """What is to be alike: rates within each true class, or rates over all examples."""
    sharpness: float = Option(4.0, ge=1)
    """Power of probabilities in the penalty: the higher, the nearer to decisions."""

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        net = self.inner.build(fields, backbone)
        slot = self.label()
        classes = len(getattr(fields[slot], "classes", ())) if slot else 0
        net.register_buffer(BUFFER, torch.zeros(classes, len(fields[self.group].classes), classes))
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
        running = getattr(net, BUFFER)
        apart, known = distances(sharp, strata, batch[self.group], running.shape)
        with torch.no_grad():
            running.copy_(torch.where(known, running.lerp(apart.to(running), 1 - MEMORY), running))
        pull = running / (running.square() + ROUND**2).sqrt()
        penalty = (pull * apart).sum((1, 2)).div(known.sum((1, 2)).clamp(min=1)).sum()
        each = found.each + self.strength * penalty * found.units.to(found.each)
        return Loss(each, found.units, {**found.parts, "unfairness": penalty.detach().expand_as(found.each)})

    def metrics(self) -> tuple[Metric, ...]:
        slot = self.label()
        if slot is None:
            return self.inner.metrics()
        within = self.criterion == "equalized-odds"
        return FairLoss(
            slot=slot.name, group=self.group.name, strength=self.strength, strata=within
        ), *self.inner.metrics()

    def label(self) -> Slot[Category] | None:
        """The slot of the classes."""
        found = (slot for slot in self.slots() if slot.side == "target" and isinstance(slot.field, Category))
        return next(found, None)


def distances(scores: Tensor, strata: Tensor, group: Tensor, shape: torch.Size) -> tuple[Tensor, Tensor]:
    """How far each group's mean score [B, K] in a stratum is from the mean of that stratum's groups, and which groups
    the batch holds: [strata, groups, K] and [strata, groups, 1].
    """
    cells = strata * shape[1] + group
    count = torch.zeros(shape[0] * shape[1], device=scores.device, dtype=scores.dtype)
    count = count.index_add(0, cells, torch.ones_like(scores[:, 0]))
    total = torch.zeros(len(count), shape[2], device=scores.device, dtype=scores.dtype).index_add(0, cells, scores)
    mean = (total / count.clamp(min=1)[:, None]).view(shape)
    known = (count > 0).view(shape[0], shape[1], 1)
    middle = (mean * known).sum(1, keepdim=True) / known.sum(1, keepdim=True).clamp(min=1)
    return (mean - middle) * known, known
