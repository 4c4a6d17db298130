"""A run made earlier is questioned on the very shares it was made from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright.runs.telling import Silent
from brainwright.trust.case import reopened


@pytest.fixture
def run(tmp_path: Path) -> bw.Run:
    draw = np.random.default_rng(0)
    one = draw.normal(size=200)
    pd.DataFrame({"one": one, "two": draw.normal(size=200), "answer": np.where(one > 0, "a", "b")}).to_csv(
        tmp_path / "data.csv", index=False
    )
    return bw.train(
        str(tmp_path / "data.csv"), quiet=True, target="answer", steps=5, allow="leak", out=str(tmp_path / "runs")
    )


def test_the_shares_are_as_they_were(run: bw.Run) -> None:
    case = reopened(bw.load(run.folder).kept, Silent())
    assert sum(map(len, case.shares.values())) == 200
    said = pd.read_parquet(run.folder / "predictions.parquet")["answer_true"]
    classes = np.array(case.run.fields.fitted["label"].classes)  # type: ignore[attr-defined]
    assert list(said) == list(classes[case.shares["test"].encoded["label"].values])  # type: ignore[union-attr]


def test_changed_data_are_refused(run: bw.Run, tmp_path: Path) -> None:
    table = pd.read_csv(tmp_path / "data.csv")
    table.loc[0, "two"] = 9.0
    table.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(bw.Fault, match="has changed since"):
        reopened(run.kept, Silent())
