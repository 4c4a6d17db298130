"""Nearest and most influential training examples: against the definition, for each kind of last layer."""

import numpy as np
import pytest
import torch

from brainwright.data.batching import batch_of, generator_of
from brainwright.errors import Fault
from brainwright.tasks.task import Turn
from brainwright.trust.explainers.examples import heads, influential, loss, nearest, pulls
from brainwright.trust.game import Setting
from trial import Trial


def setting(word, **options):
    trial = Trial(word, **options)
    loop = trial.trained(steps=30)
    return trial, Setting(trial.task, loop.result(), loop.at, trial.shares["train"])


@pytest.mark.parametrize("word", ["image-classification", "image-generation"])
def test_an_example_is_nearest_to_itself(word):
    trial, room = setting(word)
    if any(slot.field.drawn for slot in trial.task.slots()):
        found = nearest(room, room.game(trial.shares["test"], 0), 3)
        assert (np.diff(found.values) >= 0).all() and len(found.rows) == 3
        return
    found = nearest(room, room.game(trial.shares["train"], 5), 3)
    assert found.rows[0] == 5
    assert found.values[0] == pytest.approx(0, abs=1e-4)
    assert found.values[1] > 0
    assert found.looked_at == len(trial.shares["train"])


@pytest.mark.parametrize(
    ("word", "options"),
    [("tabular-regression", {"members": 2}), ("text-classification", {}), ("forecasting", {})],
)
def test_pulls_are_the_gradients_of_the_last_layer(word, options):
    """One example at a time, by torch's own gradients of the weights."""
    trial, room = setting(word, **options)
    batch = trial.batch("train", 4)
    mine = pulls(room, batch, loss)
    theirs = []
    for row in range(4):
        room.net.zero_grad()
        one = batch.some(torch.tensor([row]))
        trial.task.loss(room.net, one, Turn("net", 0, 1.0)).each.sum().backward()
        theirs.append(torch.cat([head.weight.grad.flatten() for head in heads(room.net)]).double())
    both = torch.stack(theirs)
    torch.testing.assert_close(mine @ mine.T, both @ both.T, atol=1e-4, rtol=1e-3)  # whatever the order of the weights


@pytest.mark.parametrize("word", ["text-classification", "tabular-regression", "image-classification"])
def test_a_step_on_an_example_moves_the_score_as_foretold(word):
    """One small step down a training example's loss, by the last layer's weights alone."""
    trial, room = setting(word)
    game = room.game(trial.shares["test"], 0)
    found = influential(room, game, 3)
    head, step = heads(room.net)[0], 1e-3
    before = game.scores(game.all(), game.blank).item()
    kept = head.weight.detach().clone()
    for row, value in zip(found.rows, found.values, strict=True):
        one = batch_of(trial.task.slots(), trial.shares["train"], np.array([row]), generator_of(0))
        loss = trial.task.loss(room.net, one, Turn("net", 0, 1.0)).each.sum()
        (slope,) = torch.autograd.grad(loss, head.weight)
        with torch.no_grad():
            head.weight.copy_(kept - step / max(1.0, float(slope.norm())) * slope)
        moved = (game.scores(game.all(), game.blank).item() - before) / (step / max(1.0, float(slope.norm())))
        assert moved == pytest.approx(value, rel=0.1, abs=0.02)
        with torch.no_grad():
            head.weight.copy_(kept)


def test_players_that_learn_from_each_other_have_no_loss_of_their_own():
    trial, room = setting("image-generation")
    with pytest.raises(Fault, match="players"):
        influential(room, room.game(trial.shares["test"], 0), 3)
