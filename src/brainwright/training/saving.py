"""Saving: checkpoints written beside the training, one at a time, and no more often than they may cost."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from torch import Tensor

from brainwright.training.checkpoints import write_tensors

SHARE = 0.02  # of the time that checkpoints may take

Kept = tuple[Mapping[str, Tensor], Mapping[str, Any]]
"""Tensors that nobody changes any more, and plain facts."""


class Saver:
    """Writes to one path; `wish` is the seconds between two checkpoints, 0 = only when told to."""

    def __init__(self, path: Path, wish: float) -> None:
        self.path, self.wish, self.cost = path, wish, 0.0
        self.last = time.monotonic()
        self.writer = ThreadPoolExecutor(1, "checkpoint")
        self.running: Future[float] | None = None

    def due(self) -> bool:
        """Whether it is time for another one.

        Raises:
            Fault: the last one could not be written.
        """
        if self.running is not None and self.running.done():
            self.wait()
        ready = self.wish > 0 and self.running is None
        return ready and time.monotonic() - self.last > max(self.wish, self.cost / SHARE)

    def begin(self, take: Callable[[], Kept]) -> None:
        """Take what is to be kept now, and write it while the training goes on.

        Raises:
            Fault: the one before could not be written.
        """
        self.wait()
        self.last = time.monotonic()
        tensors, facts = take()
        self.cost = time.monotonic() - self.last
        self.running = self.writer.submit(self.write, tensors, facts)

    def write(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> float:
        """Seconds that the writing took."""
        started = time.monotonic()
        write_tensors(self.path, tensors, facts)
        return time.monotonic() - started

    def wait(self) -> None:
        """Until what was begun is on the disk.

        Raises:
            Fault: it could not be written.
        """
        if self.running is not None:
            running, self.running = self.running, None
            self.cost += running.result()
