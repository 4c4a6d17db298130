"""What a run doubts: sets, intervals, silence, strangers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright.__main__ import main
from brainwright.commands.demo import digits
from brainwright.data.table import Column, Kind, Table
from brainwright.trust.doubt import Doubt

SHORT = {"steps": 8, "evaluations": 2, "threads": 1, "device": "cpu", "checkpoint": 0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> bw.Run:
    return bw.train(digits(), quiet=True, steps=80, evaluations=2, threads=1, out=str(tmp_path_factory.mktemp("runs")))


def test_sets_are_larger_at_higher_levels_and_hold_the_truth(run: bw.Run) -> None:
    table = digits().take(np.arange(400))
    sizes = [[len(one["set"]) for one in run.predict(table, level=level)] for level in (0.8, 0.9, 0.95)]
    assert np.mean(sizes[0]) <= np.mean(sizes[1]) <= np.mean(sizes[2])
    with pytest.raises(bw.Fault, match=r"no bounds at level 0\.7"):
        run.predict(table, level=0.7)


def test_noise_is_unlike_and_digits_are_not(run: bw.Run) -> None:
    table = digits().take(np.arange(300))
    assert np.mean([one["unlike"] for one in run.predict(table)]) < 0.06
    draw = np.random.default_rng(0)
    noise = Table.of({"image": Column(draw.integers(0, 256, (40, 8, 8)).astype(np.uint8), Kind.IMAGE)}, "noise")
    assert np.mean([one["unlike"] for one in run.predict(noise)]) > 0.7


def test_who_abstains_is_less_sure(run: bw.Run) -> None:
    answers = run.predict(digits().take(np.arange(400)), abstain=0.05)
    sure = {flag: [max(one["scores"].values()) for one in answers if one["abstains"] == flag] for flag in (True, False)}
    assert sure[False]
    assert not sure[True] or max(sure[True]) <= min(sure[False]) + 1e-6
    with pytest.raises(bw.Fault, match="between 0 and 1"):
        run.predict(digits().take(np.arange(3)), abstain=2)
    with pytest.raises(bw.Fault, match="cannot show"):
        run.predict(digits().take(np.arange(3)), abstain=0.0001)


def test_a_run_without_its_doubt_still_answers(run: bw.Run) -> None:
    doubt = Doubt(run.kept, "", {})
    assert "unlike" not in doubt.answers(digits().take(np.arange(2)))[0]


def test_the_command_line_says_it_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = np.random.default_rng(0)
    size = draw.normal(size=800)
    frame = pd.DataFrame({"size": size, "price": 3 * size + draw.normal(size=800) * 0.3})
    frame.to_csv(tmp_path / "data.csv", index=False)
    made = bw.train(str(tmp_path / "data.csv"), quiet=True, target="price", out=str(tmp_path / "runs"), **SHORT)
    frame[["size"]].head(2).to_csv(tmp_path / "new.csv", index=False)
    assert main(["predict", str(made.folder), str(tmp_path / "new.csv"), "--level", "0.9"]) == 0
    assert " from " in capsys.readouterr().out
    assert main(["predict", str(made.folder), str(tmp_path / "new.csv"), "--level", "much"]) == 2
    assert "--level much is no number" in capsys.readouterr().err
    assert main(["predict", str(made.folder), str(tmp_path / "new.csv"), "--to", str(tmp_path / "said.csv")]) == 0
    assert "unlike" in pd.read_csv(tmp_path / "said.csv").columns
