"""Every part is one class in one file, frozen, told in words, and known by its file's name."""

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from brainwright.catalogue import catalogue, files, find
from brainwright.parts import Part
from house.source import FAMILIES

PARTS = [(family, word) for family in FAMILIES for word, _, _ in files(family)]
OPTIONS = [pair for pair in PARTS if pair[0] != "data/fields"]  # what a field holds was learned, not chosen


def frame(family: str) -> type[Any]:
    """The class that every part of a family is."""
    module, name = FAMILIES[family]
    found: type[Any] = getattr(importlib.import_module(module), name)
    return found


def lines_of(module: str) -> Iterator[type[Any]]:
    """The part classes that a module itself defines."""
    for thing in vars(importlib.import_module(module)).values():
        if isinstance(thing, type) and issubclass(thing, Part) and thing.__module__ == module:
            yield thing


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_parts(family: str) -> None:
    assert catalogue(family)


@pytest.mark.parametrize(("family", "word"), PARTS)
def test_a_file_holds_one_part_of_its_family(family: str, word: str) -> None:
    (module,) = (name for known, name, _ in files(family) if known == word)
    of_family = [one for one in lines_of(module) if issubclass(one, frame(family)) and "[" not in one.__name__]
    assert len(of_family) == 1, of_family
    assert find(family, word, frame(family)) is of_family[0]
    assert of_family[0].word() == word
    assert not of_family[0].__name__.startswith("_")


@pytest.mark.parametrize(("family", "word"), PARTS)
def test_a_part_is_told_in_one_line(family: str, word: str) -> None:
    assert re.fullmatch(r"[A-Z].{10,118}[.?]", catalogue(family)[word])
    assert find(family, word, frame(family)).__doc__


@pytest.mark.parametrize(("family", "word"), PARTS)
def test_a_part_is_frozen_and_closed(family: str, word: str) -> None:
    how = find(family, word, frame(family)).model_config
    assert how.get("frozen") is True
    assert how.get("extra") == "forbid"


@pytest.mark.parametrize(("family", "word"), OPTIONS)
def test_every_option_is_told(family: str, word: str) -> None:
    options = find(family, word, frame(family)).model_fields
    assert not [name for name, option in options.items() if not option.description]


@pytest.mark.parametrize(("family", "word"), PARTS)
def test_a_parts_options_are_plain_json(family: str, word: str) -> None:
    assert json.dumps(find(family, word, frame(family)).model_json_schema())
