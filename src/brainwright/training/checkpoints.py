"""Checkpoints: files that are replaced whole or not at all, and tensors with plain facts in safetensors files."""

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from brainwright.errors import Fault

PART = ".part"  # the end of an unfinished file's name
ALIGNED = 8  # bytes of the length that opens a safetensors file, and that its header is a multiple of
WORDS = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
"""How safetensors calls what a net may hold."""
FIXES = {
    errno.ENOSPC: "free some disk space or choose another --out",
    errno.EDQUOT: "free some of your quota or choose another --out",
    errno.EFBIG: "allow larger files or choose another --out",
    errno.ENOENT: "the folder is gone: bring it back, or train anew",
    errno.EACCES: "allow writing there or choose another --out",
    errno.EROFS: "allow writing there or choose another --out",
}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves the old one.

    Raises:
        Fault: it cannot be written; the old file is as it was.
    """
    write_pieces(path, [content])


def write_pieces(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """The same from pieces: new file, fsync, rename, fsync of the folder (Pillai et al. 2014, why all four).

    Raises:
        Fault: it cannot be written; the old file is as it was.
    """
    part = path.with_name(f".{path.name}{PART}")
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece)
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
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        fix = FIXES.get(error.errno or 0, "look after the disk or choose another --out")
        raise Fault(f"{path} cannot be written ({error.strerror}{room(path, error)})", fix) from None


def room(path: Path, error: OSError) -> str:
    """What is left on a full disk."""
    with contextlib.suppress(OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f", {shutil.disk_usage(path.parent).free / 2**20:,.0f} MB are free"
    return ""


def sweep(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for orphan in folder.rglob(f".*{PART}"):
        with contextlib.suppress(OSError):  # a folder that cannot be written is told of by the first file written
            orphan.unlink()


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Tensors and plain facts in one safetensors file, tensor by tensor: no second copy of all of it is made."""
    header: dict[str, Any] = {"__metadata__": {"facts": json.dumps(facts)}}
    wide_first = sorted(tensors.items(), key=lambda one: -one[1].element_size())  # so that each is aligned
    place = 0
    for name, tensor in wide_first:
        end = place + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": WORDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % ALIGNED)
    head = [len(told).to_bytes(ALIGNED, "little"), told]
    write_pieces(path, chain(head, (plain(tensor) for _, tensor in wide_first)))


def plain(tensor: Tensor) -> memoryview:
    """A tensor's numbers in order, as bytes."""
    flat = tensor.detach().cpu().contiguous().view(-1)
    return flat.view(torch.uint8).numpy().data if flat.numel() else memoryview(b"")


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
