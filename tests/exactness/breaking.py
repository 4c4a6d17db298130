"""Breaking: every call that changes a disk passes by an observer, which may count it, refuse it or end the process."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Observer = Callable[[str], None]  # told "open", "write", "fsync", "rename", "folder" or "mkdir" before it happens


class Watched:
    """A file open for writing: each piece is half written when the observer is told of it."""

    def __init__(self, file: Any, told: Observer) -> None:
        self.file, self.told = file, told

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def write(self, piece: Any) -> int:
        half = len(piece) // 2
        self.file.write(piece[:half])
        self.file.flush()
        self.told("write")
        return half + self.file.write(piece[half:])

    def flush(self) -> None:
        self.file.flush()

    def fileno(self) -> int:
        return self.file.fileno()


@contextlib.contextmanager
def observed(told: Observer, under: Path) -> Iterator[None]:
    """Patches the calls of this process, as far as they are about files under a folder."""
    opened, fsync, replace, mkdir, folder = Path.open, os.fsync, os.replace, os.mkdir, os.open

    def open_file(self: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if "w" not in mode or not self.absolute().is_relative_to(under):
            return opened(self, mode, *rest, **named)
        told("open")
        return Watched(opened(self, mode, *rest, **named), told)

    def after(word: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            if isinstance(given[0], int) or Path(given[0]).absolute().is_relative_to(under):
                told(word)
            return call(*given, **named)

        return called

    Path.open, os.fsync, os.replace = open_file, after("fsync", fsync), after("rename", replace)  # type: ignore[assignment]
    os.mkdir, os.open = after("mkdir", mkdir), after("folder", folder)
    try:
        yield
    finally:
        Path.open, os.fsync, os.replace = opened, fsync, replace  # type: ignore[method-assign]
        os.mkdir, os.open = mkdir, folder
