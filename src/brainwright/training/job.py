"""Job: what is to be learned from what, how, and with whom."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brainwright.data.examples import Portion
from brainwright.tasks.task import Task
from brainwright.training.crew import ALONE, Crew
from brainwright.training.options import Training


@dataclass(frozen=True)
class Job:
    """`folder` holds the checkpoint."""

    task: Task
    train: Portion
    validation: Portion
    how: Training
    folder: Path
    where: Callable[[int], str] = "row {}".format
    """Names a row of the user's table."""
    crew: Crew = ALONE
    """The processes that do it together."""
