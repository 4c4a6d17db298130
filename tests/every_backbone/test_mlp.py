"""The perceptron: alone, or members that share its layers."""

import pytest
import torch

from brainwright.models.backbone import Stage
from brainwright.models.backbones.mlp import Mlp
from brainwright.models.features import Features, Shape
from brainwright.models.heads.readout import Readout
from brainwright.models.net import Net


class Plain(Stage):
    """A stem that hands on its vector."""

    def forward(self, given):
        return Features(given)


@pytest.mark.parametrize(("members", "shape"), [(1, (5, 7)), (4, (5, 4, 7))])
def test_gives_the_shape_it_says(members, shape):
    stage = Mlp(width=7, depth=3, members=members).build(Shape("vector", 6))
    assert stage(Features(torch.randn(5, 6))).values.shape == shape
    assert (stage.shape.width, stage.shape.members) == (7, members)


def test_members_answer_each_for_themselves():
    """The answer of a member is what a plain perceptron of its weights would say."""
    torch.manual_seed(0)
    stage = Mlp(width=8, members=3, activation="relu").build(Shape("vector", 6)).eval()
    values = torch.randn(5, 6)
    together = stage(Features(values)).values
    first, *rest = stage.layers
    for member in range(3):
        alone = torch.nn.Sequential(*rest)(values * first.weight[member])
        torch.testing.assert_close(together[:, member], alone)
    assert not torch.allclose(together[:, 0], together[:, 1])


def test_one_answers_as_in_a_crowd():
    net = Net(Plain(Shape("vector", 6)), Mlp(width=8, members=3, dropout=0.5), 2).eval()
    torch.nn.init.normal_(net.head.weight)
    values = torch.randn(5, 6)
    torch.testing.assert_close(net(values)[3:4], net(values[3:4]))


def test_a_fresh_net_says_nothing():
    net = Net(Plain(Shape("vector", 6)), Mlp(members=4), 3)
    assert net(torch.randn(2, 6)).abs().max() == 0
    assert isinstance(net.head, Readout)


def test_a_plain_perceptron_carries_no_members():
    assert not any("member" in type(module).__name__.lower() for module in Mlp().build(Shape("vector", 4)).modules())
