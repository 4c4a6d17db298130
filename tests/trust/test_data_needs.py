"""`plan --target-metric` says how many examples are needed, or refuses to guess so far."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright import api
from brainwright.__main__ import main
from brainwright.metrics.log_loss import LogLoss
from brainwright.trust.data_needs import finding


def table(count: int) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(count, 6))
    score = inputs @ np.array([2, -1.5, 1, 0.8, -0.6, 0.4])
    return pd.DataFrame(
        {**{f"x{i}": inputs[:, i] for i in range(6)}, "kind": np.where(score + draw.normal(size=count) > 0, "up", "no")}
    )


def test_the_command_says_what_more_data_bring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(900).to_csv(tmp_path / "data.csv", index=False)
    words = ["plan", str(tmp_path / "data.csv"), "--target", "kind", "--steps", "4", "--threads", "1"]
    assert main([*words, "--backbone", "mlp", "--target-metric", "0.0001"]) == 0
    said = capsys.readouterr().out
    assert said.count("log-loss") >= 8 + 3  # eight nets, three sizes ahead
    assert "no guess is made so far ahead" in said


def test_what_is_needed_is_put_in_words() -> None:
    loss = LogLoss(slot="kind")
    assert "is within reach" in finding(loss, 0.4, (500.0, 300.0, 700.0), 630).says
    told = finding(loss, 0.2, (2000.0, 1200.0, np.inf), 630)
    assert "about 2,000 training examples (90 %: 1,200 to more than eight times as many); there are 630" in told.says
    assert "1,370 more" in told.advice


def test_few_examples_are_refused() -> None:
    with pytest.raises(bw.Fault, match="too few for a learning curve"):
        api.data_need(table(200), 0.9, target="kind", steps=5)
