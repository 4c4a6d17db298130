"""Say what a training would decide and cost, from real steps: brainwright plan DATA [--option value ...]"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from brainwright import api
from brainwright.flags import read
from brainwright.runs.record import plain


def main(words: Sequence[str]) -> int:
    """Print the forecast."""
    asked = read(words, ("json", "help"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    found = api.plan(asked.one("data"), quiet="json" in asked.switches, **asked.options)
    if "json" in asked.switches:
        print(json.dumps(plain(asdict(found))))
        return 0
    cut = f" (the epochs ask for {found.wanted:,}: the budget cuts them)" if found.steps < found.wanted else ""
    print(f"task        {found.task}")
    print(f"parameters  {found.parameters:,}")
    print(f"steps       {found.steps:,} of {found.limit.step * 1000:.3g} ms{cut}")
    print(f"training    about {found.seconds / 60:.1f} minutes")
    print(f"memory      {found.peak_memory_mb:,.0f} MB")
    print(f"energy      about {found.energy.told}")
    print(f"limit       {found.limit.told}")
    return 0
