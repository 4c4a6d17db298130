"""Foreign: the tensors of a PyTorch checkpoint of others; the file is read as data, and nothing in it is ever run."""

import io
import pickletools
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from brainwright.errors import Fault

MAGIC = 0x1950A86A20F9469CFC6C  # opens a checkpoint of the older form (torch/serialization.py)
STORAGES = {
    "DoubleStorage": torch.float64, "FloatStorage": torch.float32, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}  # fmt: skip
MADE = {"collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"}
NESTED = ("state_dict", "model_state_dict", "model", "net")  # where checkpoints keep their weights, if not on top
PUSHED = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "NONE",
    "NEWTRUE", "NEWFALSE", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES",
}  # fmt: skip
"""Steps that put down a plain value."""
EMPTY: Mapping[str, Callable[[], Any]] = {"EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict}
BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, zipfile.BadZipFile, struct.error)
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}


@dataclass(frozen=True)
class Named:
    """A function or class that a file names; only those of a short list are understood."""

    name: str


@dataclass(frozen=True)
class View:
    """A tensor as a file tells it: which memory, from where, in what shape."""

    storage: tuple[Any, ...]
    """("storage", what kind, key, ...)."""
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def foreign_tensors(path: Path) -> dict[str, Tensor]:
    """Name -> tensor of a .pth or .pt file, whose pickle is read step by step: only tensors come out.

    Raises:
        Fault: no checkpoint, a damaged one, or one that asks for more than tensors.
    """
    try:
        with path.open("rb") as file:
            told, memory = zipped(path) if zipfile.is_zipfile(file) else older(file)
        found = weights(told)
        return {name.removeprefix("module."): made(view, memory) for name, view in found.items()}
    except BROKEN as why:
        raise Fault(f"{path} cannot be read as a PyTorch checkpoint ({why})", "bring a safetensors file") from None


def zipped(path: Path) -> tuple[Any, Mapping[str, bytes]]:
    """The form since PyTorch 1.6: a zip archive with the structure and one member for each memory."""
    with zipfile.ZipFile(path) as archive:
        (head,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        home = head.removesuffix("data.pkl")
        if f"{home}byteorder" in archive.namelist() and archive.read(f"{home}byteorder") != b"little":
            raise ValueError("its numbers are big-endian")
        names = [name for name in archive.namelist() if name.startswith(f"{home}data/")]
        memory = {name.removeprefix(f"{home}data/"): archive.read(name) for name in names}
        return read(io.BytesIO(archive.read(head))), memory


def older(file: BinaryIO) -> tuple[Any, Mapping[str, bytes]]:
    """The form before: five pickles in a row, then the memories, each after its length."""
    file.seek(0)
    if read(file) != MAGIC:
        raise ValueError("it does not begin as one")
    read(file), read(file)  # the version and the machine's sizes of numbers
    told, keys, memory = read(file), read(file), {}
    sizes = {one.storage[2]: width(one) for one in every(told)}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        memory[key] = file.read(count * sizes.get(key, 0))
    return told, memory


def read(file: BinaryIO) -> Any:
    """One pickle as plain containers, `Named` and `View`; nothing is imported or called.

    Raises:
        ValueError: it asks for what a checkpoint of tensors does not need.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}
    for opcode, given, _ in pickletools.genops(file):
        name = opcode.name
        if name in PUSHED:
            stack.append(CONSTANTS.get(name, given))
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name == "MARK":
            marks.append(len(stack))
        elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if name == "MEMOIZE" else int(str(given))] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[int(str(given))])
        elif name == "STOP":
            return stack.pop()
        elif name not in ("PROTO", "FRAME"):
            joined(name, given, stack, marks)
    raise ValueError("it ends in the middle")


def joined(name: str, given: Any, stack: list[Any], marks: list[int]) -> None:
    """A step that makes one thing of several."""
    if name == "GLOBAL":
        stack.append(known(str(given)))
    elif name == "STACK_GLOBAL":
        attribute, module = stack.pop(), stack.pop()
        stack.append(known(f"{module} {attribute}"))
    elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
        stack.append(tuple(taken(stack, len(stack) - int(name[-1]))))
    elif name in ("TUPLE", "APPENDS", "SETITEMS"):
        items = taken(stack, marks.pop())
        stack.append(tuple(items)) if name == "TUPLE" else put(stack[-1], items)
    elif name in ("APPEND", "SETITEM"):
        items = taken(stack, len(stack) - (1 if name == "APPEND" else 2))
        put(stack[-1], items)
    elif name == "BINPERSID":
        stack.append(tuple(stack.pop()))
    elif name == "REDUCE":
        arguments, function = stack.pop(), stack.pop()
        stack.append(called(function, arguments))
    elif name == "BUILD":
        stack.pop()  # an OrderedDict's attributes: versions of its layers, which weights do not need
    else:
        raise ValueError(f"it takes a step that tensors do not need, {name}")


def known(name: str) -> Named:
    """A name on the list.

    Raises:
        ValueError: it is not.
    """
    module, _, kind = name.partition(" ")
    if name not in MADE and not (module == "torch" and kind in STORAGES):
        raise ValueError(f"it asks for {module}.{kind}, which is no tensor")
    return Named(kind)


def called(function: Any, arguments: Sequence[Any]) -> Any:
    """What the three functions on the list would make."""
    if not isinstance(function, Named) or function.name in STORAGES:
        raise ValueError("it calls what is no function")
    if function.name == "OrderedDict":
        return dict(arguments[0]) if arguments else {}
    if function.name == "_rebuild_parameter":
        return arguments[0]
    storage, offset, size, stride = arguments[:4]
    return View(storage, int(offset), tuple(map(int, size)), tuple(map(int, stride)))


def taken(stack: list[Any], start: int) -> list[Any]:
    """What lies on the stack from a place on, taken off."""
    items = stack[start:]
    del stack[start:]
    return items


def put(container: Any, items: Sequence[Any]) -> None:
    """Items into a list, or names and values in turn into a dict."""
    if isinstance(container, list):
        container.extend(items)
    else:
        container.update(zip(items[::2], items[1::2], strict=True))


def every(told: Any) -> list[View]:
    """All tensors, however deep."""
    if isinstance(told, View):
        return [told]
    inside = told.values() if isinstance(told, dict) else told if isinstance(told, list | tuple) else ()
    return [view for one in inside for view in every(one)]


def weights(told: Any) -> dict[str, View]:
    """The tensors by name, from the top or from where checkpoints usually keep them."""
    inner = next((told[name] for name in NESTED if isinstance(told, dict) and isinstance(told.get(name), dict)), told)
    found = {str(name): one for name, one in inner.items() if isinstance(one, View)} if isinstance(inner, dict) else {}
    if not found:
        raise ValueError("it holds no tensors by name")
    return found


def width(view: View) -> int:
    """Bytes of a number."""
    return STORAGES[view.storage[1].name].itemsize


def made(view: View, memory: Mapping[str, bytes]) -> Tensor:
    """The tensor itself."""
    _, kind, key = view.storage[:3]
    flat = torch.frombuffer(bytearray(memory[key]), dtype=STORAGES[kind.name])
    return flat.as_strided(view.size, view.stride, view.offset).clone(memory_format=torch.contiguous_format)
