"""Painter and critic: shapes for any picture, one as in a crowd, tame starts, and a right slope of the slope."""

import pytest
import torch
from torch.nn import functional as F

from brainwright.data.fields.image import Image
from brainwright.models.rivals import Critic, Painter, halvings


def picture(height: int, width: int, channels: int = 1) -> Image:
    return Image(
        height=height, width=width, channels=channels, mean=(40.0,) * channels, spread=tuple([70.0, 60, 50][:channels])
    )


@pytest.fixture
def exact():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(("height", "width", "channels"), [(8, 8, 1), (28, 28, 1), (32, 32, 3), (53, 40, 3), (5, 9, 1)])
def test_shapes_and_one_as_in_a_crowd(height: int, width: int, channels: int) -> None:
    torch.manual_seed(0)
    field = picture(height, width, channels)
    painter, critic = Painter(16, field, 8, 2), Critic(field, 8, 2)
    noise = torch.randn(5, 16)
    made = painter(noise)
    assert made.shape == (5, channels, height, width)
    judged = critic(made)
    assert judged.shape == (5,)
    torch.testing.assert_close(painter(noise[1:2])[0], made[1], atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(critic(made[1:2])[0], judged[1], atol=1e-4, rtol=1e-4)


def test_sides_are_halved_down_to_seven_or_less() -> None:
    assert halvings(28, 28) == [(14, 14), (7, 7)]
    assert halvings(64, 48) == [(32, 24), (16, 12), (8, 6), (4, 3)]
    assert halvings(3, 3) == [(2, 2)]


@pytest.mark.parametrize("depth", [1, 6])
def test_a_fresh_net_is_tame_at_any_depth(depth: int) -> None:
    """Without normalisation only the start keeps signals from growing or dying."""
    torch.manual_seed(0)
    field = picture(32, 32)
    made = Painter(64, field, 16, depth)(torch.randn(256, 64))
    assert 10 < made.std() < 300
    assert 0.05 < Critic(field, 16, depth)(made).std() < 5


def test_reads_whole_numbers_and_fractions_alike() -> None:
    field = picture(12, 12)
    critic = Critic(field, 8, 1)
    pixels = torch.randint(0, 256, (3, 1, 12, 12), dtype=torch.uint8)
    torch.testing.assert_close(critic(pixels), critic(pixels.float()))


def slopes(critic: Critic, pixels: torch.Tensor) -> torch.Tensor:
    pixels = pixels.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(pixels).sum(), pixels, create_graph=True)
    return (slope * critic.spread).square().flatten(1).sum(1)


def test_penalty_pushes_as_finite_differences_say(exact: None) -> None:
    """Differentiated twice: the penalty's gradient in every weight, against a step in a random direction."""
    torch.manual_seed(0)
    critic = Critic(picture(12, 12), 8, 1)
    with torch.no_grad():
        for weight in critic.parameters():
            weight.add_(0.1 * torch.randn_like(weight))  # so that no layer is at its zero start
    pixels = torch.rand(4, 1, 12, 12) * 255
    weights = list(critic.parameters())
    found = torch.autograd.grad(slopes(critic, pixels).sum(), weights, allow_unused=True)
    along = [torch.randn_like(weight) for weight in weights]
    wanted = sum((one * way).sum() for one, way in zip(found, along, strict=True) if one is not None)
    small, ends = 1e-7, []
    for sign in (1, -1):
        with torch.no_grad():
            for weight, way in zip(weights, along, strict=True):
                weight.add_(way, alpha=sign * small)
        ends.append(slopes(critic, pixels).sum().item())
        with torch.no_grad():
            for weight, way in zip(weights, along, strict=True):
                weight.sub_(way, alpha=sign * small)
    assert (ends[0] - ends[1]) / (2 * small) == pytest.approx(float(wanted), rel=1e-4)


def test_penalty_in_bfloat16_is_near_that_in_float32() -> None:
    torch.manual_seed(0)
    critic = Critic(picture(28, 28), 16, 1)
    with torch.no_grad():
        for weight in critic.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    pixels = torch.rand(32, 1, 28, 28) * 255
    gradients = []
    for half in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = slopes(critic, pixels).sum()
        loss.backward()
        gradients.append(
            torch.cat([weight.grad.flatten() for weight in critic.parameters() if weight.grad is not None])
        )
        critic.zero_grad()
    assert F.cosine_similarity(*gradients, dim=0) > 0.99
    assert gradients[1].norm() / gradients[0].norm() == pytest.approx(1, abs=0.05)
