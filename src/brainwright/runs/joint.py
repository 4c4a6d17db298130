"""Joint runs: one training by several processes, launched from here, and what those do that do not write the run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch

from brainwright.config import Choices, made
from brainwright.errors import EXIT_INTERRUPTED, Fault
from brainwright.runs.preparing import prepare
from brainwright.runs.record import CHECKPOINTS, MODEL, free_folder
from brainwright.runs.stopping import heeding
from brainwright.runs.telling import Silent
from brainwright.training.crew import alone, joined
from brainwright.training.devices import place
from brainwright.training.job import Job
from brainwright.training.launching import launch
from brainwright.training.loop import Loop
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
    together(["train", str(source)], {**options, "out": str(folder.parent), "name": folder.name}, folder, quiet)
    return folder


def relaunched(folder: Path, options: Mapping[str, Any], quiet: bool) -> Path:
    """Go on with a run by several processes.

    Raises:
        Fault: anything the user can mend.
    """
    together(["train", "--resume", str(folder)], options, folder, quiet)
    return folder


def together(words: Sequence[str], options: Mapping[str, Any], folder: Path, quiet: bool) -> None:
    """Launch a command line with these options as flags, and wait for its end.

    Raises:
        Fault: a process failed.
        SystemExit: they were told to end before anything could be judged.
    """
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    code = launch([*words, *flags, *(["--quiet"] if quiet else [])], processes(options))
    if code and not (code == EXIT_INTERRUPTED and (folder / MODEL).is_file()):
        raise SystemExit(code)  # they have said why


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
    ready.task.before_training(net)
    shares, crew = ready.shares, joined(place(how).device)
    job = Job(ready.task, shares["train"], shares["validation"], how, folder / CHECKPOINTS, crew=crew)
    loop = Loop(job, net)
    if folder != NEW:
        loop.restore()
    with heeding(folder) as signals:
        signals.loops.append(loop)
        for _ in loop.run():
            pass
        loop.save()
    raise SystemExit(0)
