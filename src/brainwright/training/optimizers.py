"""Optimizers by name, on torch's fused kernels; torch.optim's own load a compiler as large as the rest of torch."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from brainwright.training.options import Training

NEWTON = (3.4445, -4.7750, 2.0315)  # quintic that pushes singular values to 1 (Jordan 2024, Muon)


class Optimizer:
    """Moves the tensors of its groups along their gradients; each group brings its own rate and decay.

    `memory` holds what it remembers of each tensor, in the order of the groups.
    """

    remembers: tuple[str, ...]
    """What it keeps of each tensor, in the tensor's own shape."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.param_groups = groups
        self.memory = [{name: torch.zeros_like(one) for name in self.remembers} for one in self.tensors()]
        self.count = torch.zeros((), device=self.tensors()[0].device)
        """Steps made."""
        self.barred = torch.zeros((), dtype=torch.float32, device=self.count.device)
        """While it is 1 no tensor moves."""

    def tensors(self) -> list[Tensor]:
        """All that it moves."""
        return [tensor for group in self.param_groups for tensor in group["params"]]

    @torch.no_grad()
    def step(self) -> None:
        """Move every tensor once."""
        self.count += 1 - self.barred
        start = 0
        for group in self.param_groups:
            stop = start + len(group["params"])
            self.move(group, self.memory[start:stop])
            start = stop

    def move(self, group: dict[str, Any], memory: list[dict[str, Tensor]]) -> None:
        """Move the tensors of one group."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """What it remembers, in torch's own form: {"state": {index: {name: tensor}}}."""
        return {"state": {index: {**kept, "step": self.count} for index, kept in enumerate(self.memory)}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember what another of its kind did."""
        for kept, given in zip(self.memory, state["state"].values(), strict=True):
            self.count.copy_(given["step"])
            for name, tensor in kept.items():
                tensor.copy_(given[name])


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    remembers = ("exp_avg", "exp_avg_sq")

    def __init__(self, groups: list[dict[str, Any]], momentum: float) -> None:
        super().__init__(groups)
        self.momentum = momentum

    def move(self, group: dict[str, Any], memory: list[dict[str, Tensor]]) -> None:
        torch._fused_adamw_(
            group["params"],
            [tensor.grad for tensor in group["params"]],
            [kept["exp_avg"] for kept in memory],
            [kept["exp_avg_sq"] for kept in memory],
            [],
            [self.count] * len(memory),
            lr=group["lr"],
            beta1=self.momentum,
            beta2=0.99,
            weight_decay=group["weight_decay"],
            eps=1e-8,
            amsgrad=False,
            maximize=False,
            found_inf=self.barred,
        )


class Sgd(Optimizer):
    """Gradient descent with Nesterov momentum (Sutskever et al. 2013)."""

    remembers = ("momentum_buffer",)

    def __init__(self, groups: list[dict[str, Any]], momentum: float) -> None:
        super().__init__(groups)
        self.momentum = momentum

    def move(self, group: dict[str, Any], memory: list[dict[str, Tensor]]) -> None:
        torch._fused_sgd_(
            group["params"],
            [tensor.grad for tensor in group["params"]],
            [kept["momentum_buffer"] for kept in memory] if self.momentum else [],
            weight_decay=group["weight_decay"],
            momentum=self.momentum,
            lr=group["lr"],
            dampening=0.0,
            nesterov=self.momentum > 0,
            maximize=False,
            is_first_step=False,  # a buffer of zeros gives the same first step
            found_inf=self.barred,
        )


class Muon(Optimizer):
    """Momentum whose update is made orthogonal: for matrices and filters (Jordan 2024).

    The step is scaled by max(1, rows / columns) ** .5, so that its size does not depend on a layer's shape.
    """

    remembers = ("momentum_buffer",)

    def __init__(self, groups: list[dict[str, Any]], momentum: float) -> None:
        super().__init__(groups)
        self.momentum = momentum

    def move(self, group: dict[str, Any], memory: list[dict[str, Tensor]]) -> None:
        free = 1 - self.barred
        for weight, kept in zip(group["params"], memory, strict=True):
            buffer, gradient = kept["momentum_buffer"], torch.where(free > 0, weight.grad, 0)
            buffer.lerp_(gradient, 1 - self.momentum)
            update = orthogonal(gradient.lerp(buffer, self.momentum).flatten(1)) * free
            scale = max(1.0, update.shape[0] / update.shape[1]) ** 0.5
            weight.mul_(1 - free * (group["lr"] * group["weight_decay"]))
            weight.add_(update.view_as(weight).to(weight.dtype), alpha=-group["lr"] * scale)


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """The nearest matrix with singular values about 1 (.7 to 1.2), by Newton-Schulz rounds, [n, m] -> [n, m].

    All rounds work on the small square of products, where each is a polynomial of it: for filters, whose rows are long,
    a third of the plain rounds' time, and the same answer.
    """
    a, b, c = NEWTON
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    gram = x @ x.T
    whole = torch.eye(len(gram), dtype=x.dtype, device=x.device)
    for _ in range(rounds):
        step = torch.addmm(b * gram, gram, gram, alpha=c)
        step.diagonal().add_(a)
        whole, gram = step @ whole, step @ gram @ step
    turned: Tensor = whole @ x
    return turned.T if tall else turned


def optimizer(groups: list[dict[str, Any]], how: Training, momentum: float) -> Optimizer:
    """The optimizer of some parameter groups; `momentum` is the player's (Adam's first beta)."""
    return Sgd(groups, how.momentum) if how.optimizer == "sgd" else AdamW(groups, momentum)
