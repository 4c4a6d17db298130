"""Train a network on your data and judge it: brainwright train DATA [--target COLUMN] [--option value ...]"""

from collections.abc import Sequence
from pathlib import Path

import yaml

from brainwright import api
from brainwright.config import Choices, made, named, sections_of
from brainwright.data.opening import open_table
from brainwright.deliver.summary import as_json, as_text, options_help
from brainwright.errors import EXIT_INTERRUPTED, Fault, launched
from brainwright.flags import Words, read
from brainwright.runs.inference import infer

SWITCHES = ("quiet", "json", "help")


def main(words: Sequence[str]) -> int:
    """Train, print the results and the report's path; 130 when broken off with what was learned kept."""
    asked = read(words, SWITCHES)
    options: dict[str, object] = dict(asked.options)
    if "help" in asked.switches:
        print(usage(asked))
        return 0
    file = str(options.pop("config", ""))
    if file:
        options = from_yaml(file) | options
    again = str(options.pop("resume", ""))
    quiet = bool({"quiet", "json"} & asked.switches)
    if again:
        run = api.resume(again, quiet=quiet, **options)
    else:
        source = str(options.pop("data", "")) or asked.one("data")
        run = api.train(source, quiet=quiet, **options)
    if launched():
        return EXIT_INTERRUPTED if run.record["interrupted"] else 0
    print(as_json(run.record, run.folder) if "json" in asked.switches else as_text(run.record, run.folder))
    return EXIT_INTERRUPTED if run.record["interrupted"] else 0


def from_yaml(file: str) -> dict[str, object]:
    """Options from a YAML file: the same names as the flags, and `data`.

    Raises:
        Fault: no such file, or no mapping of names to values.
    """
    try:
        found = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Fault(f"{file} cannot be read ({' '.join(str(error).split())})", "bring YAML: option: value") from None
    if not isinstance(found, dict):
        raise Fault(f"{file} holds no options", "write one option: value a line")
    return {str(name).replace("-", "_"): value for name, value in found.items()}


def usage(asked: Words) -> str:
    """How to call it, with the options that the chosen parts have."""
    choices = {name: value for name, value in named(asked.options).items() if name in Choices.model_fields}
    if "task" not in choices and asked.given:
        table = open_table(asked.given[0], choices.get("columns", ""))
        choices["task"] = infer(table, choices.get("target", ""), "")[0].word()
    sections = {"choices": Choices} | (sections_of(made(Choices, choices)) if choices.get("task") else {})
    return options_help(str(__doc__), sections)
