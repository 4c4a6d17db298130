"""Whatever the task: its score can be explained, and what is hidden and shown is what it says."""

import numpy as np
import pytest
import torch

from brainwright.trust.explainers.gradients import gradient_shap, integrated_gradients, saliency
from brainwright.trust.explainers.occlusion import occlusion
from brainwright.trust.game import Setting
from brainwright.trust.gates import sums
from trial import TASKS, Trial


@pytest.fixture(params=TASKS)
def trial(request):
    return Trial(request.param)


@pytest.fixture
def game(trial):
    loop = trial.trained(steps=20)
    return Setting(trial.task, loop.result(), loop.at, trial.shares["train"], infills=4).game(trial.shares["test"], 0)


def test_score_is_the_log_odds_of_the_answer_and_lets_gradients_through(trial):
    net, batch = trial.trained(steps=5).result().eval().requires_grad_(), trial.batch()
    said = trial.task.predict(net, batch)
    score = trial.task.score(net, batch | said.values)
    assert score.shape == (len(batch),)
    score.sum().backward()
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.parameters())
    if said.scores is not None:
        own = said.scores.gather(1, next(iter(said.values.values()))[:, None])[:, 0]
        torch.testing.assert_close(score.sigmoid(), own, atol=1e-5, rtol=1e-4)
        other = {name: (value + 1) % said.scores.shape[1] for name, value in said.values.items()}
        assert (trial.task.score(net, batch | other) < score).all()


def test_all_shown_is_the_example_and_none_shown_is_not(game):
    whole = game.task.score(game.net, game.batch).item()
    assert game.scores(game.all(), game.blank).item() == pytest.approx(whole, abs=1e-4)
    assert game.scores(game.all(), game.others).numpy() == pytest.approx(whole, abs=1e-4)
    assert game.scores(game.none(), game.others).std() > 0


def test_values_on_the_way_end_where_hiding_and_showing_ends(game):
    """Weighted means with weights 0 and 1 are what hiding and showing gives, for words and classes too."""
    draw = torch.Generator().manual_seed(0)
    shown = torch.randint(0, 2, (4, game.count), generator=draw).float()
    for infill in (game.blank.some(torch.zeros(4, dtype=torch.int64)), game.others):
        soft, hard = game.score(shown, infill), game.score(shown.bool(), infill)
        torch.testing.assert_close(soft, hard, atol=1e-4, rtol=1e-4)


def test_hiding_a_unit_changes_nothing_else(game):
    infill = game.others.some(torch.zeros(1, dtype=torch.int64))
    for side in game.sides:
        assert side.units.owner.min() == 0 and side.units.owner.max() == len(side.units) - 1
    one = game.all().clone()
    one[0, 0] = 0
    mixed, whole = game.mixed(one.bool(), infill), game.mixed(game.all().bool(), infill)
    side = game.sides[0]
    changed = _numbers(mixed, side.slot) != _numbers(whole, side.slot)
    mine = torch.from_numpy(side.units.owner) == 0
    if changed.shape[-1] == 1:  # several units may share in one number, as bands in a sound
        mine = mine.any(-1, keepdim=True)
    assert not changed.view(-1, *mine.shape)[:, ~mine].any()


def _numbers(batch, slot):
    value = batch.values[slot]
    if isinstance(value, torch.Tensor):
        return value.nan_to_num(-9.0)
    tokens = value.values.ndim == 3 and not value.values.is_floating_point()
    return value.values[..., 0] if tokens else value.values


@pytest.mark.parametrize("method", [gradient_shap, integrated_gradients])
def test_shares_add_up(game, method):
    found = method(game)
    assert found.values.shape == (game.count,)
    assert found.whole == pytest.approx(found.values.sum(), abs=0.02 * np.abs(found.values).sum())
    assert sums([found]).verdict in ("passed", "failed")


def test_other_methods_say_something_of_each_unit(game):
    for method in (saliency, occlusion):
        found = method(game)
        assert found.values.shape == (game.count,)
        assert np.isfinite(found.values).all() and np.abs(found.values).sum() > 0
        assert np.isnan(found.error)
