"""Rules that hold for every task: what the user and the task left open is decided here, each with its reason."""

from collections.abc import Sequence

from brainwright.data.examples import Portion
from brainwright.tasks.task import Decision

LADDER = (16, 32, 64, 128, 256, 512, 1024)  # batch sizes (quality.md, R5)
FEWEST_STEPS = 600  # a schedule shorter than this does not settle


def recipe(train: Portion) -> Sequence[Decision]:
    """Decisions from the number of training examples; the task's own come first and win."""
    count = len(train)
    batch = max([LADDER[0], *(size for size in LADDER if size <= count / 100)])
    epochs = max(30 if count > 5000 else 60, -(-FEWEST_STEPS * batch // count))
    return (
        Decision("batch_size", batch, f"the largest of {LADDER} within a hundredth of {count:,} examples"),
        Decision("epochs", min(epochs, 300), f"{count:,} examples: enough steps for the schedule to settle"),
        Decision("ema", 0.99, "averaged weights generalise better than the last step's"),
    )
