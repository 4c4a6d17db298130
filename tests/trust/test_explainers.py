"""Methods against formulas: linear nets, additive and multiplied games, and the reference where it is installed."""

import numpy as np
import pytest
import torch
from torch import nn

from brainwright.errors import Fault
from brainwright.trust.explainers.gradients import grad_cam, gradient_shap, integrated_gradients, saliency
from brainwright.trust.explainers.occlusion import occlusion
from brainwright.trust.explainers.shapley import shapley
from trust.games import Formula, Linear, game

WEIGHTS = [1.0, -2.0, 0.5, 0.0, 3.0, -1.0]
PICTURE = [4.0, 1.0, 2.0, 5.0, 3.0, 7.0]
OTHERS = [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0, 9.0]]


@pytest.mark.parametrize("method", [gradient_shap, integrated_gradients, shapley])
def test_of_a_linear_net_each_share_is_weight_times_distance(method):
    found = method(game(Linear(WEIGHTS), PICTURE, OTHERS))
    away = np.array(PICTURE) - np.mean(OTHERS, 0)
    np.testing.assert_allclose(found.values, np.array(WEIGHTS) * away, atol=1e-5)
    assert found.whole == pytest.approx(float(np.dot(WEIGHTS, away)), abs=1e-5)
    assert found.error < 1e-6


def test_occlusion_is_the_difference_made_by_hand():
    net = Formula(lambda pixels: pixels[:, 0] * pixels[:, 1])
    found = occlusion(game(net, PICTURE, OTHERS)).values
    first = np.mean([4.0 * 1.0 - one[0] * 1.0 for one in OTHERS])
    second = np.mean([4.0 * 1.0 - 4.0 * one[1] for one in OTHERS])
    np.testing.assert_allclose(found, [first, second, 0, 0, 0, 0], atol=1e-5)


def test_saliency_is_the_length_of_the_gradient():
    found = saliency(game(Linear(WEIGHTS), PICTURE, OTHERS)).values
    np.testing.assert_allclose(found, np.abs(WEIGHTS), atol=1e-6)


def test_a_part_of_an_answer_has_a_slope_of_its_own():
    """The things of an answer are explained by their own scores, not by that of the whole."""
    part = game(Linear(WEIGHTS), PICTURE, OTHERS).of(lambda net, batch: 3 * batch.values["image"].flatten(1)[:, 4])
    np.testing.assert_allclose(saliency(part).values, [0, 0, 0, 0, 3, 0], atol=1e-6)


def test_a_product_is_shared_in_halves():
    """Shapley 1953: two players who need each other share alike; a third who adds nothing gets nothing."""
    net = Formula(lambda pixels: pixels[:, 0] * pixels[:, 1] + 2 * pixels[:, 5])
    found = shapley(game(net, [3.0, 4.0, 9.0, 9.0, 9.0, 1.0], [[0.0] * 6])).values
    np.testing.assert_allclose(found, [6, 6, 0, 0, 0, 2], atol=1e-5)


def test_integrated_gradients_of_a_square_need_no_luck():
    """The way from b to x through x squared gives x squared - b squared: exact by Gauss and Legendre."""
    net = Formula(lambda pixels: (pixels**2).sum(1))
    found = integrated_gradients(game(net, PICTURE, OTHERS))
    np.testing.assert_allclose(found.values, np.square(PICTURE) - np.square(np.mean(OTHERS, 0)), atol=1e-4)


def test_what_a_method_cannot_do_it_says():
    many = game(Linear(WEIGHTS), PICTURE, OTHERS)
    with pytest.raises(Fault, match="grid"):
        grad_cam(many)


def test_a_score_that_never_moves_is_explained_by_nothing():
    found = gradient_shap(game(Formula(lambda pixels: 0 * pixels.sum(1) + 3), PICTURE, OTHERS))
    assert (found.values == 0).all()
    assert found.whole == 0
    assert found.error == 0


def test_equals_captum():
    attr = pytest.importorskip("captum.attr")
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0))
    asked = game(net, PICTURE, OTHERS)
    given, blank = asked.batch.values["image"], asked.blank.values["image"]
    theirs = attr.IntegratedGradients(net).attribute(given, baselines=blank, n_steps=200)
    np.testing.assert_allclose(integrated_gradients(asked).values, theirs.flatten().detach(), atol=1e-4)
    steep = attr.Saliency(net).attribute(given.clone().requires_grad_())
    np.testing.assert_allclose(saliency(asked).values, steep.flatten(), atol=1e-5)
    others = asked.others.values["image"]
    each = [attr.IntegratedGradients(net).attribute(given, baselines=one[None], n_steps=200) for one in others]
    mean = torch.stack(each).mean(0).flatten().detach()
    np.testing.assert_allclose(gradient_shap(asked).values, mean, atol=2e-3)
    hidden = attr.ShapleyValues(net).attribute(given, baselines=others[:1], perturbations_per_eval=8)
    alone = game(net, PICTURE, OTHERS[:1])
    np.testing.assert_allclose(shapley(alone).values, hidden.flatten().detach(), atol=1e-4)
