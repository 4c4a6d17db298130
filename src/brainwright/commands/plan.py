"""Say what a training would decide and cost: brainwright plan DATA [--target-metric VALUE] [--option value ...]"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from brainwright import api
from brainwright.flags import Words, read
from brainwright.runs.record import plain


def main(words: Sequence[str]) -> int:
    """Print the forecast; with --target-metric instead how many examples bring the first metric to that value."""
    asked = read(words, ("json", "help"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if "target_metric" in asked.options:
        return need(asked)
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


def need(asked: Words) -> int:
    """Print how many examples are needed, and what more would bring."""
    options = {name: value for name, value in asked.options.items() if name != "target_metric"}
    wanted, quiet = asked.number("target_metric"), "json" in asked.switches
    found = api.data_need(asked.one("data"), wanted, quiet=quiet, **options)
    if quiet:
        print(json.dumps(plain(asdict(found))))
        return 0
    for size, value in found.points:
        print(f"{size:>12,}  {found.metric} {value:.4g}")
    for size, (value, worse, better) in found.at.items():
        print(f"{size:>12,}  {found.metric} about {value:.4g} (90 %: {worse:.4g} to {better:.4g})")
    print(found.finding.says + (f"; {found.finding.advice}" if found.finding.advice else ""))
    return 0
