"""Wrong labels are found, ranked and shown; nothing of the user's is touched."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import brainwright as bw
from brainwright.__main__ import main
from brainwright.catalogue import find
from brainwright.runs.record import read_json
from brainwright.tasks.task import Task
from brainwright.trust import label_errors
from brainwright.trust.case import Case

SHORT = {"threads": 1, "preflight": "off"}


def noisy(seed: int, count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities of a good model, labels of which a tenth are changed, and which."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 4, count)
    scores = draw.dirichlet(np.ones(4), count) * 0.6
    scores[np.arange(count), truth] += 0.4
    wrong = draw.random(count) < 0.1
    return scores, np.where(wrong, (truth + draw.integers(1, 4, count)) % 4, truth), wrong


def test_margin_by_hand() -> None:
    odd = label_errors.margins(np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]]), np.array([0, 2]))
    np.testing.assert_allclose(odd, [0.2 / 0.9, 0.7 / 0.8], atol=1e-8)
    faint = label_errors.margins(np.array([[1 - 2e-6, 1e-6, 1e-6], [1 - 2e-4, 1e-4, 1e-4]]), np.array([1, 1]))
    assert faint[0] > faint[1] > 0.999


def test_confident_learning_by_hand() -> None:
    """Class 0 gets .8 on average of its own, class 1 gets .55: the last is claimed by class 0."""
    scores = np.array([[0.9, 0.1], [0.7, 0.3], [0.1, 0.9], [0.85, 0.2]])
    assert label_errors.confident(scores, np.array([0, 0, 1, 1])).tolist() == [False, False, False, True]


def test_never_below_cleanlab() -> None:
    rank = pytest.importorskip("cleanlab.rank")
    filtering = pytest.importorskip("cleanlab.filter")
    for seed in range(5):
        scores, given, wrong = noisy(seed)
        ours = label_errors.margins(scores, given)
        for method in ("normalized_margin", "self_confidence"):
            theirs = rank.get_label_quality_scores(given, scores, method=method)
            assert roc_auc_score(wrong, ours) > roc_auc_score(wrong, -theirs) - 0.003
        joint = filtering.find_label_issues(given, scores, filter_by="confident_learning")
        np.testing.assert_array_equal(label_errors.confident(scores, given), joint)


def test_numbers_are_judged_among_their_like() -> None:
    draw = np.random.default_rng(0)
    said = draw.uniform(1, 100, 500)
    truth = said + said * 0.1 * draw.normal(size=500)
    truth[7] = said[7] + 8 * 0.1 * said[7]
    small = int(np.argmin(said))
    truth[small] = said[small] + 8  # little for large numbers, much for this one
    found = label_errors.by_size(said, truth)
    assert {7, small} <= {*np.argsort(-found.odd)[:4].tolist()}
    assert found.suspected.sum() < 15


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"one": draw.normal(size=400), "two": draw.normal(size=400)})
    kind = np.where(frame["one"] + frame["two"] > 0, "up", "down")
    frame["kind"] = np.where(draw.random(400) < 0.08, np.where(kind == "up", "down", "up"), kind)
    frame.to_csv(folder / "data.csv", index=False)
    pd.DataFrame({"really": kind}).to_csv(folder / "truth.csv", index=False)
    bw.train(str(folder / "data.csv"), quiet=True, target="kind", steps=120, out=str(folder), name="run", **SHORT)
    return folder


def test_a_run_ranks_the_labels_it_was_made_from(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (home / "data.csv").read_bytes()
    assert main(["check", "--labels", str(home / "run")]) == 0
    assert "rare kinds of examples rank high" in capsys.readouterr().out
    assert (home / "data.csv").read_bytes() == before
    page = (home / "run" / "labels.html").read_text(encoding="utf-8")
    assert "From the oddest on" in page and "<script" not in page
    rows = read_json(home / "run" / "labels.json")["rows"]
    data, truth = pd.read_csv(home / "data.csv"), pd.read_csv(home / "truth.csv")
    wrong = [int(one["where"].rsplit(" ", 1)[1]) - 2 for one in rows[:10]]  # the file's first row is its head
    assert (data["kind"][wrong] != truth["really"][wrong]).mean() >= 0.8


def test_tasks_without_labels_say_so(tmp_path: Path) -> None:
    table = find("tasks", "forecasting", Task).example()
    run = bw.train(table, quiet=True, task="forecasting", steps=4, out=str(tmp_path), **SHORT)
    assert label_errors.suspects(Case(run.kept, table, {})).verdict == "missing"
