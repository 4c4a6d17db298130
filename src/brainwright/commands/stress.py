"""See what a run bears, corrupted inputs and attacks: brainwright stress RUN"""

import json
from collections.abc import Sequence

from brainwright import api
from brainwright.flags import read
from brainwright.runs.record import plain


def main(words: Sequence[str]) -> int:
    """Print every finding, the worst first; they are kept in the run folder."""
    asked = read(words, ("json", "help"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    found = api.load(asked.only(()).one("run")).stress()
    if "json" in asked.switches:
        print(json.dumps(plain([vars(one) for one in found])))
        return 0
    for one in found:
        print(f"{one.verdict:10}{one.what:48}{one.says}")
    return 0
