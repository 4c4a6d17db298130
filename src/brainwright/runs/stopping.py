"""Stopping: what Ctrl-C and a request to end (SIGTERM) do to a run: no step is lost, and one line says how to go on."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brainwright.errors import Stopped
from brainwright.training.loop import Loop

USUAL: Mapping[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
"""Signals that are heeded, and who heeds them where nobody was asked."""


class Signals:
    """The first signal while a loop is at work ends that loop after its step; any other ends the run at once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.heard = folder, 0
        self.loops: list[Loop] = []

    def __call__(self, number: int, _: object) -> None:
        """Heed one.

        Raises:
            Stopped: no loop is at work, or it was told already.
        """
        if self.heard or not self.loops:
            raise self.stopped("stopped", number)
        self.heard = number
        for loop in self.loops:
            loop.stop()

    def stopped(self, what: str, number: int) -> Stopped:
        """The end, with the line that says how to go on."""
        return Stopped(f"{what}; go on with it: brainwright train --resume {self.folder}", 128 + number)


@contextmanager
def heeding(folder: Path) -> Iterator[Signals]:
    """Heed both signals, where this is the main thread and nobody else does."""
    heard = Signals(folder)
    mine = {number for number, usual in USUAL.items() if signal.getsignal(number) is usual}
    if threading.current_thread() is not threading.main_thread():
        mine = set()
    for number in mine:
        signal.signal(number, heard)
    try:
        yield heard
    finally:
        for number in mine:
            signal.signal(number, USUAL[number])
