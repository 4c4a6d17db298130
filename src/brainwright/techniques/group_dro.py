"""Learn most from the group that fares worst: distributionally robust over groups (Sagawa et al. 2020)."""

import torch
from pydantic import Field as Option
from torch import nn

from brainwright.data.slots import Batch, Fields
from brainwright.models.backbone import Backbone
from brainwright.tasks.task import Loss, Net, Turn
from brainwright.techniques.technique import Grouped

BUFFER = "group_doubts"  # kept with the net, so that checkpoints hold it


class GroupDro(Grouped):
    """Weights of groups grow with their loss, by exponentiated gradient ascent (algorithm 1). It needs a net that is
    kept from knowing its training examples by heart (weight decay, early stopping), as its authors say.
    """

    ascent: float = Option(0.05, gt=0, le=1)
    """How fast a group's weight grows with its loss."""

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        net = self.inner.build(fields, backbone)
        there = torch.tensor(fields[self.group].counts) > 0
        net.register_buffer(BUFFER, there.float() / there.sum().clamp(min=1))
        return net

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        found = self.inner.loss(net, batch, turn)
        if not net.training:
            return found
        doubts, group = getattr(net, BUFFER), batch[self.group]
        sums = torch.zeros_like(doubts).index_add(0, group, found.each.detach().to(doubts))
        units = torch.zeros_like(doubts).index_add(0, group, found.units.to(doubts))
        if turn.player == self.players()[-1].name:
            with torch.no_grad():
                doubts.mul_((self.ascent * sums / units.clamp(min=1)).exp())
                doubts.div_(doubts.sum())
        weights = doubts * units.sum() / units.clamp(min=1)  # so that the batch's mean is the groups' weighted mean
        return Loss(found.each * weights[group], found.units, found.parts)
