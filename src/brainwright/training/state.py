"""State: every tensor that a training changes (weights, their average, the optimizers' memory), by name."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from brainwright.training.average import Average
from brainwright.training.optimizers import Optimizer


class State:
    """Takes all of it aside, and puts it back in place, to the bit."""

    def __init__(self, net: nn.Module, average: Average, optimizers: Sequence[Optimizer]) -> None:
        nets = {"net": net} | ({"average": average.net} if average.decay else {})
        self.nets, self.optimizers = nets, tuple(optimizers)
        every = [tensor for one in nets.values() for tensor in one.state_dict().values() if tensor.is_floating_point()]
        self.watched = [tensor for tensor in every if finite([tensor])]  # a net may hold infinities by design

    def aside(self) -> dict[str, Tensor]:
        """Copies on the processor."""
        there = {f"{name}/{key}": one for name, net in self.nets.items() for key, one in net.state_dict().items()}
        for index, optimizer in enumerate(self.optimizers):
            there |= memory(optimizer, f"optimizer{index}")
        return {name: tensor.detach().to("cpu", copy=True) for name, tensor in there.items()}

    def put_back(self, tensors: Mapping[str, Tensor]) -> None:
        """What `aside` gave, or a file of it."""
        for name, net in self.nets.items():
            net.load_state_dict(under(f"{name}/", tensors))
        for index, optimizer in enumerate(self.optimizers):
            remind(optimizer, under(f"optimizer{index}/", tensors))

    def finite(self) -> bool:
        """Whether all weights are finite numbers."""
        return finite(self.watched)


@torch.no_grad()
def finite(tensors: Sequence[Tensor]) -> bool:
    """Whether all of these are, with one transfer from the device."""
    filled = [tensor for tensor in tensors if tensor.numel()]
    return not filled or bool(torch.stack(torch._foreach_norm(filled, torch.inf)).isfinite().all())


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose name begins so, without the beginning."""
    return {name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)}


def memory(optimizer: Optimizer, prefix: str) -> dict[str, Tensor]:
    """An optimizer's memory, as PREFIX/WEIGHT/NAME."""
    return {
        f"{prefix}/{index}/{name}": tensor
        for index, kept in optimizer.state_dict()["state"].items()
        for name, tensor in kept.items()
    }


def remind(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer its memory back."""
    kept: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition("/")
        kept.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": dict(sorted(kept.items()))})
