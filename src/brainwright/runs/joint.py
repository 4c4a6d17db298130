"""Joint runs: one training by several processes, launched from here, and what those do that do not write the run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch

from brainwright.config import Choices, made
from brainwright.errors import EXIT_INTERRUPTED, Fault
from brainwright.runs.preparing import prepare
from brainwright.runs.record import CHECKPOINTS, free_folder
from brainwright.runs.telling import Silent
from brainwright.training.crew import alone
from brainwright.training.launching import launch
from brainwright.training.loop import Job, Loop
from brainwright.training.options import Training

NEW = Path()  # in place of a folder: a run that begins anew


def wants_launch(options: Mapping[str, Any]) -> bool:
    """Whether several processes are asked for, and this is not one of them."""
    return alone() and processes(options) > 1


def processes(options: Mapping[str, Any]) -> int:
    """How many are asked for."""
    return made(Training, {"devices": options.get("devices", 1)}).devices


def launched(source: Any, options: Mapping[str, Any], quiet: bool) -> Path:
    """Train by several processes; the folder of the run that the first of them wrote.

    Raises:
        Fault: anything the user can mend; data in memory, which other processes cannot see.
    """
    if not isinstance(source, str | Path):
        raise Fault("data in memory cannot be seen by other processes", "save them to a file, or leave out devices")
    words = made(Choices, {name: value for name, value in options.items() if name in Choices.model_fields})
    folder = free_folder(words.out, words.name, str(source))
    together(["train", str(source)], {**options, "out": str(folder.parent), "name": folder.name}, quiet)
    return folder


def relaunched(folder: Path, options: Mapping[str, Any], quiet: bool) -> Path:
    """Go on with a run by several processes.

    Raises:
        Fault: anything the user can mend.
    """
    together(["train", "--resume", str(folder)], options, quiet)
    return folder


def together(words: Sequence[str], options: Mapping[str, Any], quiet: bool) -> None:
    """Launch a command line with these options as flags, and wait for its end.

    Raises:
        Fault: a process failed.
        SystemExit: they were told to end before anything could be judged.
    """
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    code = launch([*words, *flags, *(["--quiet"] if quiet else [])], processes(options))
    if code not in (0, EXIT_INTERRUPTED):
        raise SystemExit(code)


def follow(source: Any, options: Mapping[str, Any], folder: Path = NEW) -> NoReturn:
    """What every process but the first does: prepare alike, train together, write nothing, and end.

    Raises:
        Fault: as for the first.
        SystemExit: always, at the end.
    """
    ready = prepare(source, options, Silent())
    how = ready.config.training
    torch.manual_seed(how.seed)
    net = ready.task.build(ready.fields, ready.config.backbone)
    loop = Loop(Job(ready.task, ready.shares["train"], ready.shares["validation"], how, folder / CHECKPOINTS), net)
    if folder != NEW:
        loop.restore()
    for _ in loop.run():
        pass
    raise SystemExit(0)
