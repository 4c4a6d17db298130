"""Techniques pass everything on, and change only what is learned."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from brainwright.catalogue import catalogue, find
from brainwright.data.batching import batch_of, generator_of
from brainwright.data.examples import Portion
from brainwright.data.field import Padded
from brainwright.data.slots import Batch, Fields
from brainwright.data.table import Column, Kind
from brainwright.errors import Fault
from brainwright.models.backbones.mlp import Mlp
from brainwright.tasks.image_classification import ImageClassification
from brainwright.tasks.tabular_classification import TabularClassification
from brainwright.tasks.tabular_regression import TabularRegression
from brainwright.tasks.task import Loss, Task, Turn
from brainwright.techniques.cutmix import rectangles
from brainwright.techniques.mixup import averaged
from brainwright.techniques.technique import Grouped, Technique, blended, exchanged

WORDS = sorted(catalogue("techniques"))
GROUPED = [word for word in WORDS if issubclass(find("techniques", word, Technique), Grouped)]
MIXERS = [word for word in WORDS if word not in (*GROUPED, "transfer")]
BESIDE = {"group-thresholds", "transfer"}  # thresholds change answers, given weights what learning begins with
LEARNERS = [word for word in WORDS if word not in BESIDE]
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

    def __getattr__(self, name: str) -> object:
        own = self.__dict__["_modules"].get(name)
        return getattr(self.__dict__["_modules"]["net"], name) if own is None else own


@pytest.fixture
def task() -> ImageClassification:
    return ImageClassification()


def wrapped(word: str, inner: Task, **options: object) -> Technique:
    """A technique around a task; where it asks whose group, by the column "who"."""
    kind = find("techniques", word, Technique)
    return kind(inner=inner, **({"by": "who"} if issubclass(kind, Grouped) else {}), **options)


def portion_of(task: Task) -> Portion:
    """The task's own example, whose rows belong to two groups."""
    core = task
    while isinstance(core, Technique):
        core = core.inner
    table = core.example()
    who = Column(np.where(np.arange(len(table)) % 3, "many", "few").astype(object), Kind.CATEGORY)
    claim = core.claim(table, "")
    assert claim is not None
    examples = task.examples(replace(table, columns={**table.columns, "who": who}), claim)
    return Portion.of(task.slots(), Fields.fit(task.slots(), examples.values), examples)


def net_of(task: Task) -> Counting:
    torch.manual_seed(0)
    made = task.build(portion_of(task).fields, Mlp(width=8))
    for weight in made.parameters():  # the read-out starts at zero: every answer would be the same
        nn.init.normal_(weight, std=0.5)
    return Counting(made)


def batch_for(task: Task, size: int = 12) -> Batch:
    return batch_of(task.slots(), portion_of(task), np.arange(size), generator_of(0))


@pytest.mark.parametrize("word", LEARNERS)
def test_learning_differs_and_asks_once(word: str, task: ImageClassification) -> None:
    outer = wrapped(word, task)
    net, batch = net_of(outer), batch_for(outer)
    before = {slot.name: batch[slot].clone() for slot in outer.slots()}
    state = {name: one.clone() for name, one in net.state_dict().items()}
    torch.manual_seed(3)
    first = outer.loss(net.train(), batch, TURN).each.detach()
    assert net.asked == 1
    net.load_state_dict(state)
    torch.manual_seed(3)
    one = outer.loss(net, batch, TURN)
    assert torch.equal(first, one.each), "the same seed gives the same loss"
    assert not torch.allclose(one.each, task.loss(net, batch, TURN).each, rtol=1e-7, atol=0)
    for slot in outer.slots():
        assert torch.equal(batch[slot], before[slot.name]), "the batch itself is left alone"
    one.each.sum().backward()
    assert all(weight.grad is not None for weight in net.parameters())


@pytest.mark.parametrize("word", WORDS)
def test_use_is_untouched(word: str, task: ImageClassification) -> None:
    outer = wrapped(word, task)
    net, batch = net_of(outer).eval(), batch_for(outer)
    assert torch.equal(outer.loss(net, batch, TURN).each, task.loss(net, batch, TURN).each)
    if word in LEARNERS:
        assert torch.equal(outer.predict(net, batch).scores, task.predict(net, batch).scores)


@pytest.mark.parametrize("word", MIXERS)
def test_inputs_that_cannot_be_mixed_are_refused(word: str) -> None:
    inner = TabularRegression()
    with pytest.raises(Fault, match=f"leave {word} out"):
        wrapped(word, inner).loss(nn.Identity().train(), batch_for(inner, 4), TURN)


