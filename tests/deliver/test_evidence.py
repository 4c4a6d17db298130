"""Evidence: its figures equal scikit-learn's, and every kind of target leaves what the report draws."""

import json

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, confusion_matrix

from brainwright.catalogue import find
from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.image import Image
from brainwright.data.fields.noise import Noise
from brainwright.data.slots import Fields, Prediction, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.metrics.accuracy import Accuracy
from brainwright.runs.evidence import gather, told
from brainwright.runs.judgements import classes, numbers, reliability
from brainwright.runs.record import plain
from brainwright.tasks.task import Task
from brainwright.training.evaluation import Evaluated


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def test_confusion_equals_scikit_learn(draw):
    truth, said = draw.integers(0, 4, 200), draw.integers(0, 4, 200)
    found = classes(list("abcd"), {"train": truth[:50], "test": truth}, said)
    matrix = confusion_matrix(truth, said)
    assert found["confusion"] == matrix.tolist()
    assert found["right"] == matrix.diagonal().tolist()
    assert found["answered"] == np.bincount(said).tolist()
    assert found["counts"]["train"] == np.bincount(truth[:50], minlength=4).tolist()
    pairs = [one["count"] for one in found["pairs"]]
    assert pairs == sorted(matrix[~np.eye(4, dtype=bool)], reverse=True)
    assert found["pairs"][0]["truth"] != found["pairs"][0]["said"]


def test_many_classes_keep_the_pairs_alone(draw):
    names = [f"class {index}" for index in range(60)]
    truth = draw.integers(0, 60, 500)
    found = classes(names, {"test": truth}, (truth + 1) % 60)
    assert found["confusion"] == []
    assert len(found["pairs"]) == 15 and sum(found["right"]) == 0


@pytest.mark.parametrize("size", [2, 5])
def test_brier_equals_scikit_learn(draw, size):
    scores = draw.dirichlet(np.ones(size), 300)
    truth = draw.integers(0, size, 300)
    wanted = (
        brier_score_loss(truth, scores[:, 1]) if size == 2 else np.mean(((scores - np.eye(size)[truth]) ** 2).sum(1))
    )
    assert reliability(scores, truth)["brier"] == pytest.approx(wanted)


def test_honest_probabilities_lie_on_the_diagonal(draw):
    given = draw.uniform(0, 1, 40_000)
    truth = (draw.uniform(0, 1, 40_000) < given).astype(int)
    honest = reliability(np.stack([1 - given, given], 1), truth)
    boastful = reliability(np.stack([1 - given**0.25, given**0.25], 1), truth)
    assert honest["ece"] < 0.01 < 0.1 < boastful["ece"]
    assert sum(one["count"] for one in honest["points"]) == 40_000
    inside = [one["low"] <= one["given"] <= one["high"] for one in honest["points"]]
    assert sum(inside) >= 10  # of 12: each 95 % interval may miss


def test_wilson_interval_of_a_group():
    (one,) = reliability(np.tile([0.2, 0.8], (1, 1)), np.array([1]))["points"]
    assert (one["low"], one["high"]) == (pytest.approx(0.2065, abs=1e-3), 1.0)  # Wilson (1927): 1 of 1


def test_residuals_and_squares(draw):
    truth = draw.normal(size=1000)
    found = numbers({"train": truth, "validation": truth[:100], "test": truth}, truth + 0.5)
    assert sum(square[2] for square in found["squares"]) == 1000
    assert all(abs(value - 0.5) < 1e-3 for value in found["quantiles"].values())
    assert [sum(counts) for counts in found["counts"].values()] == [1000, 100, 1000]
    constant = numbers({"train": truth, "test": np.ones(5)}, np.ones(5))
    assert constant["frame"] == [0.5, 1.5]


def test_cells_in_words():
    assert [told(x) for x in (None, np.nan, np.datetime64("NaT"))] == ["", "", ""]
    assert told(np.datetime64("2024-01-02T00:00:00")) == "2024-01-02"
    assert [told(x) for x in (1234567.0, 0.123456789, "<b>")] == ["1234567", "0.123457", "<b>"]


class Painted:
    """Just enough of a task that paints: a drawn input, a picture as its target."""

    noise = input(Noise(size=4))
    picture = target(Image())

    def slots(self):
        return (Painted.noise, Painted.picture)


@pytest.mark.parametrize(("side", "fewest"), [(8, 64), (200, 3)])
def test_generated_pictures_stand_beside_real_ones(draw, side, fewest):
    pixels = draw.integers(0, 255, (80, side, side), np.uint8)
    task = Painted()
    fields = Fields.fit(task.slots(), {"picture": pixels})
    portion = Portion.of(task.slots(), fields, Examples({"picture": pixels}, np.zeros(80, np.uint8), np.arange(80)))
    made = torch.from_numpy(draw.uniform(-20, 300, (80, *fields[Painted.picture].shape)).astype(np.float32))
    judged = Evaluated(Prediction({"picture": made}), np.zeros(80), {})
    table = Table.of({"picture": Column(pixels, Kind.IMAGE)})
    found = gather(task, {"train": portion, "validation": portion, "test": portion}, judged, table)
    (target_found,) = found["targets"].values()
    assert target_found["kind"] == "image"
    assert len(target_found["made"]) == len(target_found["real"]) >= fewest
    assert all(one.startswith("<img ") for one in target_found["made"])
    assert found["worst"]["rows"] == [], "nothing was asked, so nothing was answered wrongly"
    assert len(json.dumps(plain(found))) < 2_000_000


def test_evidence_is_plain_and_points_to_rows(run_folder):
    found = json.loads((run_folder / "evidence.json").read_text(encoding="utf-8"))
    kind = find("tasks", run_folder.name, Task)
    slots = {slot.name for slot in kind().slots()}
    assert {one["slot"] for one in found["samples"]["columns"]} <= slots
    for row in found["samples"]["rows"]:
        assert "row" in row["where"] and len(row["cells"]) == len(found["samples"]["columns"])
    losses = [row["loss"] for row in found["worst"]["rows"]]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(("right", "count"), [(0, 10), (270, 270), (37, 90)])
def test_an_accuracy_has_an_interval_even_without_an_error(right, count):
    """As scipy's Wilson interval."""
    rows = np.stack([np.arange(count) < right, np.ones(count)], 1).astype(float)
    wanted = binomtest(right, count).proportion_ci(method="wilson")
    assert Accuracy(slot="label").interval(rows) == pytest.approx((wanted.low, wanted.high), abs=1e-6)
