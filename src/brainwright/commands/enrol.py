"""Make a run know new people, from a folder of pictures each, without training: brainwright enrol RUN FOLDER"""

from collections.abc import Sequence

from brainwright import api
from brainwright.errors import Fault
from brainwright.flags import read


def main(words: Sequence[str]) -> int:
    """Say who is known now."""
    asked = read(words, ("help",)).only(())
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if len(asked.given) != 2:
        raise Fault("enrol needs a run and a folder", "write: brainwright enrol runs/NAME FOLDER")
    for name, count in api.load(asked.given[0]).enrol(asked.given[1]).items():
        print(f"{name}  from {count} picture{'' if count == 1 else 's, whose mean is kept'}")
    return 0
