"""Learn from every group alike, however few its members: losses are weighed by one over the group's share."""

import torch
from torch import nn

from brainwright.data.slots import Batch, Fields
from brainwright.models.backbone import Backbone
from brainwright.tasks.task import Loss, Net, Turn
from brainwright.techniques.technique import Grouped

BUFFER = "group_weights"  # kept with the net, which knows the fitted groups


class BalancedGroups(Grouped):
    """For every task whose data tell groups. Weights are 1 on average, so the pace of learning stays."""

    ceiling: float = 10.0
    """No group's weight is larger, so that a handful of examples does not lead."""

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        net = self.inner.build(fields, backbone)
        counts = torch.tensor(fields[self.group].counts, dtype=torch.float64)
        weights = (counts.sum() / ((counts > 0).sum() * counts.clamp(min=1))).clamp(max=self.ceiling)
        net.register_buffer(BUFFER, (weights * counts.sum() / (weights * counts).sum().clamp(min=1)).float())
        return net

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        found = self.inner.loss(net, batch, turn)
        if not net.training:
            return found
        return Loss(found.each * getattr(net, BUFFER)[batch[self.group]], found.units, found.parts)
