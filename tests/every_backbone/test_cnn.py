"""The convolution net: any size of picture, strips whose padding changes nothing, and a start as the identity."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brainwright.models.backbone import Stage
from brainwright.models.backbones.cnn import Cnn, Norm, halvings
from brainwright.models.features import Features, Shape

LENGTHS = (5, 1, 9, 4)


def built(shape: Shape, **options: object) -> Stage:
    torch.manual_seed(0)
    stage = Cnn(**{"width": 8, "dropout": 0.3, **options}).build(shape)
    for name, weight in stage.named_parameters():  # zero starts would hide faults
        if weight.ndim < 2:
            nn.init.normal_(weight, std=0.3)
        assert weight.isfinite().all(), name
    return stage.double()


def strip(extra: int = 0, filling: float = 0.0) -> Features:
    generator = torch.Generator().manual_seed(1)
    mask = torch.arange(max(LENGTHS) + extra) < torch.tensor(LENGTHS)[:, None]
    values = torch.full((len(LENGTHS), mask.shape[1], 7), filling, dtype=torch.float64)
    values[mask] = torch.randn(sum(LENGTHS), 7, generator=generator, dtype=torch.float64)
    return Features(values.transpose(1, 2)[:, :, None], mask)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(2, 150), width=st.integers(2, 150), channels=st.integers(1, 5), depth=st.integers(1, 2))
def test_takes_every_size(height: int, width: int, channels: int, depth: int) -> None:
    stage = built(Shape("grid", channels, (height, width)), depth=depth, width=4).eval()
    answer = stage(Features(torch.randn(2, channels, height, width, dtype=torch.float64))).values
    assert answer.shape[:2] == (2, stage.shape.width)
    assert answer.isfinite().all()


@pytest.mark.parametrize(("side", "left"), [(8, 4), (28, 4), (32, 4), (64, 4), (96, 6), (128, 4), (224, 7)])
def test_larger_pictures_are_halved_more_often(side: int, left: int) -> None:
    stage = built(Shape("grid", 3, (side, side))).eval()
    answer = stage(Features(torch.zeros(1, 3, side, side, dtype=torch.float64))).values
    assert answer.shape[2:] == (left, left)


def test_one_row_is_halved_along_itself() -> None:
    assert halvings((1, 64)) == 4
    assert halvings((1, 3)) == 0
    assert halvings((1,)) == 2


@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_nothing(training: bool) -> None:
    """Neither in use nor in learning, where batch norm measures the batch."""
    ends = []
    for features in (strip(), strip(6, 50.0)):
        stage = built(Shape("grid", 7, (1,)), dropout=0.0).train(training)
        answer = stage(features)
        assert answer.mask is not None
        ends.append((answer.values[answer.mask], [buffer.clone() for buffer in stage.buffers()]))
    torch.testing.assert_close(ends[0], ends[1], rtol=0, atol=1e-10)


def test_batch_of_one_equals_batch_of_many() -> None:
    stage, many = built(Shape("grid", 7, (1,))).eval(), strip()
    whole = stage(many)
    for index, length in enumerate(LENGTHS):
        alone = stage(Features(many.values[index : index + 1, :, :, :length])).values[0]
        torch.testing.assert_close(alone, whole.values[index, : len(alone)], rtol=0, atol=1e-10)
        assert whole.mask[index].sum() == len(alone)


def test_masked_norm_is_batch_norm_where_all_is_real() -> None:
    values = torch.randn(4, 3, 1, 6, dtype=torch.float64)
    one, other = Norm(3).double(), Norm(3).double()
    mask = torch.ones(4, 1, 1, 6, dtype=torch.bool)
    torch.testing.assert_close(one(values, None), other(values, mask))
    torch.testing.assert_close(one.variance, other.variance)
    torch.testing.assert_close(one.mean, other.mean)


def test_blocks_start_as_the_identity() -> None:
    torch.manual_seed(0)
    stage = Cnn(width=8, depth=1, activation="relu").build(Shape("grid", 3, (16, 16))).eval()
    deeper = Cnn(width=8, depth=3, activation="relu").build(Shape("grid", 3, (16, 16))).eval()
    shared = {name: value for name, value in stage.state_dict().items() if name.startswith("stem")}
    deeper.load_state_dict({**deeper.state_dict(), **shared})
    steps = [[layer for layer in net.layers if type(layer).__name__ == "Step"] for net in (stage, deeper)]
    for one, other in zip(*steps, strict=True):
        other.load_state_dict(one.state_dict())
    given = Features(torch.randn(2, 3, 16, 16))
    torch.testing.assert_close(stage(given).values, deeper(given).values)


def test_learns_in_half_precision() -> None:
    stage = Cnn(width=8).build(Shape("grid", 1, (8, 8)))
    with torch.autocast("cpu", torch.bfloat16):
        answer = stage(Features(torch.randn(4, 1, 8, 8))).values
    answer.float().square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in stage.parameters())
