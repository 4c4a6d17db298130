"""Trust: each claim about explanations, audits and doubts, measured over seeds; prints one JSON line a case.

    python benchmarks/trust.py CASE...        (no case = all; a case is a file in benchmarks/trusted/)

Each case's file has `measure() -> Mapping`: name -> plain numbers with intervals, what was wanted, seeds and seconds.
"""

import importlib
import json
import sys
import time
from pathlib import Path

import torch

HERE = Path(__file__).parent


def main() -> int:
    """Measure the cases asked for."""
    known = sorted(path.stem for path in (HERE / "trusted").glob("[a-z]*.py"))
    asked = sys.argv[1:] or known
    if unknown := set(asked) - set(known):
        print(f"no case {', '.join(sorted(unknown))}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    sys.path.insert(0, str(HERE))
    for case in asked:
        started = time.monotonic()
        found = importlib.import_module(f"trusted.{case}").measure()
        facts = {"case": case, **found, "seconds": round(time.monotonic() - started, 1), "torch": torch.__version__}
        print(json.dumps(facts), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
