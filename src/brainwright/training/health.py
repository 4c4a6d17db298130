"""How each layer fares: gradient against weight, and the share of activations that never speak."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from brainwright.data.slots import Batch
from brainwright.tasks.task import Task, Turn
from brainwright.training.devices import Place

SILENT = 1e-6  # an activation below this on every example of a batch is dead
DEAD = 0.95  # share of a layer's units that say nothing on any example


@dataclass(frozen=True)
class Layer:
    """One parameter-bearing layer on one training batch."""

    name: str
    weight: float
    """Root mean square of the weights."""
    gradient: float
    """Root mean square of the gradient of the mean loss."""
    silent: float
    """Share of the layer's outputs that are zero for every example."""


def layers(task: Task, net: nn.Module, batch: Batch, at: Place) -> list[Layer]:
    """Look at every layer that has weights, on one batch; the net is left as it was."""
    silent: dict[str, float] = {}
    bearing = {name: module for name, module in net.named_modules() if list(module.parameters(recurse=False))}

    def watch(name: str) -> object:
        def keep(module: nn.Module, given: object, out: object) -> None:
            if isinstance(out, Tensor) and out.ndim > 1:
                silent[name] = float((out.detach().abs().amax(0) < SILENT).float().mean())

        return bearing[name].register_forward_hook(keep)

    handles = [watch(name) for name in bearing]
    kept = [weight.requires_grad for weight in net.parameters()]
    net.requires_grad_(True).train()
    states = {name: buffer.clone() for name, buffer in net.named_buffers()}
    for player in task.players():
        loss = task.loss(net, batch.to(at.device), Turn(player.name, 0, 1.0))
        (loss.each.sum() / loss.units.sum().clamp(min=1)).backward()
    found = [
        Layer(name, rms(list(module.parameters(recurse=False))), rms(gradients(module)), silent.get(name, 0.0))
        for name, module in bearing.items()
    ]
    for handle in handles:
        handle.remove()  # type: ignore[attr-defined]
    for weight, wanted in zip(net.parameters(), kept, strict=True):
        weight.requires_grad_(wanted).grad = None
    for name, buffer in net.named_buffers():
        buffer.copy_(states[name])
    net.eval()
    return found


def gradients(module: nn.Module) -> list[Tensor]:
    """Gradients of a module's own weights."""
    return [weight.grad for weight in module.parameters(recurse=False) if weight.grad is not None]


@torch.no_grad()
def rms(tensors: list[Tensor]) -> float:
    """Root mean square of all their numbers; 0 for none."""
    count = sum(tensor.numel() for tensor in tensors)
    return float((sum(tensor.double().square().sum() for tensor in tensors) / count) ** 0.5) if count else 0.0


def dead(task: Task, net: nn.Module, batch: Batch, at: Place) -> str:
    """The first layer of activations nearly all of which are zero for every example of a batch; "" for none."""
    found: list[str] = []

    def watch(name: str) -> object:
        def keep(module: nn.Module, given: object, out: object) -> None:
            if isinstance(out, Tensor) and out.ndim > 1 and out.is_floating_point():
                silent = float((out.detach().abs().amax(0) < SILENT).float().mean())
                if silent > DEAD:
                    found.append(name)

        return keep

    watched = deepcopy(net).to(at.device).eval()
    for name, module in watched.named_modules():
        if not list(module.children()) and not list(module.parameters()) and not list(module.buffers()):
            module.register_forward_hook(watch(name))
    with torch.no_grad():
        for player in task.players():
            task.loss(watched, batch.to(at.device), Turn(player.name, 0, 0.0))
    return found[0] if found else ""
