"""Changes to pictures keep what they must: size, type, values, and the picture itself at strength zero."""

import pytest
import torch
from torch import Tensor

from brainwright.data.augmenting import erased, reflected, relit, shifted, warped


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def pictures() -> Tensor:
    return torch.randint(0, 256, (64, 3, 6, 9), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_nothing_is_changed_by_nothing(pictures: Tensor, generator: torch.Generator) -> None:
    assert torch.equal(shifted(pictures, 0, False, generator), pictures)
    torch.testing.assert_close(warped(pictures, 0.0, 0.0, generator), pictures.float(), atol=1e-2, rtol=0)
    assert torch.equal(relit(pictures, 0.0, generator), pictures.float())
    assert torch.equal(erased(pictures, 0.0, torch.zeros(3), generator), pictures)


def test_shifts_are_reflected_crops(pictures: Tensor, generator: torch.Generator) -> None:
    """Every answer is one of the crops of the picture padded by reflection, and all of them occur."""
    moved = shifted(pictures[:1].repeat(600, 1, 1, 1), 2, False, generator)
    wide = torch.nn.functional.pad(pictures[:1].float(), (2, 2, 2, 2), "reflect").to(torch.uint8)[0]
    crops = [wide[:, down : down + 6, across : across + 9] for down in range(5) for across in range(5)]
    found = torch.stack([(moved == crop).flatten(1).all(1) for crop in crops])
    assert found.any(0).all()
    assert found.any(1).all()


def test_half_are_mirrored(pictures: Tensor, generator: torch.Generator) -> None:
    many = pictures[:1].repeat(400, 1, 1, 1)
    turned = shifted(many, 0, True, generator)
    mirrored = (turned == many.flip(3)).flatten(1).all(1)
    assert (mirrored | (turned == many).flatten(1).all(1)).all()
    assert 150 < int(mirrored.sum()) < 250


def test_shifts_beyond_the_picture_stay_inside() -> None:
    assert reflected(torch.arange(-30, 40), 5).unique().tolist() == [0, 1, 2, 3, 4]
    assert reflected(torch.arange(-3, 4), 1).unique().tolist() == [0]


def test_turning_turns(generator: torch.Generator) -> None:
    """A bar through the middle keeps its middle and loses its ends."""
    bar = torch.zeros(50, 1, 21, 21)
    bar[:, :, 10] = 255
    turned = warped(bar, 30.0, 0.0, generator)
    assert (turned[:, 0, 10, 10] > 200).all()
    assert turned[:, 0, 10, 0].mean() < 128
    assert turned.shape == bar.shape


def test_light_keeps_within_range(pictures: Tensor, generator: torch.Generator) -> None:
    lit = relit(pictures, 0.8, generator)
    assert lit.min() >= 0
    assert lit.max() <= 255
    assert not torch.equal(lit, pictures.float())


def test_a_square_is_hidden(pictures: Tensor, generator: torch.Generator) -> None:
    holes = erased(pictures.float() + 1, 0.5, torch.zeros(3), generator) == 0
    assert torch.equal(holes[:, 0], holes[:, 2])
    assert holes.flatten(1).float().mean(1).max() <= 0.34  # 3 of 6 rows, 4 or 5 of 9 columns
    assert holes.flatten(1).any(1).all()


def test_same_generator_same_change(pictures: Tensor) -> None:
    one, other = (shifted(pictures, 3, True, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, other)
