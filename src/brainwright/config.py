"""Config: all that was chosen for one run; Python keywords, flags and YAML are the same names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from pydantic import Field as Option
from pydantic import ValidationError

from brainwright.catalogue import find, nearest, parse
from brainwright.data.splitting import Splitting
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.models.pretrained import origin
from brainwright.parts import Part
from brainwright.tasks.task import Decision, Task
from brainwright.techniques.technique import Technique
from brainwright.training.options import Training

P = TypeVar("P", bound=Part)
TRANSFER = "transfer"  # the technique that given weights bring in


class Choices(Part):
    """What decides which other options there are, and where the run goes."""

    task: str = ""
    """What is to be learned (`brainwright list tasks`); found from the data when not named."""
    target: str = ""
    """The column to be predicted; found from the data when not named."""
    backbone: str = ""
    """The family of net (`brainwright list backbones`); the task's usual one when not named."""
    weights: str = ""
    """Weights to begin with instead of chance: a file, a folder, package:NAME or run:FOLDER (an earlier run)."""
    techniques: str = ""
    """What to do besides, such as "mixup(alpha=0.2) | cutmix"."""
    columns: str = ""
    """How to read columns that were read wrong, such as "zip=category,age=number"."""
    leave_out: str = ""
    """Columns that the net must not read, such as "sex,race"; audits and techniques may still tell groups by them."""
    allow: str = ""
    """Findings about the data to train in spite of, such as "leak,copies" (docs/damage.md); the report says so."""
    select: Literal["net", "best"] = "net"
    """What the run predicts with: the net, or the simplest of net and floors within one standard error of the best."""
    trust: Literal["fast", "full", "none"] = "fast"
    """What is looked into after training: fast = bounds and outliers within a quarter of its time, full = also
    explanations, stress and labels within twice its time (60 s there always are), none = nothing."""
    out: str = "runs"
    """Folder in which the run's folder is made."""
    name: str = ""
    """Name of the run's folder; made from the data's name when not given."""
    cache: str = ""
    """Folder in which decoded data are kept for the next run; the user's cache folder when not named."""
    cache_room: float = Option(20.0, ge=0)
    """GB that the cache may hold; what was used longest ago goes first. 0 = keep nothing, decode into memory."""


@dataclass(frozen=True)
class Config:
    """One run's options, checked and whole; `asked` are the names that the user set."""

    choices: Choices
    parts: Mapping[str, Part]
    asked: frozenset[str]

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Config":
        """From flat names, values as Python or as text. `task` must be among them.

        Raises:
            Fault: an option that the chosen parts do not have (with the nearest name), or a value out of its range.
        """
        options = named(options)
        choices = made(Choices, {name: value for name, value in options.items() if name in Choices.model_fields})
        sections = sections_of(choices)
        owners = {name: section for section, part in sections.items() for name in part.model_fields}
        for name in options:
            if name not in owners and name not in Choices.model_fields:
                raise Fault(f"there is no option {name!r} here", nearest(name, {**owners, **Choices.model_fields}))
        parts = {
            section: made(part, {name: value for name, value in options.items() if owners.get(name) == section})
            for section, part in sections.items()
        }
        config = cls(choices, parts, frozenset(options))
        config.task()  # so that a wrong technique is refused before any work is done
        return config

    def decided(self, decisions: Sequence[Decision]) -> tuple["Config", list[Decision]]:
        """The config with every decision that the user left open, and those decisions; the first one on a name wins."""
        parts, taken = dict(self.parts), []
        settled = set(self.asked)
        for decision in decisions:
            if decision.family not in ("", self.backbone.word()):
                continue
            for section, part in parts.items():
                if decision.option in type(part).model_fields and decision.option not in settled:
                    parts[section] = made(type(part), {**part.model_dump(), decision.option: decision.value})
                    settled.add(decision.option)
                    taken.append(decision)
        return replace(self, parts=parts), taken

    def task(self) -> Task:
        """The task inside its techniques, the last named outermost."""
        task = self.parts["task"]
        assert isinstance(task, Task)
        steps = parse(self.choices.techniques)
        if self.choices.weights and TRANSFER not in dict(steps):
            steps = [(TRANSFER, {}), *steps]
        known = {"weights": self.choices.weights, "family": self.backbone.word(), "form": self.backbone.model_dump()}
        for name, options in steps:
            technique = find("techniques", name, Technique)
            given = {one: value for one, value in known.items() if one in technique.model_fields}
            task = made(technique, {**given, "inner": task, **options})
        return task

    @property
    def training(self) -> Training:
        """How to train."""
        found = self.parts["training"]
        assert isinstance(found, Training)
        return found

    @property
    def backbone(self) -> Backbone:
        """The family of net."""
        found = self.parts["backbone"]
        assert isinstance(found, Backbone)
        return found

    @property
    def splitting(self) -> Splitting:
        """How shares are made."""
        found = self.parts["splitting"]
        assert isinstance(found, Splitting)
        return found

    @property
    def settled(self) -> bool:
        """Whether nothing is open, as of a run that was made."""
        return self.asked >= set(self.flat())

    def flat(self) -> dict[str, Any]:
        """Every option with its value, by flat name: `Config.of` of it is this config, as is YAML of it."""
        values = self.choices.model_dump()
        for part in self.parts.values():
            values |= part.model_dump()
        return values


def named(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """With `timm:resnet18` taken apart into the backbone and its option, and weights' own backbone where none is named.

    Raises:
        Fault: the backbone has no such option, or the weights do not tell theirs.
    """
    word, colon, rest = str(options.get("backbone", "")).partition(":")
    word = word.replace("_", "-")
    if colon:
        option = find("models/backbones", word, Backbone).named
        if not option or options.get(option, rest) != rest:
            raise Fault(f"{options['backbone']!r} is no backbone", f"write --backbone {word}")
        return {**options, "backbone": word, option: rest}
    weights = str(options.get("weights", ""))
    if weights and not word:
        word = origin(weights).backbone
        if not word:
            raise Fault(f"{weights} does not tell of which net its weights are", "name it: --backbone NAME")
    return {**options, "backbone": word} if word else options


def sections_of(choices: Choices) -> dict[str, type[Part]]:
    """Which parts hold the options of a run with these choices; their options' names must all differ."""
    task = find("tasks", choices.task, Task)
    fitting = task.backbones or (task.backbone,)
    word = choices.backbone or task.backbone
    if word not in fitting:
        raise Fault(f"backbone {word!r} does not fit {choices.task}", f"choose from {', '.join(fitting)}")
    return {
        "task": task,
        "backbone": find("models/backbones", word, Backbone),
        "training": Training,
        "splitting": Splitting,
    }


def made(part: type[P], options: Mapping[str, Any]) -> P:
    """A part from options.

    Raises:
        Fault: the first wrong option, in one line.
    """
    try:
        return part(**options)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else part.word()
        if first["type"] == "extra_forbidden":
            raise Fault(f"{part.word()} has no option {name!r}", nearest(name, part.model_fields)) from None
        advice = (part.model_fields[name].description or "") if name in part.model_fields else ""
        said = first["msg"][0].lower() + first["msg"][1:]
        raise Fault(f"--{name.replace('_', '-')} {first['input']}: {said}", advice) from None
