"""The walls between the rooms hold, and they break when a wrong import is planted."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from house.source import PACKAGE, ROOT, Source, sources

# Where a library of others may be imported: changing it must touch these files and no more.
HOMES = {
    "Box2D": ("worlds/",),
    "gymnasium": ("worlds/",),
    "highway_env": ("worlds/",),
    "jinja2": ("deliver/",),
    "matplotlib": ("deliver/",),
    "PIL": ("data/", "deliver/", "tasks/", "trust/"),
    "pyarrow": ("data/", "runs/", "commands/"),
    "pygame": ("worlds/",),
    "pydantic": (
        "parts.py",
        "config.py",
        "data/",
        "models/",
        "training/",
        "tasks/",
        "techniques/",
        "floors/",
        "metrics/",
    ),
    "rich": ("commands/", "deliver/"),
    "safetensors": ("models/pretrained.py", "training/", "runs/"),
    "sklearn": ("floors/",),
    "soundfile": ("data/",),
    "tokenizers": ("data/fields/", "data/tokens.py"),
    "yaml": ("config.py", "commands/", "runs/", "data/readers/yolo.py"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the walls of the package that lies in folder/src."""
    script = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as lint; lint()"
    command = [sys.executable, "-c", script, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package in which wrong imports can be planted."""
    shutil.copytree(PACKAGE, tmp_path / "src" / "brainwright", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_walls_hold() -> None:
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "0 broken" in answer.stdout


def test_the_walls_see_every_file() -> None:
    seen = re.search(r"Analyzed (\d+) files", lint(ROOT).stdout)
    assert seen is not None
    assert int(seen[1]) == len(sources())


@pytest.mark.parametrize(
    ("file", "line", "wall"),
    [
        ("parts.py", "import brainwright.data.table", "Nothing imports upward"),
        ("data/table.py", "import brainwright.models.features", "Nothing imports upward"),
        ("models/features.py", "import brainwright.metrics.accuracy", "Nothing imports upward"),
        ("training/loop.py", "import brainwright.techniques.technique", "Nothing imports upward"),
        ("planted.py", "x = 1", "Nothing imports upward"),  # a room that is not in the plan
        ("training/loop.py", "import brainwright.tasks.image_classification", "never imported by name"),
        ("__init__.py", "import brainwright.tasks.image_classification", "never imported by name"),
        ("data/opening.py", "import brainwright.data.readers.csv", "never imported by name"),
        ("models/net.py", "import brainwright.models.backbones.mlp", "never imported by name"),
        ("trust/planted.py", "import brainwright.worlds.highway", "never imported by name"),
        ("worlds/highway.py", "import brainwright.trust.finding", "Nothing imports upward"),
        ("worlds/highway.py", "import brainwright.worlds.car_racing", "Worlds do not know each other"),
        ("training/loop.py", "import brainwright.data.fields.image", "The training knows no modality"),
        ("tasks/planted.py", "import brainwright.tasks.image_classification", "Tasks do not know each other"),
        ("metrics/auc.py", "import brainwright.metrics.accuracy", "Metrics do not know each other"),
        ("floors/majority.py", "import brainwright.floors.planted", "Floors do not know each other"),
        ("data/fields/image.py", "import brainwright.data.fields.category", "Fields do not know each other"),
        ("data/readers/parquet.py", "import brainwright.data.readers.csv", "Readers do not know each other"),
        ("models/backbones/lstm.py", "import brainwright.models.backbones.gru", "Backbones do not know each other"),
    ],
)
def test_a_wrong_import_breaks_the_wall(copy: Path, file: str, line: str, wall: str) -> None:
    package = copy / "src" / "brainwright"
    (package / "floors" / "planted.py").write_text('"""Planted."""\n', encoding="utf-8")
    target = package / file
    before = target.read_text(encoding="utf-8") if target.exists() else ""
    target.write_text(f"{before}\n{line}\n", encoding="utf-8")
    answer = lint(copy)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert any(wall in told and " BROKEN" in told for told in answer.stdout.splitlines()), answer.stdout


def imported(source: Source) -> set[str]:
    """The libraries that a file imports, by their first name."""
    names: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.name}: imports are written from the root"
            names.add((node.module or "").partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"brainwright"}


def strangers(source: Source) -> list[str]:
    """Libraries that have a home elsewhere."""
    return [name for name in sorted(imported(source)) if name in HOMES and not source.name.startswith(HOMES[name])]


def test_a_library_away_from_home_is_seen() -> None:
    assert strangers(Source("training/loop.py", "import matplotlib.pyplot as plt\n")) == ["matplotlib"]


def test_every_library_stays_at_home() -> None:
    assert not [f"{source.name}: {name}" for source in sources() for name in strangers(source)]


def plain(name: str) -> str:
    """A distribution's name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def declared() -> set[str]:
    """The libraries that pyproject.toml says the package needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {plain(re.split(r"[\s<>=!~\[;]", line, maxsplit=1)[0]) for line in project["dependencies"]}


@pytest.fixture(scope="module")
def distributions() -> Callable[[str], set[str]]:
    """The names under which an import's library is installed."""
    known = packages_distributions()
    return lambda name: {plain(one) for one in known.get(name, [name])}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(
    declared: set[str], distributions: Callable[[str], set[str]]
) -> None:
    used = {name: source.name for source in sources() for name in imported(source)}
    assert not {name: file for name, file in used.items() if not distributions(name) & declared}
    assert not declared - {one for name in used for one in distributions(name)}


def test_every_declared_library_has_an_exact_version(declared: set[str]) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in lines)
    assert declared <= {line.partition("==")[0] for line in lines}


def test_trust_knows_no_task_by_name() -> None:
    words = {path.stem.replace("_", "-") for path in (PACKAGE / "tasks").glob("*.py")} - {"task", "--init--"}
    for path in (PACKAGE / "trust").rglob("*.py"):
        text = path.read_text(encoding="utf-8").replace("_", "-")
        assert not (named := [word for word in words if re.search(rf"[\"']{word}[\"']", text)]), (path, named)
