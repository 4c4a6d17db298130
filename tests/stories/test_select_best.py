"""A run that predicts with a floor: what it wrote down is what it says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright.runs.record import EVIDENCE, PREDICTIONS, read_json

SHORT = {"quiet": True, "epochs": 1, "lr": 1e-9, "threads": 1, "width": 8, "checkpoint": 0, "select": "best"}


def rows(count: int = 600) -> pd.DataFrame:
    """A straight line, which the simplest of floors knows better than a net that learned nothing."""
    draw = np.random.default_rng(0)
    given = draw.normal(size=(count, 3))
    worth = given @ [1.0, -2.0, 0.5] + 0.1 * draw.normal(size=count)
    return pd.DataFrame({"a": given[:, 0], "b": given[:, 1], "c": given[:, 2], "worth": worth})


@pytest.mark.parametrize("kind", ["number", "category"])
def test_predictions_and_evidence_are_of_the_model_that_answers(kind: str, tmp_path: Path) -> None:
    table = rows()
    if kind == "category":
        table["worth"] = np.where(table["worth"] > 0, "much", "little")
    table.to_csv(tmp_path / "rows.csv", index=False)
    run = bw.train(str(tmp_path / "rows.csv"), target="worth", out=str(tmp_path), name="run", **SHORT)
    assert run.record["selected"] != "net"
    kept = pd.read_parquet(run.folder / PREDICTIONS)
    places = [int(where.rpartition(" ")[2]) - 2 for where in kept["where"]]
    said = run.predict(table.drop(columns="worth").iloc[places].to_dict("records"))
    answers = [one["worth"] for one in said]
    if kind == "category":
        assert list(kept["worth_predicted"]) == answers
        sure = kept["score_much"].where(kept["worth_true"] == "much", kept["score_little"])
        np.testing.assert_allclose(kept["loss"], -np.log(sure.clip(lower=1e-7)), rtol=1e-4, atol=1e-6)
    else:
        assert list(kept["worth_predicted"]) == pytest.approx(answers, rel=1e-5)
        error = (kept["worth_predicted"] - kept["worth_true"]).abs()
        assert (kept["loss"].rank() == error.rank()).all()
    worst = read_json(run.folder / EVIDENCE)["worst"]["rows"]
    losses = kept.set_index("where")["loss"]
    assert [losses[one["where"]] for one in worst] == sorted(losses, reverse=True)[: len(worst)]
