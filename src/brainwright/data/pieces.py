"""Pieces: long work over many values, shared among threads and handed back in order, with word of how far it is."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from numpy.typing import NDArray

T = TypeVar("T")
Tell: TypeAlias = Callable[[str], None]
QUIET = 5.0  # seconds without a word, at most


def silent(_: str) -> None:
    """Says nothing to nobody."""


def in_pieces(work: Callable[[NDArray[Any]], T], values: NDArray[Any], size: int) -> Iterator[T]:
    """`work` on each `size` values in turn, in threads: for work that lets go of Python's lock, as decoders do."""
    pool = ThreadPoolExecutor()
    try:
        yield from pool.map(work, (values[start : start + size] for start in range(0, len(values), size)))
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C must not wait for all that was still to be done


class Progress:
    """Tells every five seconds how much is done and how long the rest will take."""

    def __init__(self, tell: Tell, doing: str, total: int) -> None:
        self.tell, self.doing, self.total = tell, doing, total
        self.began = self.told = time.monotonic()

    def at(self, done: int) -> None:
        """So many are done."""
        now = time.monotonic()
        if now - self.told > QUIET and done:
            left = (now - self.began) * (self.total - done) / done
            self.tell(f"{self.doing} {done:,} of {self.total:,}, {left:.0f} s left")
            self.told = now