@pytest.mark.parametrize("word", MIXERS)
def test_one_example_mixed_with_itself_stays(word: str, task: ImageClassification) -> None:
    net, batch = net_of(task), batch_for(task)
    alike = Batch({slot.name: batch[slot][:1].expand(8, *batch[slot].shape[1:]) for slot in task.slots()})
    torch.manual_seed(0)
    each = wrapped(word, task).loss(net.train(), alike, TURN).each
    torch.testing.assert_close(each, task.loss(net, alike, TURN).each)


@pytest.mark.parametrize("word", GROUPED)
def test_groups_are_beside_the_net(word: str, task: ImageClassification) -> None:
    """They are known while learning, are never read, and may be absent from what is asked."""
    outer = wrapped(word, task)
    (slot,) = [slot for slot in outer.slots() if slot.side == "beside"]
    portion = portion_of(outer)
    codes = portion.encoded[slot.name].values[:3]
    assert [portion.fields[slot].decode(code) for code in codes] == ["few", "many", "many"]
    table = task.example()
    asked = outer.questions(table, task.claim(table, ""), portion.fields)
    assert slot.name not in asked.values
    net = net_of(outer).eval()
    batch = batch_of(outer.slots(), Portion.of(outer.slots(), portion.fields, asked), np.arange(4), generator_of(0))
    if word in LEARNERS:
        assert torch.equal(outer.predict(net, batch).scores, task.predict(net, batch).scores)


@pytest.mark.parametrize("word", GROUPED)
def test_a_group_that_is_not_there_is_refused(word: str, task: ImageClassification) -> None:
    kind, table = find("techniques", word, Technique), task.example()
    for by, said in (("", "needs to know whose group"), ("nobody", "no column is called 'nobody'")):
        with pytest.raises(Fault, match=said):
            kind(inner=task, by=by).examples(table, task.claim(table, ""))


@pytest.mark.parametrize("word", GROUPED)
def test_two_techniques_share_their_groups_or_are_refused(word: str, task: ImageClassification) -> None:
    both = wrapped("balanced-groups", wrapped(word, task))
    assert len([slot for slot in both.slots() if slot.side == "beside"]) == 1
    assert portion_of(both).encoded["group"].values.shape == (len(portion_of(both)),)
    other = find("techniques", word, Technique)(inner=wrapped("balanced-groups", task), by="label")
    with pytest.raises(Fault, match="two techniques tell groups by different columns"):
        portion_of(other)


def test_balanced_groups_count_alike(task: ImageClassification) -> None:
    outer = wrapped("balanced-groups", task)
    portion, net = portion_of(outer), net_of(outer)
    weights = net.group_weights[torch.from_numpy(portion.encoded["group"].values)]
    assert weights.mean() == pytest.approx(1, abs=1e-5)
    few = torch.from_numpy(np.arange(len(portion)) % 3 == 0)
    assert weights[few].sum() == pytest.approx(float(weights[~few].sum()), rel=1e-4)


def test_group_dro_leans_on_the_group_that_fares_worse(task: ImageClassification) -> None:
    outer = wrapped("group-dro", task, ascent=1.0)
    net, batch = net_of(outer).train(), batch_for(outer)
    each = task.loss(net, batch, TURN).each
    losses = [each[batch.values["group"] == code].mean() for code in (0, 1)]
    outer.loss(net, batch, TURN)
    doubts = net.group_doubts
    assert (doubts[0] > doubts[1]) == (losses[0] > losses[1])
    assert doubts.sum() == pytest.approx(1) and doubts[2:].sum() == 0
    expected = torch.stack(losses).exp() / torch.stack(losses).exp().sum()
    torch.testing.assert_close(doubts[:2], expected.detach())


def test_thresholds_by_group_decide() -> None:
    outer = wrapped("group-thresholds", TabularClassification(), thresholds={"few": 0.0, "many": 1.1})
    net, batch = net_of(outer).eval(), batch_for(outer)
    said = outer.predict(net, batch).values["label"]
    assert said.tolist() == [int(place % 3 == 0) for place in range(12)]
    other = wrapped("group-thresholds", TabularRegression())
    net, batch = net_of(other).eval(), batch_for(other)
    with pytest.raises(Fault, match="two classes"):
        other.predict(net, batch)


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
