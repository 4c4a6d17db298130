"""What segmentation builds by rule, sweeps in windows, costs and moves."""

import numpy as np
import pytest
import torch

from brainwright.data.fields.mask import Mask
from brainwright.data.fields.volume import Volume
from brainwright.data.slots import Batch, Fields
from brainwright.data.table import Column, Kind, Table
from brainwright.data.turning import cut, mirrored, turned
from brainwright.errors import Fault
from brainwright.models.backbones.cnn import Cnn
from brainwright.models.backbones.efficientnet import Efficientnet
from brainwright.models.backbones.unet import Unet as Down
from brainwright.models.halving import halvings
from brainwright.models.unet import Unet, corners, one_loss, overlap_losses, window_of
from brainwright.tasks.segmentation import Segmentation
from brainwright.training.devices import Place


@pytest.mark.parametrize("canvas", [(1, 16, 16), (1, 256, 192), (48, 64, 48), (8, 128, 128), (24, 8, 8)])
def test_window_and_halvings_follow_the_canvas(canvas: tuple[int, ...]) -> None:
    window = window_of(canvas, 256**2 if canvas[0] == 1 else 48**3)
    assert all(own <= side for own, side in zip(window, canvas, strict=True))
    assert np.prod(window) <= (256**2 if canvas[0] == 1 else 48**3)
    strides = halvings(window)
    left = np.array(window) // np.prod(strides, 0)
    assert (left >= np.minimum(4, canvas)).all() and (np.array(window) % np.prod(strides, 0) == 0).all()
    net = Unet(1, 3, window, Down(width=4)).eval()
    assert net(torch.zeros(1, 1, *canvas))[0].shape == (1, 3, *canvas)
    assert len(net.train()(torch.zeros(1, 1, *window))) == len(strides)


@pytest.mark.parametrize("sides", [(96, 96), (75, 62), (16, 16)])
def test_any_backbone_that_gives_its_grids_leads_down(sides: tuple[int, int]) -> None:
    """Sides that do not halve are rounded up on the way down and cut on the way up; a single place is left out."""
    net = Unet(1, 3, (1, *sides), Efficientnet(width=25, depth=25))
    coarse = net(torch.randn(2, 1, 1, *sides))
    assert coarse[0].shape == (2, 3, 1, *sides) and len(coarse) == len(net.heads)
    sum(one.sum() for one in coarse).backward()
    used = [weight.grad is not None for weight in net.backbone.layers[0].parameters()]
    assert all(used)
    assert len(net.eval()(torch.randn(2, 1, 1, *sides))) == 1


def test_what_gives_its_end_alone_is_refused() -> None:
    with pytest.raises(Fault, match="too few grids"):
        Unet(1, 2, (1, 8, 8), Cnn())


def test_photographs_teach_nothing_of_volumes() -> None:
    fields = Fields({"scan": Volume(sides=(8, 8, 8), channels=1), "mask": Mask(classes=("nothing", "one"))})
    with pytest.raises(Fault, match="efficientnet reads pictures, not volumes"):
        Segmentation().build(fields, Efficientnet())


def test_windows_cover_all_and_overlap_by_half() -> None:
    seen = np.zeros((20, 9, 8), int)
    for corner in corners(seen.shape, (8, 8, 8)):
        seen[tuple(slice(start, start + 8) for start in corner)] += 1
    assert seen.min() >= 1 and seen[8:12].min() >= 2
    assert len(list(corners((8, 8, 8), (8, 8, 8)))) == 1


def test_windows_agree_with_the_whole_where_nothing_lies_beyond() -> None:
    """A net that says of each place its own brightness says the same swept as at once."""
    torch.manual_seed(0)
    net = Unet(1, 2, (8, 8, 8), Down(width=4)).eval()
    scans = torch.randn(2, 1, 16, 8, 8)
    net.seen = lambda window: [torch.cat([window, -window], 1)]  # type: ignore[method-assign]
    torch.testing.assert_close(net(scans)[0], torch.cat([scans, -scans], 1))


