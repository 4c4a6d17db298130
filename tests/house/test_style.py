"""The rules of style that no linter knows, each proved on a piece of bad code before it judges the project."""

import ast
import io
import tokenize
from collections.abc import Callable, Iterator

import pytest

from house.source import PACKAGE, Source, dotted, functions, sources

LINES_A_FILE, LINES_A_FUNCTION, PARAMETERS = 300, 40, 5
ROOMS_WITHOUT_A_NAME = {"utils", "util", "helpers", "helper", "base", "manager", "managers", "common", "misc"}
UNSAFE_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {
    "eval", "exec", "compile", "__import__",
    "yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all",
    "torch.load", "torch.save", "torch.hub.load", "pd.read_pickle", "pandas.read_pickle", "os.system",
}  # fmt: skip
DEVICES = ("torch.cuda", "torch.mps", "torch.backends", "torch.distributed")

Rule = Callable[[Source], Iterator[str]]


def imports_inside_functions(source: Source) -> Iterator[str]:
    """All that a file needs is told at its top."""
    for function in functions(source.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"line {node.lineno}: import inside {function.name}"


def imports_for_types_only(source: Source) -> Iterator[str]:
    """A circle hidden from Python is still a circle."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield f"line {node.lineno}: TYPE_CHECKING"


def broad_excepts(source: Source) -> Iterator[str]:
    """An error that was not foreseen must be seen."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or dotted(kind) in {"Exception", "BaseException"} for kind in kinds):
                yield f"line {node.lineno}: broad except"


def long_files(source: Source) -> Iterator[str]:
    """More is more than one idea."""
    if (lines := len(source.text.splitlines())) > LINES_A_FILE:
        yield f"{lines} lines, {LINES_A_FILE} allowed"


def long_functions(source: Source) -> Iterator[str]:
    """Counted without the docstring, which may tell as much as it must."""
    for function in functions(source.tree):
        told = function.body[0] if ast.get_docstring(function) else None
        lines = (function.end_lineno or 0) - function.lineno + 1
        lines -= (told.end_lineno or 0) - told.lineno + 1 if told else 0
        if lines > LINES_A_FUNCTION:
            yield f"line {function.lineno}: {function.name} has {lines} lines, {LINES_A_FUNCTION} allowed"


def many_parameters(source: Source) -> Iterator[str]:
    """More is a missing noun."""
    for function in functions(source.tree):
        asked = function.args
        every = [*asked.posonlyargs, *asked.args, *asked.kwonlyargs, *filter(None, (asked.vararg, asked.kwarg))]
        count = len([one for one in every if one.arg not in {"self", "cls"}])
        if count > PARAMETERS:
            yield f"line {function.lineno}: {function.name} has {count} parameters, {PARAMETERS} allowed"


def files_without_opening(source: Source) -> Iterator[str]:
    """The first line is a sentence that says what the file is; a task's is its arrow, a command's ends in its usage."""
    first = (ast.get_docstring(source.tree) or "").partition("\n")[0]
    folder, _, file = source.name.rpartition("/")
    usage = folder == "commands" and f": brainwright {file.removesuffix('.py')} " in f"{first} "
    if not (first.endswith((".", "?")) or usage) or len(first.split()) < 3:
        yield f"does not open with one sentence: {first!r}"
    elif folder == "tasks" and file not in {"task.py", "__init__.py"} and " -> " not in first.partition(":")[0]:
        yield f"a task opens with its arrow, 'Image -> Category: ...', not with {first!r}"


def unsafe_reading(source: Source) -> Iterator[str]:
    """Nothing that is read may run."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (f"line {node.lineno}: {one.name}" for one in node.names if one.name in UNSAFE_MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in UNSAFE_MODULES:
            yield f"line {node.lineno}: {node.module}"
        elif isinstance(node, ast.Call):
            if dotted(node.func) in UNSAFE_CALLS or dotted(node.func).endswith(".to_pickle"):
                yield f"line {node.lineno}: {dotted(node.func)}()"
            for word in node.keywords:
                if word.arg in {"allow_pickle", "shell"} and ast.unparse(word.value) != "False":
                    yield f"line {node.lineno}: {word.arg}={ast.unparse(word.value)}"


def rooms_without_a_name(source: Source) -> Iterator[str]:
    """A file or a class is called by what it is."""
    for room in source.name.removesuffix(".py").split("/"):
        if room in ROOMS_WITHOUT_A_NAME:
            yield f"{room} says nothing"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and (node.name.startswith("Base") or node.name.endswith(("Manager", "Base"))):
            yield f"line {node.lineno}: class {node.name}"


def changing_records(source: Source) -> Iterator[str]:
    """Data classes are frozen; functions hand back new values."""
    for node in ast.walk(source.tree):
        for mark in node.decorator_list if isinstance(node, ast.ClassDef) else []:
            called = mark.func if isinstance(mark, ast.Call) else mark
            if dotted(called).rpartition(".")[2] == "dataclass" and "frozen=True" not in ast.unparse(mark):
                yield f"line {mark.lineno}: dataclass that is not frozen"


def things_left_undone(source: Source) -> Iterator[str]:
    """What is here is whole."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        words = set(token.string.replace(":", " ").split()) if token.type == tokenize.COMMENT else set()
        if words & {"TODO", "FIXME", "XXX", "HACK"}:
            yield f"line {token.start[0]}: {token.string}"


def devices_elsewhere(source: Source) -> Iterator[str]:
    """One file knows devices and how processes speak to one another."""
    if source.name != "training/devices.py":
        for node in ast.walk(source.tree):
            name = dotted(node) if isinstance(node, ast.Attribute) else ""
            imported = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if name in DEVICES or imported in DEVICES:
                yield f"line {getattr(node, 'lineno', 0)}: {name or imported}"


BAD = [
    (imports_inside_functions, "def f():\n    import os\n"),
    (imports_for_types_only, "if typing.TYPE_CHECKING:\n    import os\n"),
    (broad_excepts, "try:\n    f()\nexcept Exception:\n    raise\n"),
    (broad_excepts, "try:\n    f()\nexcept (OSError, BaseException):\n    raise\n"),
    (broad_excepts, "try:\n    f()\nexcept:\n    raise\n"),
    (long_files, "x = 1\n" * 301),
    (long_functions, "def f():\n" + "    x = 1\n" * 40),
    (many_parameters, "def f(self, a, b, c, *d, e, **g): ...\n"),
    (files_without_opening, "x = 1\n"),
    (files_without_opening, '"""Things"""\n'),
    (unsafe_reading, "import pickle\n"),
    (unsafe_reading, "from joblib import load\n"),
    (unsafe_reading, "x = eval('1')\n"),
    (unsafe_reading, "x = yaml.load(f)\n"),
    (unsafe_reading, "x = torch.load(f, weights_only=True)\n"),
    (unsafe_reading, "x = np.load(f, allow_pickle=True)\n"),
    (rooms_without_a_name, "class RunManager: ...\n"),
    (changing_records, "@dataclass\nclass A: ...\n"),
    (changing_records, "@dataclasses.dataclass(slots=True)\nclass A: ...\n"),
    (things_left_undone, "x = 1  # TODO: more\n"),
    (devices_elsewhere, "torch.cuda.synchronize()\n"),
    (devices_elsewhere, "from torch.distributed import init_process_group\n"),
]
RULES = list(dict.fromkeys(rule for rule, _ in BAD))


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_a_rule_sees_what_breaks_it(rule: Rule, text: str) -> None:
    assert list(rule(Source("planted.py", text)))


def test_a_task_must_open_with_its_arrow() -> None:
    assert list(files_without_opening(Source("tasks/planted.py", '"""Tells things of one kind apart."""\n')))
    assert not list(files_without_opening(Source("tasks/planted.py", '"""Image -> Category: say what it shows."""\n')))


def test_a_command_may_close_with_its_usage() -> None:
    line = '"""Show the net of a run: brainwright describe RUN"""\n'
    assert not list(files_without_opening(Source("commands/describe.py", line)))
    assert list(files_without_opening(Source("commands/train.py", line)))
    assert list(files_without_opening(Source("runs/describe.py", line)))


@pytest.mark.parametrize("name", ["utils.py", "data/helpers/csv.py", "base.py"])
def test_a_file_must_have_a_name_of_its_own(name: str) -> None:
    assert list(rooms_without_a_name(Source(name, "")))


def test_there_are_files_to_judge() -> None:
    assert {"parts.py", "tasks/task.py"} <= {source.name for source in sources()}


@pytest.mark.parametrize("rule", RULES)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    broken = [f"{source.name}: {what}" for source in sources() for what in rule(source)]
    assert not broken, "\n".join(["", *broken])


def test_every_folder_is_a_package_so_that_the_walls_see_it() -> None:
    """The tool that checks the walls looks past folders without __init__.py, and keeps silent about it."""
    folders = {file.parent for file in PACKAGE.rglob("*.py")}
    assert not [folder.name for folder in sorted(folders) if not (folder / "__init__.py").is_file()]
