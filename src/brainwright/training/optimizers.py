"""Optimizers by name; Muon is our own few lines, the others are torch's fused ones."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from brainwright.training.options import Training

NEWTON = (3.4445, -4.7750, 2.0315)  # quintic that pushes singular values to 1 (Jordan 2024, Muon)


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal: for matrices and filters (Jordan 2024).

    The step is scaled by max(1, rows / columns) ** .5, so that its size does not depend on a layer's shape.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float, momentum: float) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(weight)
                buffer = state["momentum_buffer"]
                buffer.lerp_(weight.grad, 1 - group["momentum"])
                update = orthogonal(weight.grad.lerp(buffer, group["momentum"]).flatten(1))
                scale = max(1.0, update.shape[0] / update.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
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


def optimizer(groups: list[dict[str, Any]], how: Training, momentum: float) -> torch.optim.Optimizer:
    """The optimizer of some parameter groups; `momentum` is the player's (Adam's first beta)."""
    fused = all(weight.device.type in ("cpu", "cuda") for group in groups for weight in group["params"])
    if how.optimizer == "sgd":
        return torch.optim.SGD(groups, how.lr, how.momentum, nesterov=how.momentum > 0, fused=fused)
    return torch.optim.AdamW(groups, how.lr, (momentum, 0.99), eps=1e-8, fused=fused)