def test_right_answers_cost_nothing_and_places_outside_are_not_asked() -> None:
    truth = torch.randint(0, 3, (2, 4, 6, 6), generator=torch.Generator().manual_seed(0))
    sure = torch.nn.functional.one_hot(truth, 3).movedim(-1, 1).float() * 40
    assert float(one_loss(sure, truth).max()) < 1e-3
    assert float(one_loss(-sure, truth).min()) > 10
    holed = truth.clone()
    holed[:, 2:] = -1
    wrong = sure.clone()
    wrong[:, :, 2:] *= -1
    torch.testing.assert_close(one_loss(wrong, holed), one_loss(sure, holed), atol=1e-4, rtol=0)
    both = overlap_losses([sure, sure[:, :, ::2, ::2, ::2]], truth)
    assert both.shape == (2,) and float(both.min()) >= 0


def test_labels_go_where_their_scans_go() -> None:
    draw = torch.Generator().manual_seed(0)
    masks = torch.zeros(6, 12, 20, 16, dtype=torch.long)
    masks[:, 4:8, 6:14, 5:11] = 1
    scans = masks[:, None].float() * 2 - 1
    moved, labels = turned(scans, masks, 1.0, draw)
    assert labels.shape == masks.shape and (labels == 1).any((1, 2, 3)).all() and not torch.equal(labels, masks)
    agree = ((moved[:, 0] > 0) == (labels == 1))[labels >= 0].float().mean()
    assert agree > 0.97
    flat, other = turned(scans[:, :, 5:6], masks[:, 5:6], 1.0, draw)
    assert ((flat[:, 0] > 0) == (other == 1))[other >= 0].float().mean() > 0.95
    same, kept = turned(scans, masks, 0.0, draw)
    torch.testing.assert_close(same, scans, atol=1e-4, rtol=0)
    assert torch.equal(kept, masks)
    odd = scans + torch.arange(12.0).view(1, 1, 12, 1, 1)
    flipped, turned_masks = mirrored(odd, masks, draw)
    assert {bool((one[0, 0] > one[0, -1]).all()) for one in flipped} == {True, False}
    assert torch.equal(turned_masks, masks)  # it lies in the middle
    pieces, own = cut(scans, masks, (8, 8, 8))
    assert pieces.shape == (6, 1, 8, 8, 8) and torch.equal(pieces[:, 0] > 0, own == 1)
    with Place(torch.device("cpu"), True).arithmetic():
        assert cut(scans.half(), masks, (8, 8, 8))[0].dtype == torch.float32


def test_volumes_are_claimed_and_sides_are_not_mirrored() -> None:
    draw = np.random.default_rng(0)
    masks = np.zeros((4, 6, 8, 8), np.uint8)
    masks[:, 2:4, 2:5, 3:6] = 1
    table = Table.of(
        {
            "scan": Column(draw.normal(0, 1, masks.shape).astype(np.float32) + masks, Kind.VOLUME),
            "mask": Column(masks, Kind.MASK),
        }
    )
    claim = Segmentation.claim(table, "")
    assert claim is not None and claim.columns["scan"] == "scan"
    examples = Segmentation().examples(table, claim)
    fields = {slot.name: slot.field.fit(examples.values[slot.name]) for slot in Segmentation().slots()}
    assert fields["scan"].sides == (8, 8, 8) and fields["grid"].encode(table["scan"].values[0]).tolist()[:3] == [
        6,
        8,
        8,
    ]


def test_the_region_of_each_label_stands_alone() -> None:
    mask = torch.tensor([[[0, 1, 1], [2, 2, 0]]], dtype=torch.uint8)
    fields = Fields({"mask": Mask(values=(0, 1, 2, 3), classes=("nothing", "left", "right", "none of it"))})
    found = Segmentation().things(fields, Batch({"mask": [mask]}))
    assert [one.name for one in found] == ["left", "right"]
    assert [one.values["mask"].flatten().tolist() for one in found] == [[0, 1, 1, 0, 0, 0], [0, 0, 0, 2, 2, 0]]
