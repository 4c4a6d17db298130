"""Describing: parameters and operations as counted by hand, nothing left behind on the net, whatever the backbone."""

import pytest
import torch
from torch import nn

from brainwright.catalogue import find
from brainwright.models.backbone import Backbone, Stage
from brainwright.models.describing import describe
from brainwright.models.features import Features, Shape
from brainwright.models.net import Net
from brainwright.tasks.task import Task


class Words(Stage):
    """A stem that gives what it takes, [B, 5, 8], with nothing masked."""

    def __init__(self) -> None:
        super().__init__(Shape("sequence", 8))

    def forward(self, given: torch.Tensor) -> Features:
        return Features(given, torch.ones(given.shape[:2], dtype=torch.bool))


@pytest.mark.parametrize("word", [*Task.backbones, "conformer"])  # the others have the form of their given weights
def test_layers_add_up_and_no_hook_stays(word: str) -> None:
    net = Net(Words(), find("models/backbones", word, Backbone)(width=16), 3).eval()
    described = describe(net, lambda: net(torch.randn(2, 5, 8)), 2)
    assert described.parameters == sum(weight.numel() for weight in net.parameters())
    assert described.parameters == sum(layer.parameters for layer in described.layers)
    inside = sum(layer.flops for layer in described.layers)
    assert described.flops == inside > 0 or word == "conformer", "what a block does between its layers counts in all"
    assert described.flops >= inside
    assert described.layers[-1].shape == (3,)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_figures_by_hand() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    described = describe(net, lambda: net(torch.zeros(10, 3)), 10)
    assert [(layer.type, layer.shape, layer.activation) for layer in described.layers] == [
        ("Linear", (4,), ""),
        ("ReLU", (4,), "relu"),
        ("Linear", (2,), ""),
    ]
    assert [layer.parameters for layer in described.layers] == [16, 0, 10]
    assert [layer.flops for layer in described.layers] == [2 * 3 * 4, 0, 2 * 4 * 2]


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
def test_recurrent_cells_count_on_every_device(kind: type[nn.RNNBase], gates: int) -> None:
    cell = kind(8, 16, batch_first=True)
    described = describe(cell, lambda: cell(torch.zeros(2, 5, 8)), 2)
    assert described.flops == 5 * 2 * gates * 16 * (8 + 16)


def test_attention_counts() -> None:
    """Queries times keys, and weights times values: 2 x 2 T^2 D for each head."""
    net = find("models/backbones", "transformer", Backbone)(width=16, depth=1).build(Shape("sequence", 8)).eval()
    described = describe(net, lambda: net(Features(torch.randn(3, 5, 8))), 3)
    (block,) = [layer for layer in described.layers if layer.type == "Block"]
    assert block.flops == 2 * 2 * 5 * 5 * 16


def test_a_layer_used_twice_counts_twice_but_holds_its_weights_once() -> None:
    layer = nn.Linear(3, 3)
    described = describe(layer, lambda: layer(layer(torch.zeros(1, 3))), 1)
    assert (described.parameters, described.flops) == (12, 2 * 2 * 9)


def test_hooks_go_even_when_the_net_fails() -> None:
    layer = nn.Linear(3, 3)
    with pytest.raises(RuntimeError):
        describe(layer, lambda: layer(torch.zeros(1, 4)), 1)
    assert not layer._forward_hooks
