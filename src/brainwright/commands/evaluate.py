"""Judge a trained run on labelled data of yours: brainwright evaluate RUN [DATA] [--level .9]"""

import json
from collections.abc import Sequence

from brainwright import api
from brainwright.deliver.summary import as_text
from brainwright.errors import Fault
from brainwright.flags import read


def main(words: Sequence[str]) -> int:
    """Print every metric with its interval; without DATA the results of the run's own test share.

    --level .8, .9 or .95 also says how often the truth lies within the sets or intervals of that level.
    """
    asked = read(words, ("json", "help")).only(("level",))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if not 1 <= len(asked.given) <= 2:
        raise Fault("evaluate needs a run, and perhaps data", "write: brainwright evaluate runs/NAME DATA")
    kept = api.load(asked.given[0])
    run = kept.kept
    if len(asked.given) == 1:
        print(json.dumps(run.record["results"]) if "json" in asked.switches else as_text(run.record, run.folder))
        return 0
    found = kept.evaluate(asked.given[1], asked.number("level"))
    if "json" in asked.switches:
        print(json.dumps(found))
        return 0
    for name, (value, low, high) in found.items():
        print(f"{name:16}{value:.4f}   95 % {low:.4f} to {high:.4f}")
    return 0
