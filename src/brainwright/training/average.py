"""The moving average of a net's weights, which generalises better than the last step's (Polyak 1992)."""

from copy import deepcopy

import torch
from torch import nn

from brainwright.training.flat import beside


class Average:
    """A second net that follows the first; `decay` 0 makes it the first itself."""

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.source, self.decay, self.count = net, decay, 0
        self.net = deepcopy(net).requires_grad_(False) if decay else net
        if decay:
            self._from, self._to = beside(list(net.parameters()), list(self.net.parameters()))

    @torch.no_grad()
    def follow(self) -> None:
        """After a step: move towards the net; the first steps count more, so that the start is forgotten."""
        if self.decay:
            self.count += 1
            decay = min(self.decay, (1 + self.count) / (10 + self.count))
            torch._foreach_lerp_(self._to, self._from, 1 - decay)

    @torch.no_grad()
    def ready(self) -> nn.Module:
        """The averaged net for use, in evaluation mode; buffers (batch norm's statistics) are the latest."""
        if self.decay:
            for kept, fresh in zip(self.net.buffers(), self.source.buffers(), strict=True):
                kept.copy_(fresh)
        return self.net.eval()
