"""Writers: what is remembered gives what is read anew; no step sees a later one; a source's beams look side by side."""

import pytest
import torch

from brainwright.catalogue import find
from brainwright.data.field import Padded
from brainwright.data.fields.writing import BEGIN, END, FIRST, Writing
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.models.causal import EMPTY, NOTHING
from brainwright.models.features import Features
from brainwright.models.generating import Manner, drawn, tokens
from brainwright.models.writer import Writer

WORDS = ("rnn", "lstm", "gru", "transformer")


def built(word, source=0):
    torch.manual_seed(0)
    net = find("models/backbones", word, Backbone)(width=12, depth=2, dropout=0.3).causal(5, source)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return net.double()


@pytest.mark.parametrize("source", [0, 7])
@pytest.mark.parametrize("word", WORDS)
def test_what_is_remembered_is_what_is_read_anew(word, source):
    net = built(word, source).eval()
    values = torch.randn(6, 9, 5, dtype=torch.float64)
    mask = torch.arange(4) < torch.tensor([4, 2])[:, None]
    offer = net.offered(Features(torch.randn(2, 4, 7, dtype=torch.float64), mask)) if source else NOTHING
    whole, _ = net(values, EMPTY, offer)
    pieces, memory = [], EMPTY
    for start, stop in ((0, 1), (1, 5), (5, 6), (6, 9)):
        given, memory = net(values[:, start:stop], memory, offer)
        pieces.append(given)
    torch.testing.assert_close(torch.cat(pieces, 1), whole)
    assert memory.steps == 9


@pytest.mark.parametrize("word", WORDS)
def test_no_step_sees_a_later_one(word):
    net = built(word).eval()
    values = torch.randn(1, 6, 5, dtype=torch.float64, requires_grad=True)
    net(values)[0][0, 3].sum().backward()
    assert (values.grad[0, :4].abs().sum(1) > 0).all()
    assert (values.grad[0, 4:] == 0).all()


@pytest.mark.parametrize("word", WORDS)
def test_sequences_of_one_source_look_as_if_each_had_its_own(word):
    net = built(word, 7).eval()
    values, source = torch.randn(6, 3, 5, dtype=torch.float64), torch.randn(2, 4, 7, dtype=torch.float64)
    mask = torch.arange(4) < torch.tensor([4, 3])[:, None]
    shared, _ = net(values, EMPTY, net.offered(Features(source, mask)))
    rows = torch.tensor([0, 0, 0, 1, 1, 1])
    own, _ = net(values, EMPTY, net.offered(Features(source[rows], mask[rows])))
    torch.testing.assert_close(shared, own)
    source[1, 3] += 9.0  # padding
    torch.testing.assert_close(net(values, EMPTY, net.offered(Features(source, mask)))[0], shared)


@pytest.mark.parametrize("word", WORDS)
def test_dropout_hides_the_same_numbers_at_every_step(word):
    net = built(word).train()
    torch.manual_seed(1)
    one, _ = net(torch.randn(2, 5, 5, dtype=torch.float64))
    torch.manual_seed(1)
    again, _ = net(torch.randn(2, 5, 5, dtype=torch.float64))
    torch.testing.assert_close(one, again)
    if word != "transformer":
        hidden = one == 0
        assert hidden.any() and (hidden == hidden[:, :1]).all()


def test_families_that_read_a_whole_say_that_they_cannot_write():
    with pytest.raises(Fault, match="cannot write"):
        find("models/backbones", "mlp", Backbone)().causal(4)


@pytest.mark.parametrize("word", ["lstm", "transformer"])
def test_the_likeliest_text_is_that_of_a_net_asked_anew_for_every_token(word):
    torch.manual_seed(0)
    field = Writing(vocabulary=tuple("abcdef"), longest=99)
    net = Writer(field, find("models/backbones", word, Backbone)(width=16, depth=2), 8, (0.0, 0.0)).eval()
    torch.nn.init.normal_(net.out.weight)
    net.out.bias.data[END] = -99.0
    written = tokens(net, [FIRST, FIRST + 1], 40, Manner(temperature=0.0), torch.Generator())
    found = [next(written) for _ in range(20)]
    read = [BEGIN, FIRST, FIRST + 1]
    with torch.no_grad():
        for token in found:
            logits = net(Padded(torch.tensor([read]), torch.tensor([len(read)])))[0, -1]
            logits[[0, 1, 2]] = -torch.inf
            assert token == int(logits.argmax())
            read.append(token)


def test_tokens_are_drawn_as_asked():
    logits = torch.tensor([9.0, 9.0, 9.0, -9.0, 2.0, 1.0, 0.0, -9.0])
    generator = torch.Generator().manual_seed(0)
    assert drawn(logits, Manner(temperature=0.0), generator) == 4
    many = [drawn(logits, Manner(), generator) for _ in range(300)]
    assert set(many) == {4, 5, 6}
    assert {drawn(logits, Manner(top_p=0.5), generator) for _ in range(50)} == {4}
    assert {drawn(logits, Manner(top_p=0.7), generator) for _ in range(100)} == {4, 5}
    cold = [drawn(logits, Manner(temperature=0.3), generator) for _ in range(300)]
    assert cold.count(4) > many.count(4)
