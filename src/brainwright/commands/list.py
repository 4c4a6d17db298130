"""List the tasks, backbones, techniques, metrics, floors, readers, fields and worlds there are."""

from collections.abc import Sequence

from brainwright.catalogue import catalogue, nearest
from brainwright.errors import Fault
from brainwright.flags import read

FAMILIES = {
    "tasks": "tasks",
    "backbones": "models/backbones",
    "techniques": "techniques",
    "metrics": "metrics",
    "floors": "floors",
    "readers": "data/readers",
    "fields": "data/fields",
    "worlds": "worlds",
}


def main(words: Sequence[str]) -> int:
    """Print one family, or all of them; imports no part, so it answers at once."""
    asked = read(words, ("help",)).only(())
    if "help" in asked.switches:
        print(__doc__)
        return 0
    for family in asked.given or FAMILIES:
        if family not in FAMILIES:
            raise Fault(f"there is no family {family!r}", nearest(family, FAMILIES))
        print(family)
        for word, line in catalogue(FAMILIES[family]).items():
            print(f"  {word:24}{line}")
    return 0
