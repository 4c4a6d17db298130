"""predictions.parquet: what the run's model said to every test example, beside the truth."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from brainwright.data.encoded import Uneven, singles
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction, Slot
from brainwright.data.table import Table
from brainwright.runs.run import Run
from brainwright.training.checkpoints import write_whole
from brainwright.training.evaluation import Evaluated

NUMBERS = 2_000_000  # at most so many numbers of truth and prediction are kept: pictures and long forecasts are large


def write_predictions(path: Path, run: Run, test: Portion, table: Table, judged: Evaluated) -> None:
    """One row a test example: where it came from, truth, prediction, class scores and the loss."""
    targets = [slot for slot in run.task.slots() if slot.side == "target"]
    size = max(width(test, slot) for slot in targets)
    keep = min(len(test), max(1, NUMBERS // size))
    rows = test.examples.rows[:keep]
    columns: dict[str, Any] = {"where": [table.where(int(row)) for row in rows]}
    for slot in targets:
        name, field = run.name(slot.name), run.fields[slot]
        truth: Any = singles(test.encoded[slot.name].take(np.arange(keep))) if slot.name in test.encoded else []
        for side, values in (("true", truth), ("predicted", judged.prediction[slot][:keep])):
            columns[f"{name}_{side}"] = [field.decode_in(one, test.whole(row)) for row, one in enumerate(values)]
    columns |= scores(run, judged.prediction, targets[0], keep)
    columns["loss"] = judged.losses[:keep]
    packed = io.BytesIO()
    pd.DataFrame(columns).to_parquet(packed, index=False)
    write_whole(path, packed.getvalue())


def width(portion: Portion, slot: Slot[Any]) -> int:
    """Numbers in one encoded value of a slot."""
    encoded = portion.encoded[slot.name]
    if isinstance(encoded, Uneven):
        return 1
    return max(1, int(np.prod(encoded.take(np.zeros(1, np.int64)).values.shape[1:])))


def scores(run: Run, prediction: Prediction, slot: Slot[Any], keep: int) -> dict[str, Any]:
    """A column a class, where there are probabilities."""
    if prediction.scores is None:
        return {}
    classes = run.fields[slot].classes
    return {f"score_{name}": prediction.scores[:keep, index].numpy() for index, name in enumerate(classes)}
