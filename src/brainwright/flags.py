"""Flags: the words of the command line as plain options; which options exist is for the config to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brainwright.catalogue import nearest
from brainwright.errors import Fault


@dataclass(frozen=True)
class Words:
    """A command's words, sorted."""

    given: tuple[str, ...]
    """Words that are no flags: paths, names."""
    options: Mapping[str, str]
    """--some-name VALUE, as some_name -> VALUE."""
    switches: frozenset[str]
    """--quiet and the like, which take no value."""

    def only(self, known: Sequence[str]) -> "Words":
        """The same, where a command has just these options.

        Raises:
            Fault: another one was given.
        """
        for name in self.options:
            if name not in known:
                advice = nearest(name, dict.fromkeys(known)) if known else "it takes none"
                raise Fault(f"there is no option --{name.replace('_', '-')} here", advice)
        return self

    def number(self, name: str, usual: float = 0.0) -> float:
        """An option that is a number; `usual` where it was not given.

        Raises:
            Fault: it is none.
        """
        given = self.options.get(name, str(usual))
        try:
            return float(given)
        except ValueError:
            raise Fault(f"--{name} {given} is no number", "give one between 0 and 1") from None

    def one(self, what: str) -> str:
        """The single word that is no flag.

        Raises:
            Fault: none, or more than one.
        """
        if len(self.given) != 1:
            raise Fault(
                f"this needs one {what}, {len(self.given)} were given", f"write: brainwright WORD {what.upper()}"
            )
        return self.given[0]


def read(words: Sequence[str], switches: Sequence[str] = ()) -> Words:
    """Sort a command's words.

    Raises:
        Fault: a flag without its value.
    """
    given: list[str] = []
    options: dict[str, str] = {}
    found: set[str] = set()
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not word.startswith("--") or word == "--":
            given.append(word)
        elif name in switches and not equals:
            found.add(name)
        elif equals:
            options[name] = value
        elif not waiting or waiting[0].startswith("--"):
            raise Fault(f"{word} stands without its value", f"write {word} VALUE")
        else:
            options[name] = waiting.pop(0)
    return Words(tuple(given), options, frozenset(found))
