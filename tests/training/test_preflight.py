"""What preflight says of healthy set-ups and of planted mistakes, and what is said during and after a training."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import brainwright as bw
from brainwright.data.slots import Prediction
from brainwright.errors import Fault
from brainwright.metrics.accuracy import Accuracy
from brainwright.training.evaluation import Evaluated
from brainwright.training.loop import Moment
from brainwright.training.preflight import refuse
from brainwright.training.quick import surely_better
from brainwright.training.subject import Check
from brainwright.training.watch import Watch
from trial import Trial

ROOT = Path(__file__).parents[2]
CASES = (
    ("loss with the wrong sign", "tabular-regression"),
    ("softmax twice", "tabular-classification"),
    ("loss averaged over the batch", "tabular-regression"),
    ("frozen head", "tabular-classification"),
    ("detached branch", "tabular-classification"),
    ("dead activations", "tabular-regression"),
    ("leak across the batch", "tabular-classification"),
    ("dropout stays on", "tabular-regression"),
    ("numbers that are not saved", "tabular-regression"),
    ("rate 1000 times too high", "tabular-classification"),
    ("rate 10,000 times too low", "tabular-regression"),
    ("gradients not zeroed", "tabular-classification"),
    ("labels shuffled", "tabular-classification"),
    ("one class a batch", "tabular-classification"),
    ("pictures exchanged", "image-classification"),
)


@pytest.fixture(scope="module")
def bench():
    """The benchmark's own functions, so that tests and record plant the same mistakes."""
    sys.modules["bugs"] = module = type(sys)("bugs")  # data classes look up the module they stand in
    vars(module).update(runpy.run_path(str(ROOT / "benchmarks/bugs.py"), run_name="bugs"))
    yield module
    del sys.modules["bugs"]


@pytest.mark.parametrize(("name", "word"), CASES, ids=[name for name, _ in CASES])
def test_a_planted_mistake_is_named(bench, name, word):
    bug = next(one for one in bench.BUGS if one.name == name)
    found = bench.tried(bug, word, 0)
    told = found.found("failed", "doubtful")
    assert any(bench.re.search(bug.cause, one.cause) for one in told), [one.line() for one in found.checks]
    assert all("\n" not in one.line() and one.mend for one in told)


@pytest.mark.parametrize("word", ["tabular-classification", "tabular-regression", "text-classification"])
def test_a_healthy_run_is_let_go_and_left_as_it_was(bench, word):
    one = bench.setup(word, 3)
    found = bench.looked(one)
    after = torch.get_rng_state()
    assert [one.line() for one in found.found("failed", "doubtful", "left out")] == []
    assert len(found.checks) > 15
    refuse(found)
    torch.manual_seed(one.seed)
    one.task.build(one.shares["train"].fields, one.config.backbone)
    assert torch.equal(torch.get_rng_state(), after), "preflight draws no random number of the run"


def test_every_task_passes_on_its_own_example(bench):
    """A new task must not be refused: the checks go through the contract alone."""
    trial = Trial("image-generation", painter_width=4, batch_size=8)
    one = bench.Setup(trial.task, trial.config, trial.shares, 0)
    assert [check.line() for check in bench.looked(one).found("failed")] == []


def test_a_run_that_cannot_come_to_good_is_refused_and_its_record_says_why(tmp_path):
    draw = np.random.default_rng(0)
    size = draw.normal(size=300)
    (tmp_path / "a.csv").write_text("size,price\n" + "".join(f"{x:.4f},{abs(x) + x * x:.4f}\n" for x in size))
    options = {"target": "price", "out": str(tmp_path / "runs"), "quiet": True, "width": 16, "members": 1, "steps": 60}
    with pytest.raises(Fault, match=r"rate too high.*--preflight off"):
        bw.train(str(tmp_path / "a.csv"), name="bad", preflight="on", lr=30.0, **options)
    kept = json.loads((tmp_path / "runs/bad/run.json").read_text())["preflight"]
    assert any(check["state"] == "failed" and "rate" in check["cause"] for check in kept["checks"])
    short = bw.train(str(tmp_path / "a.csv"), name="short", **options)
    assert "preflight" not in short.record, "a short run is not looked at unless asked"


def moment(step: int, loss: float) -> Moment:
    return Moment(step, 100, 1.0, 1.0, 0.1, {"net": loss})


def test_a_stalled_loss_is_said_once_and_late():
    watch = Watch(1)
    said = [watch.see(moment(step, 1.0)) for step in range(1, 101)]
    assert sum(map(len, said)) == 1
    assert said[29] and "stalled" in said[29][0]
    falling = Watch(1)
    assert not any(falling.see(moment(step, 1 / step)) for step in range(1, 101))


def test_an_exploded_loss_is_said():
    watch = Watch(2)
    assert not watch.see(moment(1, 1.0))
    assert "exploded" in watch.see(moment(2, 9.0))[0]


def evaluated(answers: list[int], loss: float) -> Evaluated:
    losses = np.full(len(answers), loss) + np.linspace(0, 0.01, len(answers))
    return Evaluated(Prediction({"label": torch.tensor(answers)}), losses, {})


@pytest.mark.parametrize(
    ("learned", "judged", "word"),
    [
        (evaluated([0, 1] * 20, 0.1), evaluated([1] * 40, 0.2), "one answer"),
        (evaluated([0, 1] * 20, 0.1), evaluated([0, 1] * 20, 1.0), "by heart"),
        (evaluated([0, 1] * 20, 0.5), evaluated([0, 1] * 20, 0.1), "easier"),
    ],
)
def test_odd_ends_are_said(learned, judged, word):
    watch = Watch(1)
    watch.see(moment(1, 1.0))
    task = Trial("tabular-classification").task
    assert any(word in line for line in watch.after(task, learned, judged))
    fine = evaluated([0, 1] * 20, 0.35)
    fine.prediction.values["letters"] = torch.full((40,), 256)  # a figure beside the answer, the same for all
    assert watch.after(task, evaluated([0, 1] * 20, 0.3), fine) == []


def test_a_check_is_one_line():
    assert Check("name", "failed", "seen", "cause", "mend").line() == "name: seen; likely cause; mend"


def test_overconfident_models_that_are_right_more_often_raise_no_doubt():
    """Pictures whose quick models pay dearly in log loss for few errors, as on photographs."""
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 4, 400)
    told = np.where(draw.random(400) < 0.45, truth, draw.integers(0, 4, 400))
    rows = [np.column_stack([right, np.ones(400)]) for right in (told == truth, truth == 0)]
    metric = Accuracy(slot="label")
    assert surely_better(metric, *rows)
    assert not surely_better(metric, *reversed(rows))
    assert not surely_better(metric, rows[1], draw.permutation(rows[1]))
