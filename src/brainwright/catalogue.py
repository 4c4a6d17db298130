"""Catalogue: which parts there are and where. File names are the registry; looking imports none of them."""

import ast
import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from brainwright.errors import Fault

FRAMES = {"task", "technique", "metric", "floor", "world", "__init__"}  # files that hold a family's own frame
EXTENSIONS = "brainwright.parts"  # entry points of packages that bring parts of their own, laid out as ours
T = TypeVar("T")


@cache
def homes() -> Mapping[str, Path]:
    """Packages that may hold parts, ours first: import name -> folder."""
    found = {"brainwright": Path(__file__).parent}
    for entry in entry_points(group=EXTENSIONS):
        spec = importlib.util.find_spec(entry.value)
        if spec is not None and spec.origin is not None:
            found[entry.value] = Path(spec.origin).parent
    return found


def files(family: str) -> Iterator[tuple[str, str, Path]]:
    """Word, module name and file of every part of a family such as "tasks" or "models/backbones"; imports none."""
    for package, folder in homes().items():
        for file in sorted((folder / family).glob("*.py")):
            if file.stem not in FRAMES:
                yield file.stem.replace("_", "-"), f"{package}.{family.replace('/', '.')}.{file.stem}", file


def catalogue(family: str) -> Mapping[str, str]:
    """Every part of a family: the word users write -> the first line of its file's docstring; imports none."""
    lines = {}
    for word, _, file in files(family):
        doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        lines[word] = doc.partition("\n")[0]
    return lines


def load(module: str, why: str) -> ModuleType:
    """Import one of our own files; a library that is not installed becomes one clear line.

    Raises:
        Fault: naming the missing library and the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in homes():
            raise
        what = f"{why} needs the library {error.name!r}, which is not installed"
        raise Fault(what, f"pip install {error.name}") from None


def find(family: str, word: str, base: type[T]) -> type[T]:
    """Import the one file that bears this word and hand back the class of `base` that it defines.

    Raises:
        Fault: no such part (with the nearest name), or a missing optional library.
    """
    known = {name: module for name, module, _ in files(family)}
    if word not in known:
        raise Fault(f"no {family.rpartition('/')[2]} part is called {word!r}", nearest(word, known))
    module = load(known[word], f"{word!r}")
    (only,) = {
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, base)
        and thing.__module__ == module.__name__
        and "[" not in thing.__name__  # pydantic leaves a generic frame's own class, Field[Padded], beside its part
    }
    return only


def nearest(word: str, known: Mapping[str, Any]) -> str:
    """The advice that goes with a wrong name."""
    near = get_close_matches(word, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(known))}"


def parse(sentence: str) -> list[tuple[str, dict[str, Any]]]:
    """Read "mixup(alpha=0.2) | cutmix" as names with their options (literals only, nothing is executed).

    Raises:
        Fault: a piece that is not written as name(option=value).
    """
    steps = []
    for piece in filter(None, (piece.strip() for piece in sentence.split("|"))):
        name, bracket, inside = piece.partition("(")
        try:
            call = ast.parse(f"part({inside}" if bracket else "part()", mode="eval").body
            if not isinstance(call, ast.Call) or call.args:
                raise ValueError(piece)
            options = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        except (SyntaxError, ValueError):
            raise Fault(f"{piece!r} cannot be read", 'write name(option=value), such as "mixup(alpha=0.2)"') from None
        steps.append((name.strip(), options))
    return steps
