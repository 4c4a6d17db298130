"""Pace: whether one processor thread or all of them make the quicker step, found by trying."""

import time
from copy import deepcopy

import torch
from torch import nn

from brainwright.data.slots import Batch
from brainwright.tasks.task import Task, Turn
from brainwright.training.devices import Place, processors

ROUNDS = 3  # tries of each number; the best counts, since a busy machine only ever slows a try
GAIN = 1.1  # more threads must be quicker by this, or they are left to others
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


def tried(task: Task, net: nn.Module, batch: Batch, at: Place) -> float:
    """Seconds of one forward and backward of every player."""
    started = time.perf_counter()
    for player in task.players():
        with at.arithmetic():
            loss = task.loss(net, batch, Turn(player.name, 0, 0.0))
        loss.each.float().sum().backward()
    net.zero_grad()
    return time.perf_counter() - started
