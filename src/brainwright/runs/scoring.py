"""Scoring: a finished run judged on labelled data that it has never seen."""

from brainwright.data.examples import Portion
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.runs.run import Run
from brainwright.training.evaluation import judged


def score(run: Run, table: Table) -> dict[str, tuple[float, float, float]]:
    """Metric -> (value, low, high), 95 % bootstrap interval over the table's examples.

    Raises:
        Fault: the target column is missing.
    """
    portion = Portion.of(run.task.slots(), run.fields, run.task.examples(table, run.claim))
    for slot in run.task.slots():
        if slot.side == "target" and slot.name not in portion.encoded:
            raise Fault(
                f"{table.source} has no column {run.name(slot.name)!r}, so there is no truth to judge against",
                "bring it, or use predict",
            )
    rows = judged(run.task, run.answer(portion), portion)
    metrics = run.task.metrics()
    return {one.word(): (one.value(rows[one.word()]), *one.interval(rows[one.word()])) for one in metrics}
