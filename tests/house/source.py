"""The project's own files as the tests of its style see them: paths, text and syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "brainwright"

# Families of parts: folder -> module and name of its frame.
FAMILIES = {
    "tasks": ("brainwright.tasks.task", "Task"),
    "techniques": ("brainwright.techniques.technique", "Technique"),
    "metrics": ("brainwright.metrics.metric", "Metric"),
    "floors": ("brainwright.floors.floor", "Floor"),
    "data/fields": ("brainwright.data.field", "Field"),
    "data/readers": ("brainwright.data.reader", "Reader"),
    "models/backbones": ("brainwright.models.backbone", "Backbone"),
}


@dataclass(frozen=True)
class Source:
    """One file of the package."""

    name: str  # "tasks/task.py"
    text: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return parsed(self.text)


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a text; every rule asks for it anew."""
    return ast.parse(text)


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the package."""
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(Source(file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8")) for file in files)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def dotted(node: ast.AST) -> str:
    """`a.b.c` as written, or "" for what is not a plain chain of names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
