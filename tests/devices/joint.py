"""What one of several processes does in test_joint.py: three exact steps of every task, its weights to a file.

torchrun --nproc-per-node 2 joint.py FILE
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from brainwright.errors import leads
from brainwright.training.crew import joined
from trial import TASKS, Trial, weights

STEPS = 3
EXACT = {"batch_size": 8, "augment": 0.0, "optimizer": "sgd", "ema": 0.9, "steps": STEPS, "evaluations": 1}


def trained(word: str) -> tuple[torch.Tensor, float]:
    """Weights of a task's net after a few steps in double precision, and the loss of its last look.

    Dropout and batch statistics rest, for they depend on which examples stand together.
    """
    trial = Trial(word)
    loop = trial.loop(crew=joined(torch.device("cpu")), **EXACT)
    loop.net.double().eval()
    loop.net.train = lambda mode=True: loop.net  # type: ignore[method-assign]
    loop.average.net.double()
    for _ in loop.run():
        pass
    return weights(loop), loop.log.lines[-1]["metrics"]["loss"]


def main() -> None:
    """Every task in turn; the first process writes."""
    torch.set_default_dtype(torch.float64)
    ends = {}
    for word in TASKS:
        end, loss = trained(word)
        ends |= {word: end, f"{word}/loss": torch.tensor(loss)}
    if leads():
        save_file(ends, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
