"""Metrics of numbers equal scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.mae import Mae
from brainwright.metrics.r2 import R2
from brainwright.metrics.rmse import Rmse
from brainwright.metrics.rmse_others import RmseOthers

CASES = [(Rmse, root_mean_squared_error), (Mae, mean_absolute_error), (R2, r2_score)]


@pytest.mark.parametrize(("metric", "reference"), CASES)
@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_learn(metric, reference, seed):
    """Any batches, joined, give what the whole gives."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(1000, 5, 101).astype(np.float32)
    said = (truth + draw.normal(1, 3, 101)).astype(np.float32)
    one = metric(slot="value")
    rows = [
        one.rows(Prediction({"value": torch.from_numpy(said[part])}), Batch({"value": torch.from_numpy(truth[part])}))
        for part in (slice(0, 40), slice(40, 101))
    ]
    assert one.value(torch.cat(rows).numpy()) == pytest.approx(reference(truth, said), rel=1e-6)


@pytest.mark.parametrize(("metric", "better"), [(Rmse, 1.0), (Mae, 1.0), (R2, 3.0)])
def test_knows_which_way_is_better(metric, better):
    assert metric(slot="value").better(better, 2.0)


def test_a_truth_that_never_changes_has_no_r2():
    assert np.isnan(R2(slot="value").value(np.array([[1.0, 5.0], [1.0, 5.0]])))


def test_rmse_others_is_the_root_of_the_mean_over_all_of_them() -> None:
    draw = np.random.default_rng(0)
    truth, said = ({name: torch.from_numpy(draw.random(50)) for name in ("throttle", "brake")} for _ in range(2))
    metric = RmseOthers(slot="throttle", besides=("brake",))
    value = metric.value(metric.rows(Prediction(said), Batch(truth)).numpy())
    wanted = np.sqrt(np.mean([(said[name] - truth[name]).square().mean().item() for name in truth]))
    assert value == pytest.approx(wanted)
