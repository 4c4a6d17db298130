"""Checkpoints: all that a training needs to go on, in one safetensors file that is replaced whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from brainwright.errors import Fault
from brainwright.training.optimizers import Optimizer


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves the old one: new file, fsync, rename, fsync of the folder.

    Raises:
        Fault: it cannot be written; the old file is as it was.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        if os.name == "posix":
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Fault(
            f"{path} cannot be written ({error.strerror})", "free some disk space or choose another --out"
        ) from None


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Tensors and plain facts in one safetensors file; tensors that share memory are copied apart."""
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_whole(path, save(plain, {"facts": json.dumps(facts)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote.

    Raises:
        Fault: no such file, or a damaged one.
    """
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {}).get("facts", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise Fault(f"{path} cannot be read ({error})", "use another run, or train again") from None


def optimizer_tensors(optimizer: Optimizer, prefix: str) -> dict[str, Tensor]:
    """An optimizer's memory as named tensors."""
    state = optimizer.state_dict()["state"]
    return {
        f"{prefix}/{index}/{name}": torch.as_tensor(value)
        for index, memory in state.items()
        for name, value in memory.items()
        if value is not None
    }


def restore_optimizer(optimizer: Optimizer, prefix: str, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer its memory back."""
    memory: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(f"{prefix}/"):
            _, index, key = name.rsplit("/", 2)
            memory.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": dict(sorted(memory.items()))})
