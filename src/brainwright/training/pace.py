"""Pace: whether one processor thread or all make the quicker step, and in which arithmetic, found by trying."""

import time
from copy import deepcopy
from dataclasses import replace

import torch
from torch import nn

from brainwright.data.slots import Batch
from brainwright.tasks.task import Task, Turn
from brainwright.training.devices import Place, has_bfloat16, processors

ROUNDS = 3  # tries of each number; the best counts, since a busy machine only ever slows a try
TRIES = 30  # of each arithmetic, at most
GAIN = 1.1  # more threads, or coarser arithmetic, must be quicker by this
PATIENCE = 1.0  # seconds for one try, after which no further round is made


def quickest_threads(task: Task, net: nn.Module, batch: Batch, at: Place) -> tuple[int, str]:
    """Threads to train with, and the reason. On a busy machine one is often quicker than all (OpenMP waits spinning).

    The net is left untouched: its copy makes the tries, forward and backward, for every player.
    """
    most = processors()
    if most == 1:
        return 1, "one processor is all there is"
    copy = deepcopy(net).to(at.device).train()
    state = torch.get_rng_state()
    times = {1: float("inf"), most: float("inf")}
    moved = batch.to(at.device)
    tried(task, copy, moved, at)  # the first pass allocates
    for _ in range(ROUNDS):
        for threads in times:
            torch.set_num_threads(threads)
            times[threads] = min(times[threads], tried(task, copy, moved, at))
        if max(times.values()) > PATIENCE:
            break
    torch.set_rng_state(state)
    best = most if times[most] * GAIN < times[1] else 1
    torch.set_num_threads(best)
    told = ", ".join(f"{threads} took {seconds * 1000:.3g} ms" for threads, seconds in times.items())
    return best, f"a step's forward and backward with {told}"


def quickest_arithmetic(task: Task, net: nn.Module, batch: Batch, at: Place) -> tuple[str, str]:
    """Precision to train in, and the reason. Small nets lose more time by casting than their products gain.

    The net is left untouched: its copies make the tries, as many as fit into half a second.
    """
    if not has_bfloat16(at.device.type):
        return "float32", "the hardware does not multiply in bfloat16"
    state = torch.get_rng_state()
    moved = batch.to(at.device)
    places = {"float32": replace(at, half=False), "bfloat16": replace(at, half=True)}
    copy = deepcopy(net).to(at.device).train()
    for place in places.values():
        tried(task, copy, moved, place)
    times = dict.fromkeys(places, float("inf"))
    started = time.perf_counter()
    for _ in range(TRIES):
        for name, place in places.items():
            times[name] = min(times[name], tried(task, copy, moved, place))
        if time.perf_counter() - started > PATIENCE / 2:
            break
    torch.set_rng_state(state)
    best = "bfloat16" if times["bfloat16"] * GAIN < times["float32"] else "float32"
    told = ", ".join(f"{name} took {seconds * 1000:.3g} ms" for name, seconds in times.items())
    return best, f"a step's forward and backward in {told}"


def tried(task: Task, net: nn.Module, batch: Batch, at: Place) -> float:
    """Seconds of one forward and backward of every player."""
    at.wait()
    started = time.perf_counter()
    for player in task.players():
        with at.arithmetic():
            loss = task.loss(net, batch, Turn(player.name, 0, 0.0))
        loss.each.float().sum().backward()
    net.zero_grad()
    at.wait()
    return time.perf_counter() - started
