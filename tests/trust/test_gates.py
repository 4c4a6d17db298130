"""The gates let through what tells of the net and stop what does not."""

import numpy as np
import pytest
import torch

from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.explainers.gradients import gradient_shap
from brainwright.trust.gates import Order, alike, faithfulness, gain, overall, randomisation, randomised, sums
from trust.games import Linear, game

DRAW = np.random.default_rng(0)
OTHERS = DRAW.normal(size=(16, 6)).tolist()


def games(count: int = 8) -> list:
    net = Linear([3.0, -2.0, 0.5, 0.1, 1.0, -1.0])
    return [game(net, DRAW.normal(size=6).tolist(), OTHERS) for _ in range(count)]


def edges(asked) -> Attribution:
    """What strikes the eye: the same for every net."""
    return Attribution(asked.striking().numpy(), float("nan"))


def backwards(asked) -> Attribution:
    return Attribution(-gradient_shap(asked).values, float("nan"))


def test_a_method_that_follows_the_net_passes():
    asked = games()
    found = [gradient_shap(one) for one in asked]
    assert randomisation(asked, found, gradient_shap).verdict == "passed"
    assert sums(found).verdict == "passed"
    findings = faithfulness(asked, found)
    assert {one.verdict for one in findings} == {"passed"}
    assert all(one.low <= one.value <= one.high and one.count == 8 for one in findings)


def test_an_edge_detector_fails():
    asked = games()
    found = [edges(one) for one in asked]
    rank = randomisation(asked, found, edges)
    assert rank.verdict == "failed"
    assert rank.value == pytest.approx(1.0)
    control = [one for one in faithfulness(asked, found) if "strikes" in one.what]
    assert {one.verdict for one in control} == {"failed"}
    assert {one.value for one in control} == {0.0}
    assert sums(found).verdict == "missing"


def test_the_wrong_way_round_fails():
    asked = games()
    assert overall(faithfulness(asked, [backwards(one) for one in asked])) == "failed"


def test_a_sum_that_is_missed_fails():
    assert sums([Attribution(np.array([1.0, 1.0]), 1.9)]).verdict == "failed"
    assert sums([Attribution(np.array([1.0, 1.0]), 2.0)]).verdict == "passed"


def test_gain_by_hand():
    """Six pixels, of which one alone counts 6: shown first, it is there from the first step on."""
    asked = game(Linear([6.0, 0.0, 0.0, 0.0, 0.0, 0.0]), [1.0] * 6, [[0.0] * 6, [0.0] * 6])
    worth = np.array([9.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    inserted = np.trapezoid([0, 6, 6, 6, 6, 6, 6]) / 6
    deleted = np.trapezoid([6, 0, 0, 0, 0, 0, 0]) / 6
    assert gain(asked, worth, asked.blank) == pytest.approx(inserted - deleted)
    assert gain(asked, -worth, asked.blank) == pytest.approx(deleted - inserted)


def test_ranks_leave_out_what_nobody_names():
    one, other = np.array([3.0, 2.0, 1.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0, 0.0, 0.0])
    assert alike(one, one) == pytest.approx(1)
    assert alike(one, other) == pytest.approx(-1)
    assert np.isnan(alike(one, np.ones(5) * 0))


def test_weights_are_drawn_anew_and_the_net_is_left_alone():
    net = torch.nn.Sequential(torch.nn.Linear(50, 50), torch.nn.Linear(50, 50))
    before = [weight.clone() for weight in net.parameters()]
    one, same, other = randomised(net, 1), randomised(net, 1), randomised(net, 2)
    for index, weight in enumerate(net.parameters()):
        assert torch.equal(weight, before[index])
        first, again, second = (list(each.parameters())[index] for each in (one, same, other))
        assert torch.equal(first, again) and not torch.equal(first, second)
        assert abs(float(first.detach().std() / weight.detach().square().mean().sqrt()) - 1) < 0.3


def test_orders_are_measured_on_the_same_games():
    asked = games(3)
    order = Order.of(asked, [gradient_shap(one) for one in asked], "mean")
    assert order.method.shape == order.random.shape == order.striking.shape == (3,)
    assert (order.method > order.random).all()
