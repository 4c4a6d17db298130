"""Adapters: a narrow detour beside each linear layer of a frozen net, which alone is learned (LoRA)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FRESH = ("down", "up")  # the names of the weights that an adapter adds


class Adapted(nn.Linear):
    """x W + x A B, where only A and B learn; B starts at zero, so that nothing has changed (Hu et al. 2021)."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__(linear.in_features, linear.out_features, linear.bias is not None)
        self.load_state_dict(linear.state_dict())
        self.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, linear.in_features) * linear.in_features**-0.5)
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, values: Tensor) -> Tensor:
        return super().forward(values) + F.linear(F.linear(values, self.down), self.up)


def adapted(net: nn.Module, rank: int) -> int:
    """Give every linear layer inside a module an adapter of this rank; how many there are now."""
    count = 0
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.Linear) and not isinstance(module, Adapted):
            home, _, last = name.rpartition(".")
            setattr(net.get_submodule(home), last, Adapted(module, rank))
            count += 1
    return count
