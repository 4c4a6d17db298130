"""Learn from pictures with a rectangle of another pasted in, whose answers count by their areas (Yun et al. 2019)."""

import torch
from pydantic import Field as Option
from torch import Tensor

from brainwright.data.slots import Batch
from brainwright.errors import Fault
from brainwright.models.once import Once
from brainwright.tasks.task import Loss, Net, Turn
from brainwright.techniques.technique import Technique, blended, partnered, share


class Cutmix(Technique):
    """For every task whose inputs are pictures. The net runs once; the loss is asked twice."""

    beta: float = Option(1.0, ge=0.05, le=10)
    """How often the two count alike: the share of the first is drawn from Beta(beta, beta)."""

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        if not net.training:
            return self.inner.loss(net, batch, turn)
        partners = torch.randperm(len(batch))
        sides = (1 - share(self.beta, len(batch))).sqrt()  # of the rectangle
        middles = torch.rand(2, len(batch))
        pasted: dict[str, Tensor] = {}
        for slot in self.slots():
            if slot.side == "input":
                pixels = batch[slot]
                if not isinstance(pixels, Tensor) or pixels.ndim != 4:
                    raise Fault(f"cutmix cuts pictures, not {slot.field.word()}", "leave cutmix out for this task")
                hole = rectangles(pixels.shape[2], pixels.shape[3], sides, middles).to(pixels.device)
                pasted[slot.name] = torch.where(hole[:, None], pixels[partners.to(pixels.device)], pixels)
        once, given = Once(net), batch | pasted
        mine = self.inner.loss(once, given, turn)
        other = self.inner.loss(once, given | partnered(self, batch, partners), turn)
        return blended(mine, other, 1 - hole.float().mean((1, 2)))


def rectangles(height: int, width: int, sides: Tensor, middles: Tensor) -> Tensor:
    """Bool [B, height, width], true in a rectangle of `sides` [B] times the picture's, about `middles` [2, B] of it."""
    inside = [
        ((torch.arange(length) + 0.5 - middle[:, None] * length).abs() < sides[:, None] * length / 2)
        for length, middle in ((height, middles[0]), (width, middles[1]))
    ]
    return inside[0][:, :, None] & inside[1][:, None]
