"""Backbones that read sequences: padding and neighbours change nothing, shapes are as said, exports answer alike."""

import pytest
import torch
from torch import nn

from brainwright.catalogue import find
from brainwright.models.backbone import Backbone, Stage
from brainwright.models.backbones.rnn import Rnn
from brainwright.models.features import Features, Shape

WORDS = ("rnn", "lstm", "gru", "transformer")
POOLS = ("none", "last", "max", "attention")
LENGTHS = (5, 1, 9, 4)


def built(word: str, pool: str, both: bool = False, sides: tuple[int, ...] = ()) -> Stage:
    torch.manual_seed(0)
    options = {"width": 12, "depth": 2, "pool": pool, "dropout": 0.3}
    reads = {"bidirectional": both} if word != "transformer" else {"heads": 3}
    stage = find("models/backbones", word, Backbone)(**options, **reads).build(Shape("sequence", 7, sides))
    for weight in stage.parameters():  # zero starts would hide faults
        if weight.ndim < 2 or not weight.any():
            nn.init.normal_(weight, std=0.3)
    return stage.double().eval()


def padded(extra: int = 0, filling: float = 0.0) -> Features:
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor(LENGTHS)
    mask = torch.arange(max(LENGTHS) + extra) < lengths[:, None]
    values = torch.full((len(LENGTHS), mask.shape[1], 7), filling, dtype=torch.float64)
    values[mask] = torch.randn(sum(LENGTHS), 7, generator=generator, dtype=torch.float64)
    return Features(values, mask)


def real(given: Features) -> torch.Tensor:
    return given.values if given.values.ndim == 2 or given.mask is None else given.values[given.mask]


CASES = [
    (word, pool, both) for word in WORDS for pool in POOLS for both in (False, True) if word != "transformer" or both
]


@pytest.mark.parametrize(("word", "pool", "both"), CASES)
def test_padding_changes_nothing(word: str, pool: str, both: bool) -> None:
    stage = built(word, pool, both)
    torch.testing.assert_close(real(stage(padded(6, 50.0))), real(stage(padded())), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("word", "pool", "both"), CASES)
def test_batch_of_one_equals_batch_of_many(word: str, pool: str, both: bool) -> None:
    stage, many = built(word, pool, both), padded()
    whole = stage(many).values
    for index, length in enumerate(LENGTHS):
        alone = stage(Features(many.values[index : index + 1, :length])).values[0]
        torch.testing.assert_close(alone, whole[index, :length] if pool == "none" else whole[index], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("word", "pool", "both"), CASES)
def test_shape_is_as_said_and_every_weight_learns(word: str, pool: str, both: bool) -> None:
    stage = built(word, pool, both)
    values = stage(padded()).values
    assert stage.shape.form == ("sequence" if pool == "none" else "vector")
    assert values.shape == ((4, 9, 12) if pool == "none" else (4, 12))
    (real(stage(padded())) ** 3).sum().backward()
    assert [name for name, weight in stage.named_parameters() if weight.grad is None or not weight.grad.any()] == []


@pytest.mark.parametrize("word", WORDS)
def test_fixed_length_keeps_its_side(word: str) -> None:
    stage = built(word, "none", True, (9,))
    assert stage.shape == Shape("sequence", 12, (9,))
    assert stage(Features(padded().values)).values.shape == (4, 9, 12)


@pytest.mark.parametrize("word", WORDS)
def test_order_matters(word: str) -> None:
    stage, given = built(word, "max", True), padded()
    turned = Features(given.values[2:3].flip(1))
    assert not torch.allclose(stage(turned).values, stage(Features(given.values[2:3])).values, atol=1e-3)


@pytest.mark.parametrize("word", ["rnn", "lstm", "gru"])
def test_backwards_is_forwards_on_the_turned_sequence(word: str) -> None:
    """A whole library's own answer: torch's bidirectional cell with packed sequences."""
    stage, given = built(word, "none", True), padded()
    kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[word]
    whole = kind(7, 6, num_layers=2, bidirectional=True, batch_first=True).double()
    for layer in range(2):
        for cells, mark in ((stage.forwards, ""), (stage.backwards, "_reverse")):
            for name, weight in cells[layer].named_parameters():
                getattr(whole, f"{name.removesuffix('0')}{layer}{mark}").data.copy_(weight.data)
    packed = nn.utils.rnn.pack_padded_sequence(given.values, torch.tensor(LENGTHS), True, enforce_sorted=False)
    expected, _ = nn.utils.rnn.pad_packed_sequence(whole(packed)[0], True)
    torch.testing.assert_close(real(stage(given)), expected[given.mask], rtol=0, atol=1e-12)


def test_rotation_knows_only_distances() -> None:
    stage = built("transformer", "none", True)
    given = padded().values[2:3, :4]
    late = torch.cat([torch.zeros(1, 3, 7, dtype=torch.float64), given], 1)
    hidden = Features(late, torch.tensor([[False] * 3 + [True] * 4]))
    torch.testing.assert_close(stage(hidden).values[:, 3:], stage(Features(given)).values, rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore:The tensor attributes.*_flat_weights:UserWarning")  # torch's own recurrent cells
@pytest.mark.parametrize("word", WORDS)
def test_export_answers_alike(word: str) -> None:
    class Plain(nn.Module):
        def __init__(self, stage: Stage) -> None:
            super().__init__()
            self.stage = stage

        def forward(self, values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = self.stage(Features(values, mask)).values
            return answer

    net, given, other = Plain(built(word, "attention", True)), padded(), padded(3 if word == "transformer" else 0)
    sizes = {0: torch.export.Dim("batch", min=2, max=64)}
    if word == "transformer":  # torch.export unrolls recurrent cells, so their length is fixed in an export
        sizes[1] = torch.export.Dim("length", min=2, max=64)
    assert given.mask is not None
    assert other.mask is not None
    exported = torch.export.export(net, (given.values, given.mask), dynamic_shapes=(sizes, sizes))
    some = (other.values[:3], other.mask[:3])
    torch.testing.assert_close(exported.module()(*some), net(*some))


def test_relu_is_an_option_of_the_plain_cell_only() -> None:
    assert Rnn(activation="relu").build(Shape("sequence", 3))(Features(torch.randn(2, 4, 3))).values.min() >= 0
    with pytest.raises(ValueError, match="tanh"):
        find("models/backbones", "lstm", Backbone)(activation="relu")
