"""Say which examples to label next: brainwright suggest RUN POOL [--count N] [--json]"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from brainwright import api
from brainwright.errors import Fault
from brainwright.flags import read
from brainwright.runs.record import plain
from brainwright.runs.results import shown
from brainwright.trust.suggestions import COUNT

FIRST = 10  # that are printed


def main(words: Sequence[str]) -> int:
    """Print what to label first, what that would have gained over chance, and where the list and the page are."""
    asked = read(words, ("json", "help", "quiet")).only(("count",))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if len(asked.given) != 2:
        raise Fault("suggest needs a run and unlabelled examples", "write: brainwright suggest runs/NAME POOL")
    folder, pool = asked.given
    count = int(asked.number("count")) if "count" in asked.options else COUNT
    found = api.load(folder).suggest(pool, count, quiet=bool({"quiet", "json"} & asked.switches))
    if "json" in asked.switches:
        print(json.dumps(plain(asdict(found)), ensure_ascii=False))
        return 0
    for one in found.examples[:FIRST]:
        said = ", ".join(f"{name} {value}" for name, value in one.said.items() if name != "scores")
        print(f"{one.where:40}doubt {shown(one.doubt):8}{said}")
    if len(found.examples) > FIRST:
        print(f"and {len(found.examples) - FIRST:,} more of {found.among:,}")
    told = found.gain
    print(told.says + (f"; {told.advice}" if told.advice else ""))
    if found.examples:
        print(found.page)
    return 0
