"""Limits: the least time that a step could take on this machine, by what it must compute, move, call and gather.

Rooflines (Williams, Waterman and Patterson 2009), every height measured here and now: what a data sheet promises is not
what a shared machine gives.
"""

import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch

from brainwright.models.describing import Counter
from brainwright.training.learner import Learner
from brainwright.training.pace import tried

SIDE = 768  # of the square matrices whose product shows the peak
LARGEST = 2**26  # bytes of the largest copy that is timed
PATIENCE = 0.1  # seconds that each height may take
ROOFS = {
    "compute": "the products, at the peak speed that one large product reaches",
    "memory": "what the operations read and write, at the speed of a copy of their mean size",
    "calls": "starting that many operations, at the time that an empty one takes",
    "data": "gathering and changing the step's batch",
}


@dataclass(frozen=True)
class Limit:
    """Seconds of a step as it was measured, and the seconds that each roof alone would ask for."""

    step: float
    roofs: Mapping[str, float]

    @property
    def binds(self) -> str:
        """The roof that asks for most."""
        return max(self.roofs, key=lambda name: self.roofs[name])

    @property
    def fraction(self) -> float:
        """Least seconds of a step over those it took: 1 = nothing is left to gain without other work."""
        return self.roofs[self.binds] / self.step

    @property
    def told(self) -> str:
        """One line."""
        least = self.roofs[self.binds]
        return (
            f"a step takes {self.step * 1000:.3g} ms, {self.fraction:.0%} of what this machine allows "
            f"({least * 1000:.3g} ms; {self.binds} binds: {ROOFS[self.binds]})"
        )


def limit(learner: Learner, step: float) -> Limit:
    """Find every roof of a learner's step that took `step` seconds; the learner is left as it was."""
    at, task = learner.at, learner.job.task
    state = torch.get_rng_state()
    data = quickest(lambda: learner.group(0, 0.0), at.wait)
    group = learner.group(0, 0.0)
    net = deepcopy(learner.net).train()
    with Counter() as counter:
        for batch in group:
            tried(task, net, batch, at)
    torch.set_rng_state(state)
    kind = torch.bfloat16 if at.half else torch.float32
    square = torch.ones(SIDE, SIDE, dtype=kind, device=at.device)
    peak = 2 * SIDE**3 / quickest(lambda: square @ square, at.wait)
    tiny = torch.zeros(1, device=at.device)
    call = quickest(lambda: [tiny.add_(1.0) for _ in range(100)], at.wait) / 100
    size = min(LARGEST, max(8, counter.moved // max(1, counter.calls) // 2))
    source, there = (torch.zeros(size, dtype=torch.uint8, device=at.device) for _ in range(2))
    copy = max(0.0, quickest(lambda: there.copy_(source), at.wait) - call) / (2 * size)
    roofs = {
        "compute": counter.total / peak,
        "memory": counter.moved * copy,
        "calls": counter.calls * call,
        "data": data,
    }
    return Limit(step, roofs)


def quickest(work: Callable[[], object], wait: Callable[[], None]) -> float:
    """Least seconds of some work, over at least three tries: a busy machine only ever slows one."""
    best, began, tries = float("inf"), time.perf_counter(), 0
    while tries < 3 or time.perf_counter() - began < PATIENCE:
        wait()
        started = time.perf_counter()
        work()
        wait()
        best = min(best, time.perf_counter() - started)
        tries += 1
    return best
