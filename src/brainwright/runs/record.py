"""What a run's folder holds, and how it is named: plain JSON and tensors, nothing that is executed when read."""

import json
import math
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from brainwright.errors import Fault
from brainwright.parts import Part
from brainwright.training.checkpoints import write_whole

RECORD = "run.json"
FIELDS = "fields.json"
MODEL = "model.safetensors"
FLOORS = "floors.safetensors"
HISTORY = "metrics.jsonl"
PREDICTIONS = "predictions.parquet"
EVIDENCE = "evidence.json"
CHECKPOINTS = "checkpoints"


def write_json(path: Path, content: Any) -> None:
    """Plain JSON, whole or not at all; numbers that are none (NaN, infinity) become null."""
    write_whole(path, (json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """What `write_json` wrote.

    Raises:
        Fault: no such file, or a damaged one.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Fault(f"{path} cannot be read ({error})", "name the folder of a finished run") from None


def plain(content: Any) -> Any:
    """As JSON can hold it."""
    if isinstance(content, Part):
        return plain(content.model_dump())
    if isinstance(content, Mapping):
        return {str(name): plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple | set | frozenset):
        return [plain(value) for value in content]
    if isinstance(content, np.ndarray | np.generic):
        return plain(content.tolist())
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def free_folder(out: str, name: str, source: str) -> Path:
    """The folder of a new run: out/NAME as the user named it, else the data's name with the first free number.

    Raises:
        Fault: a run of that name is there already.
    """
    home = Path(out)
    if not name:
        stem = Path(source).stem.lower().replace(" ", "-") or "run"
        return next(folder for number in count(1) if not (folder := home / f"{stem}-{number}").exists())
    if (home / name).exists():
        raise Fault(f"{home / name} is there already", "choose another --name, or go on with it by --resume")
    return home / name


def make_folder(folder: Path) -> None:
    """Make a new run's folder and the place of its checkpoints.

    Raises:
        Fault: it cannot be made.
    """
    try:
        (folder / CHECKPOINTS).mkdir(parents=True)
    except OSError as error:
        raise Fault(f"{folder} cannot be made ({error.strerror})", "choose another --out") from None
