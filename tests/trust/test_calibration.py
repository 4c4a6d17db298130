"""One temperature: found where nets are too sure, kept only where it helps, and the same after a run is taken up."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import brainwright as bw
from brainwright.commands.demo import digits
from brainwright.data.slots import Prediction
from brainwright.runs import calibrating
from brainwright.runs.judgements import reliability


def honest(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits [count, classes] and truths drawn from exactly their softmax."""
    draw = np.random.default_rng(seed)
    logits = 2.0 * draw.normal(size=(count, classes))
    heights = np.exp(logits - logits.max(1, keepdims=True))
    heights = (heights / heights.sum(1, keepdims=True)).cumsum(1)
    return logits, (draw.random((count, 1)) > heights).sum(1).clip(max=classes - 1)


def said(logits: np.ndarray) -> Prediction:
    scores = torch.from_numpy(logits).softmax(-1).float()
    return Prediction({"label": scores.argmax(-1)}, scores)


@pytest.mark.parametrize("sharpened", [3.0, 0.5])
def test_the_temperature_of_nets_that_are_too_sure_or_too_shy_is_recovered(sharpened: float) -> None:
    logits, truth = honest(4000, 5, 0)
    found = calibrating.calibrated(said(logits * sharpened), truth)
    assert found.temperature == pytest.approx(sharpened, rel=0.06)
    assert found.log_loss[1] < found.log_loss[0] - 0.05


def test_where_nothing_is_to_be_gained_nothing_is_changed() -> None:
    kept = 0
    for seed in range(20):
        prediction, truth = said((pair := honest(200, 4, seed))[0]), pair[1]
        found = calibrating.calibrated(prediction, truth)
        kept += found.temperature != 1.0
        if found.temperature == 1.0:
            assert calibrating.recast(prediction, found.temperature) is prediction
        else:
            assert found.log_loss[1] < found.log_loss[0]
    assert kept <= 10  # a fitted temperature lowers the loss of what it was fitted on in 20 of 20


def test_answers_stay_and_scores_stay_probabilities() -> None:
    logits, _ = honest(50, 3, 1)
    before = said(logits * 40)  # saturated: some probabilities are 0 in float32
    after = calibrating.recast(before, 7.0)
    assert torch.equal(after.values["label"], before.values["label"])
    assert torch.equal(after.scores.argmax(-1), before.scores.argmax(-1))
    torch.testing.assert_close(after.scores.sum(1), torch.ones(50))
    wanted = torch.from_numpy(np.log(np.array([[0.7, 0.2, 0.1]])) / 2).softmax(-1)
    torch.testing.assert_close(calibrating.tempered(torch.tensor([[0.7, 0.2, 0.1]]), 2.0), wanted.float())


def test_chance_alone_makes_the_error_of_honest_scores() -> None:
    """Of honest scores about one in twenty lies above the floor; those of a net too sure lie far above."""
    above, wild = 0, 0
    for seed in range(60):
        logits, truth = honest(300, 4, seed)
        scores = torch.from_numpy(logits).softmax(-1).numpy()
        mean, most = calibrating.chance(scores, seed)
        assert 0 < mean < most < 0.15
        above += reliability(scores, truth)["ece"] > most
        sharp = torch.from_numpy(logits * 3).softmax(-1).numpy()
        wild += reliability(sharp, truth)["ece"] > calibrating.chance(sharp, seed)[1]
    assert above <= 9  # 3 expected; more than 9 of 60 by chance: 1 in 1000
    assert wild == 60


def test_too_few_examples_and_no_probabilities_are_said() -> None:
    logits, truth = honest(20, 3, 0)
    assert "too few" in calibrating.calibrated(said(logits), truth).reason
    assert "no probabilities" in calibrating.calibrated(Prediction({"x": torch.zeros(3)}), None).reason


def test_error_is_that_of_torchmetrics() -> None:
    """Theirs has bins of equal width, ours groups of equal size: on scores that fill both alike they are one number."""
    metrics = pytest.importorskip("torchmetrics.functional.classification")
    draw = np.random.default_rng(0)
    top = np.repeat((np.arange(12, 24) + 0.5) / 24, 40)  # of the likelier class: forty in the middle of each bin
    scores = np.stack([top, (1 - top) / 2, (1 - top) / 2], 1)
    truth = np.where(draw.random(len(top)) < top * 0.8, 0, 1)
    theirs = metrics.multiclass_calibration_error(torch.from_numpy(scores), torch.from_numpy(truth), 3, n_bins=24)
    assert reliability(scores, truth)["ece"] == pytest.approx(float(theirs), abs=1e-6)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> bw.Run:
    out = tmp_path_factory.mktemp("runs")
    return bw.train(digits(), quiet=True, steps=60, evaluations=2, threads=1, out=str(out), smoothing=0.2)


def test_a_run_answers_calibrated_everywhere_and_after_it_is_taken_up(run: bw.Run) -> None:
    found = run.record["calibration"]
    assert found["temperature"] < 0.9  # smoothed targets make nets too shy
    assert found["log_loss"][1] < found["log_loss"][0]
    assert found["test"]["log_loss"][1] == pytest.approx(run.metrics["log-loss"], abs=1e-6)
    table = digits().take(np.arange(5))
    one, other = run.kept.predict(table), bw.load(run.folder).kept.predict(table)
    assert one == other
    kept = pd.read_parquet(Path(run.folder) / "predictions.parquet")
    scores = kept.filter(like="score_").to_numpy()
    codes = np.array([sorted({*kept["label_true"]}, key=int).index(word) for word in kept["label_true"]])
    loss = -np.log(scores[np.arange(len(codes)), codes].astype(np.float64).clip(1e-7)).mean()
    assert loss == pytest.approx(run.metrics["log-loss"], rel=1e-5)
