"""Tax: what metrics, averaging and checkpoints cost beside bare steps: python benchmarks/tax.py [ROUNDS] [CASE ...]

Bare: the loop's steps and nothing else. Kept: a whole `run()` with the log, the moving average, and a checkpoint every
10 s (by default every 60). Looked: the same with 20 looks at an eighth of the examples. All three learn the same steps
in one process, in turns; processor seconds, one thread; one JSON line a case, appended to results/tax.jsonl.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "PRECISION": "float32"}
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "peers"))

import torch  # noqa: E402
from cases import write  # noqa: E402
from with_brainwright import job  # noqa: E402

from brainwright.training.loop import Loop  # noqa: E402

EPOCHS = {"mlp": 20, "cnn32": 6, "lstm": 8, "lm": 10}
KEPT = {"ema": 0.999, "checkpoint": 10.0}


def bare(home: Path, case: str) -> float:
    """Steps alone."""
    loop = Loop(*job(home, case, epochs=EPOCHS[case]))
    return spent(lambda: [loop.advance() for _ in range(loop.plan.total)])


def kept(home: Path, case: str, looks: int = 0) -> float:
    """A whole run; of no looks but the last, which is left out."""
    loop = Loop(*job(home, case, epochs=EPOCHS[case], evaluations=max(1, looks), **KEPT))
    if looks:
        return spent(lambda: [None for _ in loop.run()])

    def steps() -> None:
        for moment in loop.run():
            if moment.step >= loop.plan.total - 1:
                loop.stop()

    return spent(steps)


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of all threads of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """All rounds of all cases."""
    rounds, cases = int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:] or list(EPOCHS)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        write(home)
        for case in cases:
            kinds = {"bare": bare, "kept": kept, "looked": lambda home, case: kept(home, case, 20)}
            bare(home, case)  # the first run allocates
            found: dict[str, list[float]] = {kind: [] for kind in kinds}
            for _ in range(rounds):
                for kind, work in kinds.items():
                    found[kind].append(work(home, case))
            each = {kind: [one / base for one, base in zip(found[kind], found["bare"], strict=True)] for kind in kinds}
            line = {
                "case": case,
                "rounds": rounds,
                "core_seconds": {kind: round(statistics.median(one), 3) for kind, one in found.items()},
                "over_bare": {kind: round(statistics.median(one), 4) for kind, one in each.items()},
                "range": {kind: [round(min(one), 3), round(max(one), 3)] for kind, one in each.items()},
                "load": os.getloadavg()[0],
                "torch": torch.__version__,
                "day": time.strftime("%Y-%m-%d"),
            }
            print(json.dumps(line), flush=True)
            with (HERE / "results/tax.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
