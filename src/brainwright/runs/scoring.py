"""Scoring: a finished run judged on labelled data that it has never seen."""

import numpy as np

from brainwright.data.examples import Examples
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.runs.run import Run
from brainwright.training.evaluation import judged


def score(run: Run, table: Table) -> dict[str, tuple[float, float, float]]:
    """Metric -> (value, low, high), 95 % bootstrap interval over the table's examples.

    Raises:
        Fault: the target column is missing.
    """
    examples = judgeable(run, table)
    metrics = run.task.metrics()
    pieces = [judged(run.task, run.answer(portion), portion) for portion in run.portions(examples)]
    rows = {one.word(): np.concatenate([piece[one.word()] for piece in pieces]) for one in metrics}
    return {one.word(): (one.value(rows[one.word()]), *one.interval(rows[one.word()])) for one in metrics}


def judgeable(run: Run, table: Table) -> Examples:
    """The examples of a table that brings the truth.

    Raises:
        Fault: the target column is missing.
    """
    examples = run.task.examples(table, run.claim)
    for slot in run.task.slots():
        if slot.side == "target" and slot.name not in examples.values:
            raise Fault(
                f"{table.source} has no column {run.name(slot.name)!r}, so there is no truth to judge against",
                "bring it, or use predict",
            )
    return examples
