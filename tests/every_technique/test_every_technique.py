"""Techniques pass everything on, and change only what is learned."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

from brainwright.catalogue import catalogue, find
from brainwright.data.batching import batch_of, generator_of
from brainwright.data.examples import Portion
from brainwright.data.field import Padded
from brainwright.data.slots import Batch, Fields
from brainwright.errors import Fault
from brainwright.models.backbones.mlp import Mlp
from brainwright.tasks.image_classification import ImageClassification
from brainwright.tasks.tabular_regression import TabularRegression
from brainwright.tasks.task import Loss, Task, Turn
from brainwright.techniques.cutmix import rectangles
from brainwright.techniques.mixup import averaged
from brainwright.techniques.technique import Technique, blended, exchanged

WORDS = sorted(catalogue("techniques"))
TURN = Turn("net", 0, 0.5)


def public(kind: type) -> set[str]:
    return {name for name, value in vars(kind).items() if inspect.isfunction(value) and not name.startswith("_")}


def test_every_method_of_a_task_is_passed_on() -> None:
    assert public(Task) - public(Technique) == set()


class Counting(nn.Module):
    """A net that counts how often it is asked."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net, self.asked = net, 0

    def forward(self, *given: object) -> object:
        self.asked += 1
        return self.net(*given)


@pytest.fixture
def task() -> ImageClassification:
    return ImageClassification()


@pytest.fixture
def batch(task: ImageClassification) -> Batch:
    table = task.example()
    examples = task.examples(table, task.claim(table, ""))
    portion = Portion.of(task.slots(), Fields.fit(task.slots(), examples.values), examples)
    return batch_of(task.slots(), portion, np.arange(12), generator_of(0))


@pytest.fixture
def net(task: ImageClassification) -> Counting:
    table = task.example()
    fields = Fields.fit(task.slots(), task.examples(table, task.claim(table, "")).values)
    torch.manual_seed(0)
    made = task.build(fields, Mlp(width=8))
    for weight in made.parameters():  # the read-out starts at zero: every answer would be the same
        nn.init.normal_(weight, std=0.1)
    return Counting(made)


@pytest.mark.parametrize("word", WORDS)
def test_learning_differs_and_asks_once(word: str, task: ImageClassification, net: Counting, batch: Batch) -> None:
    wrapped = find("techniques", word, Technique)(inner=task)
    before = {slot.name: batch[slot].clone() for slot in task.slots()}
    torch.manual_seed(3)
    one = wrapped.loss(net.train(), batch, TURN)
    assert net.asked == 1
    torch.manual_seed(3)
    assert torch.equal(wrapped.loss(net, batch, TURN).each, one.each), "the same seed gives the same loss"
    assert not torch.allclose(one.each, task.loss(net, batch, TURN).each)
    for slot in task.slots():
        assert torch.equal(batch[slot], before[slot.name]), "the batch itself is left alone"
    one.each.sum().backward()
    assert all(weight.grad is not None for weight in net.parameters())


@pytest.mark.parametrize("word", WORDS)
def test_use_is_untouched(word: str, task: ImageClassification, net: Counting, batch: Batch) -> None:
    wrapped = find("techniques", word, Technique)(inner=task)
    net.eval()
    assert torch.equal(wrapped.loss(net, batch, TURN).each, task.loss(net, batch, TURN).each)
    assert torch.equal(wrapped.predict(net, batch).scores, task.predict(net, batch).scores)


@pytest.mark.parametrize("word", WORDS)
def test_inputs_that_cannot_be_mixed_are_refused(word: str) -> None:
    inner = TabularRegression()
    table = inner.example()
    examples = inner.examples(table, inner.claim(table, ""))
    portion = Portion.of(inner.slots(), Fields.fit(inner.slots(), examples.values), examples)
    given = batch_of(inner.slots(), portion, np.arange(4), generator_of(0))
    with pytest.raises(Fault, match=f"leave {word} out"):
        find("techniques", word, Technique)(inner=inner).loss(nn.Identity().train(), given, TURN)


@pytest.mark.parametrize("word", WORDS)
def test_one_example_mixed_with_itself_stays(word: str, task: ImageClassification, net: Counting, batch: Batch) -> None:
    alike = Batch({slot.name: batch[slot][:1].expand(8, *batch[slot].shape[1:]) for slot in task.slots()})
    torch.manual_seed(0)
    wrapped = find("techniques", word, Technique)(inner=task)
    torch.testing.assert_close(wrapped.loss(net.train(), alike, TURN).each, task.loss(net, alike, TURN).each)


def test_average_of_two() -> None:
    values = torch.tensor([[0, 10], [100, 200]], dtype=torch.uint8)
    mixed = averaged(values, torch.tensor([1, 0]), torch.tensor([0.75, 0.5]))
    assert mixed.tolist() == [[25.0, 57.5], [50.0, 105.0]]


def test_rectangles_cover_their_share() -> None:
    holes = rectangles(20, 40, torch.tensor([0.5, 1.0, 0.0]), torch.full((2, 3), 0.5))
    assert holes.float().mean((1, 2)).tolist() == [0.25, 1.0, 0.0]


def test_losses_blend_by_their_shares() -> None:
    one, other = (
        Loss.of(torch.ones(2), penalty=torch.zeros(2)),
        Loss.of(torch.zeros(2), torch.full((2,), 3.0), penalty=torch.ones(2)),
    )
    mixed = blended(one, other, torch.tensor([1.0, 0.25]))
    assert mixed.each.tolist() == [1.0, 0.25]
    assert mixed.units.tolist() == [1.0, 2.5]
    assert mixed.parts["penalty"].tolist() == [0.0, 0.75]


def test_every_form_of_target_is_exchanged() -> None:
    partners = torch.tensor([1, 0])
    assert exchanged(torch.tensor([5, 6]), partners).tolist() == [6, 5]
    assert exchanged(["a", "b"], partners) == ["b", "a"]
    padded = exchanged(Padded(torch.tensor([[1, 2], [3, 0]]), torch.tensor([2, 1])), partners)
    assert padded.values.tolist() == [[3, 0], [1, 2]]
    assert padded.lengths.tolist() == [1, 2]
