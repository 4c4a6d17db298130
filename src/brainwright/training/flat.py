"""Flat: a player's weights in one tensor and their gradients in another: one kernel does what took one a weight."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

ALIGNED = 16  # numbers: each weight begins on a cache line of 64 bytes of float32


class Flat:
    """`values` [n] and `gradients` [n]; the weights become views of the one, and their gradients of the other.

    Nothing else changes for a weight: its name, shape, layout (channels last, say) and saved form stay.
    """

    def __init__(self, weights: Sequence[nn.Parameter]) -> None:
        starts = [0]
        for weight in weights:
            starts.append(starts[-1] - -weight.numel() // ALIGNED * ALIGNED)
        self.weights, self.starts = list(weights), starts
        self.values = torch.zeros(starts[-1], dtype=weights[0].dtype, device=weights[0].device)
        self.gradients = torch.zeros_like(self.values)
        self.views = [laid(self.gradients, weight, start) for weight, start in zip(weights, starts, strict=False)]
        for weight, start, view in zip(weights, starts, self.views, strict=False):
            weight.data = laid(self.values, weight, start).copy_(weight.detach())
            weight.grad = view

    def piece(self, first: int, count: int) -> Tensor:
        """Some neighbouring weights as one tensor, whose `grad` is theirs."""
        part = slice(self.starts[first], self.starts[first + count])
        values = self.values[part]
        values.grad = self.gradients[part]
        return values

    @torch.no_grad()
    def gather(self) -> None:
        """Bring back gradients that somebody replaced or set to none; autograd itself adds in place."""
        for weight, view in zip(self.weights, self.views, strict=True):
            if weight.grad is not view:
                view.zero_() if weight.grad is None else view.copy_(weight.grad)
                weight.grad = view


def laid(flat: Tensor, weight: Tensor, start: int) -> Tensor:
    """The stretch of a flat tensor from `start`, in a weight's shape and layout."""
    return flat.as_strided(weight.shape, torch.empty_like(weight).stride(), start)


@torch.no_grad()
def beside(weights: Sequence[nn.Parameter], copies: Sequence[nn.Parameter]) -> tuple[list[Tensor], list[Tensor]]:
    """The memory behind some weights as flat tensors [n], and that of their copies, which are laid out alike."""
    found: dict[int, tuple[Tensor, Tensor]] = {}
    for weight, copy in zip(weights, copies, strict=True):
        memory = weight.untyped_storage()
        if memory.data_ptr() not in found:
            flat = weight.detach().as_strided((memory.nbytes() // weight.element_size(),), (1,), 0)
            found[memory.data_ptr()] = flat, flat.clone()
        copy.data = found[memory.data_ptr()][1].as_strided(weight.shape, weight.stride(), weight.storage_offset())
        copy.grad = None
    return [pair[0] for pair in found.values()], [pair[1] for pair in found.values()]
