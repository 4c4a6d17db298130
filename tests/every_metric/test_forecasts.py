"""Metrics of forecasts equal scikit-learn's; unknown values do not count; intervals know that windows overlap."""

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_squared_error

from brainwright.data.slots import Batch, Prediction
from brainwright.metrics.mae_scaled import MaeScaled
from brainwright.metrics.mse_scaled import MseScaled

CASES = [(MseScaled, mean_squared_error), (MaeScaled, mean_absolute_error)]


@pytest.mark.parametrize(("metric", "reference"), CASES)
def test_equals_scikit_learn_on_what_is_known(metric, reference):
    truth, said = torch.randn(50, 12, 3), torch.randn(50, 12, 3)
    truth[torch.rand(50, 12, 3) < 0.1] = torch.nan
    one = metric(slot="future")
    rows = one.rows(Prediction({"future": said}), Batch({"future": truth})).numpy()
    known = truth.isfinite()
    assert one.value(rows) == pytest.approx(reference(truth[known], said[known]), rel=1e-5)
    assert one.block(rows) == 12
    assert one.better(0.1, 0.2)


@pytest.mark.parametrize("metric", [MseScaled, MaeScaled])
def test_blocks_widen_the_interval_of_windows_that_overlap(metric):
    """Overlapping windows of one noisy series: blocks must not feign N independent examples."""
    noise = np.convolve(np.random.default_rng(0).normal(size=2047), np.ones(48) / 48, "valid") + 1
    rows = np.stack([noise, np.ones(2000), np.full(2000, 48.0)], 1)
    alone = np.stack([noise, np.ones(2000), np.ones(2000)], 1)
    one = metric(slot="future")
    low, high = one.interval(rows)
    assert low < one.value(rows) < high
    few, many = one.interval(alone)
    assert high - low > 4 * (many - few)
