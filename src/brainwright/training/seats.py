"""A seat per player: its own weights, their optimizers, and the rate of each group of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from brainwright.tasks.task import Player, Task
from brainwright.training.alarm import Alarm
from brainwright.training.crew import Crew
from brainwright.training.flat import Flat
from brainwright.training.job import Job
from brainwright.training.optimizers import Muon, Optimizer, optimizer
from brainwright.training.options import Training
from brainwright.training.schedules import share

PROBES = tuple(step / 20 for step in range(21))  # where rate curves are compared, to put equal ones into one group


@dataclass(frozen=True)
class Seat:
    """A player at the table."""

    player: Player
    optimizers: Sequence[Optimizer]
    flat: Flat
    """Its weights and their gradients."""
    others: Sequence[nn.Parameter]
    """Everybody else's weights: frozen while this player moves."""
    alarm: Alarm
    """While it rings no weight moves."""
    crew: Crew
    """Whose gradients are summed."""

    def groups(self) -> Iterator[dict[str, Any]]:
        """Parameter groups of all its optimizers; each bears the name of its first parameter."""
        for one in self.optimizers:
            yield from one.param_groups

    @contextmanager
    def acting(self, task: Task, progress: float) -> Iterator[None]:
        """While this player moves, nobody else's weights gather gradients, nor do its own that are held still."""
        held = [one for group in self.groups() if not rate(task, group, progress) for one in group["weights"]]
        still = [*self.others, *held]
        for weight in still:
            weight.requires_grad_(False)
        try:
            yield
        finally:
            for weight in still:
                weight.requires_grad_(True)

    def slow(self, share: float) -> None:
        """Learn from now on at this share of the rate so far."""
        for group in self.groups():
            group["peak"] *= share

    def forget(self) -> None:
        """Forget a gradient that was not used."""
        self.flat.gather()
        self.flat.gradients.zero_()

    @torch.no_grad()
    def step(self, task: Task, how: Training, progress: float, sums: Tensor) -> Tensor:
        """Divide the summed gradient once by the units, shorten it, move the weights, forget the gradient.

        `sums` [2] are the summed loss and the units, of this process before and of all after; gives the gradient's
        length [] before it was shortened. Nothing moves when the loss or the length is no finite number.
        """
        self.flat.gather()
        gradients = self.flat.gradients
        self.crew.sum([sums, gradients])
        scale = 1 / sums[1].clamp(min=1)
        length: Tensor = gradients.norm() * scale
        self.alarm.hear(length + sums[0])
        if how.clip:
            scale = scale * (how.clip / (length + 1e-6)).clamp(max=1)
        gradients.mul_(scale)
        peak = share(how.schedule, how.warmup, progress)
        for group in self.groups():
            group["lr"] = group["peak"] * peak * rate(task, group, progress)
        for one in self.optimizers:
            one.step()
        gradients.zero_()
        return length


def seat(player: Player, job: Job, net: nn.Module, alarm: Alarm) -> Seat:
    """Give a player its weights and their optimizers, which heed the alarm."""
    task, how = job.task, job.how
    mine = {
        f"{part}.{name}".strip("."): weight
        for part in player.modules
        for name, weight in net.get_submodule(part).named_parameters()
        if weight.requires_grad
    }
    places = places_of(net)
    own = {id(weight) for weight in mine.values()}
    others = [weight for weight in net.parameters() if id(weight) not in own and weight.requires_grad]
    turned = hidden_matrices(net) & own if how.optimizer == "muon" else set()
    plain = grouped({name: one for name, one in mine.items() if id(one) not in turned}, places, task, how)
    matrices = grouped({name: one for name, one in mine.items() if id(one) in turned}, places, task, how)
    for group in matrices:
        group["peak"] *= MUON_RATE
    flat = Flat([weight for group in [*plain, *matrices] for weight in group["params"]])
    start = 0
    for group in plain:
        count = len(group["weights"])
        group["params"] = [flat.piece(start, count)]
        start += count
    optimizers = [optimizer(plain, how, player.momentum)] if plain else []
    optimizers += [Muon(matrices, how.momentum)] if matrices else []
    for one in optimizers:
        one.barred = alarm.found
    return Seat(player, optimizers, flat, others, alarm, job.crew)


MUON_RATE = 10.0  # Muon's rate over AdamW's, so that one --lr serves both (its steps have unit singular values)


def grouped(
    weights: Mapping[str, nn.Parameter], places: Mapping[int, float], task: Task, how: Training
) -> list[dict[str, Any]]:
    """Weights whose rate and decay run alike, together: vectors are not decayed."""
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for name, weight in weights.items():
        decay, place = how.weight_decay if weight.ndim >= 2 else 0.0, places[id(weight)]
        key = (decay, *(task.lr_scale(name, place, probe) for probe in PROBES))
        fresh = {"weights": [], "name": name, "place": place, "weight_decay": decay, "lr": how.lr, "peak": how.lr}
        groups.setdefault(key, fresh)["weights"].append(weight)
    for group in groups.values():
        group["params"] = list(group["weights"])
    return list(groups.values())


def rate(task: Task, group: Mapping[str, Any], progress: float) -> float:
    """The multiplier of a group's learning rate."""
    return task.lr_scale(group["name"], group["place"], progress)


def places_of(net: nn.Module) -> dict[int, float]:
    """Where each weight stands in the net, by its id: 0 the first that is defined, 1 the last."""
    weights = list(net.parameters())
    return {id(weight): index / max(1, len(weights) - 1) for index, weight in enumerate(weights)}


def hidden_matrices(net: nn.Module) -> set[int]:
    """Ids of the weights of linear and convolution layers: what Muon turns. Embeddings and read-outs are not."""
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    return {
        id(module.weight) for module in net.modules() if isinstance(module, kinds) and min(module.weight.shape[:2]) > 1
    }
