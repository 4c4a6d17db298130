"""Makes docs/options.md from the parts themselves, so that page and code cannot differ: python docs/options.py"""

from pathlib import Path

from brainwright.catalogue import catalogue, find
from brainwright.config import Choices
from brainwright.data.splitting import Splitting
from brainwright.models.backbone import Backbone
from brainwright.parts import Part
from brainwright.tasks.task import Task
from brainwright.techniques.technique import Technique
from brainwright.training.options import Training

PAGE = Path(__file__).with_suffix(".md")
HEAD = """# Options

The same names everywhere: `--batch-size 64` on the command line, `batch_size=64` in Python, `batch_size: 64` in YAML.
What you do not set is decided by rule from your data, and printed with its reason; the values below are what remains
where no rule speaks. This page is made from the code.
"""


HELD = {"inner", "family", "form"}  # of a technique: handed over by the config, never written by a user


def section(title: str, intro: str, part: type[Part]) -> str:
    """A table of one part's options."""
    rows = [
        f"| `{name.replace('_', '-')}` | `{option.default!r}` | {option.description} |"
        for name, option in part.model_fields.items()
        if name not in HELD
    ]
    table = "\n".join(["| option | default | meaning |", "|---|---|---|", *rows]) if rows else "No options."
    return f"## {title}\n\n{intro}\n\n{table}\n"


def family(title: str, folder: str, base: type[Part]) -> str:
    """One table a part of a family."""
    lines = catalogue(folder).items()
    return "\n".join(section(f"{title} `{word}`", line, find(folder, word, base)) for word, line in lines)


def page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        section("Choices", "What decides which other options there are.", Choices),
        section("Training", "The same for every task.", Training),
        section("Split", "How rows are shared out.", Splitting),
        family("Task", "tasks", Task),
        family("Backbone", "models/backbones", Backbone),
        family("Technique", "techniques", Technique),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
