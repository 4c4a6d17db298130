"""Learn from weighted means of two examples, whose answers count by their weights (Zhang et al. 2018)."""

from typing import Any

import torch
from pydantic import Field as Option
from torch import Tensor

from brainwright.data.slots import Batch
from brainwright.errors import Fault
from brainwright.models.once import Once
from brainwright.tasks.task import Loss, Net, Turn
from brainwright.techniques.technique import Technique, blended, partnered, share


class Mixup(Technique):
    """For every task whose inputs may be averaged: pictures, series. The net runs once; the loss is asked twice."""

    alpha: float = Option(0.2, ge=0.05, le=10)
    """How often the two weigh alike: the share of the first is drawn from Beta(alpha, alpha)."""

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        if not net.training:
            return self.inner.loss(net, batch, turn)
        partners = torch.randperm(len(batch))
        shares = share(self.alpha, len(batch))
        mixed: dict[str, Any] = {}
        for slot in self.slots():
            if slot.side == "input":
                if not slot.field.averages:
                    raise Fault(f"mixup cannot average {slot.field.word()}", "leave mixup out for this task")
                mixed[slot.name] = averaged(batch[slot], partners, shares)
        once, given = Once(net), batch | mixed
        mine = self.inner.loss(once, given, turn)
        other = self.inner.loss(once, given | partnered(self, batch, partners), turn)
        return blended(mine, other, shares)


def averaged(values: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
    """Each of [B, ...] with its partner, float; the first counts by its share [B]."""
    weights = shares.to(values.device).view(-1, *[1] * (values.ndim - 1))
    wide = values if values.is_floating_point() else values.float()
    return wide * weights + wide[partners] * (1 - weights)
