"""Compare a run's answers between groups, and narrow the gaps: brainwright audit RUN --by COLUMN,COLUMN"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from brainwright.api import load
from brainwright.deliver.audit import PAGE, as_text
from brainwright.errors import Fault
from brainwright.flags import Words, read
from brainwright.runs.record import plain

OPTIONS = ("by", "side", "intersections", "min_n", "seed", "mitigate", "goal", "max_accuracy_loss")
HELP = """
  --by COLUMNS           columns that tell the groups, of the run's own data or of the side file
  --side FILE.csv        groups beside the data: a column `file` or `row` says whose line it is
  --intersections N      columns that are crossed with each other, 1 or 2 [2]
  --min-n N              examples that a group needs for a verdict [50]
  --seed N               of the permutations [0]
  --mitigate thresholds  a new run that says the second of two classes from a threshold of each group's own
  --goal GOAL            equalized_odds or demographic_parity [equalized_odds]
  --max-accuracy-loss X  what the thresholds may cost, 0.01 is one point [0.01]
  --json                 all of it for programs"""


def main(words: Sequence[str]) -> int:
    """Print the audit and write audit.json and audit.html into the run's folder."""
    asked = read(words, ("json", "help")).only(OPTIONS)
    if "help" in asked.switches:
        print(f"{__doc__}\n{HELP}")
        return 0
    run = load(asked.one("run"))
    how: dict[str, Any] = {
        "by": [name for name in asked.options.get("by", "").split(",") if name],
        "side": asked.options.get("side", ""),
        "intersections": number(asked, "intersections", 2),
        "min_n": number(asked, "min_n", 50),
        "seed": number(asked, "seed", 0),
    }
    if asked.options.get("mitigate", "thresholds") != "thresholds":
        raise Fault(f"--mitigate {asked.options['mitigate']} is not known", "write --mitigate thresholds")
    if "mitigate" in asked.options:
        del how["side"]
        most = float(number(asked, "max_accuracy_loss", 0.01))
        run = run.mitigate(**how, goal=asked.options.get("goal", "equalized_odds"), max_accuracy_loss=most)
        if "json" not in asked.switches:
            print("\n".join([f"made {run.folder}", *run.record["mitigation"]["says"], f"page: {run.folder / PAGE}"]))
            return 0
        print(json.dumps(plain(run.record["mitigation"])))
        return 0
    audit = run.audit(**how)
    print(json.dumps(plain(asdict(audit))) if "json" in asked.switches else as_text(audit, run.folder / PAGE))
    return 0


def number(asked: Words, name: str, default: float) -> Any:
    """A number as it was given; whole where the default is.

    Raises:
        Fault: it is none.
    """
    given = asked.options.get(name, str(default))
    try:
        return type(default)(given)
    except ValueError:
        raise Fault(f"--{name.replace('_', '-')} {given} is no number", f"write such as {default}") from None
