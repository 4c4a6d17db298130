"""One battery for every task file that exists: a new task is tested the moment its file is there."""

from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from brainwright.catalogue import find
from brainwright.data.batching import batch_of, generator_of
from brainwright.data.examples import Portion
from brainwright.data.field import Padded
from brainwright.data.slots import Fields
from brainwright.data.table import Share
from brainwright.runs.results import Ground, load_floors, save_floors
from brainwright.tasks.task import Task, Turn
from brainwright.training.devices import Place
from brainwright.training.evaluation import evaluate, judged
from trial import TASKS, Trial, weights


def slice_of_eight(size, index):
    return np.arange(8)[(index * size) % 8 : (index * size) % 8 + size]


@pytest.fixture(params=TASKS)
def word(request):
    return request.param


@pytest.fixture
def exact():
    """Double precision, so that only real differences show."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_learns_its_own_example(word):
    """The net beats every trivial floor on the test share of the task's own example."""
    trial = Trial(word)
    loop = trial.trained()
    task, test = trial.task, trial.shares["test"]
    metric = task.metrics()[0]
    mine = metric.value(evaluate(task, loop.result(), test, loop.at).rows[metric.word()])
    trivial = [floor for floor in task.floors(trial.fields) if floor.trivial]
    assert trivial, "every task names a trivial floor"
    for floor in trivial:
        prediction = floor.predict(floor.fit(trial.shares["train"]), test)
        value = metric.value(judged(task, prediction, test)[metric.word()])
        assert metric.better(mine, value), (metric.word(), mine, floor.word(), value)


def test_learns_in_bfloat16_too(word):
    """The loss of a batch as it was read, with heavy layers in bfloat16, is about that in float32."""
    trial = Trial(word)
    net, batch = trial.loop().net.eval(), trial.batch("train")
    for player in trial.task.players():
        found = []
        for half in (False, True):
            torch.manual_seed(0)
            with Place(torch.device("cpu"), half).arithmetic():
                found.append(trial.task.loss(net, batch, Turn(player.name, 0, 0.0)).each.float().mean().item())
        assert found[1] == pytest.approx(found[0], rel=0.05, abs=0.02)


def test_names_a_simple_floor(word):
    trial = Trial(word)
    assert any(not floor.trivial for floor in trial.task.floors(trial.fields))


def test_same_seed_same_weights(word):
    trial = Trial(word)
    one, other, different = (weights(trial.trained(steps=4, seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(one, other)
    assert not torch.equal(one, different)


def test_two_halves_make_one_whole(word, exact):
    """A step of two batches of 4 equals one of 8, when both hold the same examples."""
    trial = Trial(word)
    if len(trial.task.players()) > 1:
        pytest.skip("players draw noise for each batch, so halves are other examples")
    ends = []
    for size, accumulate in ((8, 1), (4, 2)):
        loop = trial.loop(steps=3, batch_size=size, accumulate=accumulate, augment=0.0, optimizer="sgd", ema=0.0)
        loop.net.double().eval()
        loop.net.train = lambda mode=True: None  # dropout and batch statistics depend on the batch
        loop.sample = partial(slice_of_eight, size)
        for _ in range(3):
            loop.advance()
        ends.append(weights(loop))
    torch.testing.assert_close(*ends, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_resumed_equals_uninterrupted(word, ema, tmp_path):
    """Broken off after 5 of 9 steps and taken up again: the same weights, to the bit."""
    trial = Trial(word)
    whole = trial.trained(steps=9, ema=ema, evaluations=3)
    broken = trial.loop(tmp_path, steps=9, ema=ema, evaluations=3)
    for moment in broken.run():
        if moment.step >= 5:
            break
    broken.save()
    again = trial.loop(tmp_path, steps=9, ema=ema, evaluations=3)
    again.restore()
    for _ in again.run():
        pass
    assert torch.equal(weights(whole), weights(again))
    assert whole.log.lines == again.log.lines
    assert sum(line["steps"] for line in again.log.lines) == 9


def test_one_answers_as_in_a_crowd(word):
    """A batch of one gives what the same example gives among others; padding changes nothing."""
    trial = Trial(word)
    net = trial.trained(steps=3).result()
    many = trial.task.predict(net, trial.batch())
    for index in range(3):
        portion = trial.shares["test"]
        one = batch_of(trial.task.slots(), portion, np.array([index]), generator_of(0))
        if any(slot.field.drawn for slot in trial.task.slots()):
            drawn = {s.name: trial.batch()[s][index : index + 1] for s in trial.task.slots() if s.field.drawn}
            one = one | drawn
        alone = trial.task.predict(net, one)
        for name, value in alone.values.items():
            torch.testing.assert_close(value[0], many.values[name][index], atol=1e-4, rtol=1e-4)
        if alone.scores is not None:
            torch.testing.assert_close(alone.scores[0], many.scores[index], atol=1e-5, rtol=1e-4)


def test_score_is_one_number_an_example(word):
    trial = Trial(word)
    net = trial.trained(steps=2).result()
    batch = trial.batch()
    assert trial.task.score(net, batch).shape == (len(batch),)


def test_loss_and_units_are_one_number_an_example(word):
    trial = Trial(word)
    loop = trial.loop()
    for player in trial.task.players():
        loss = trial.task.loss(loop.net, trial.batch("train"), Turn(player.name, 0, 0.0))
        assert loss.each.shape == loss.units.shape == (len(trial.batch("train")),)
        assert (loss.units > 0).all()


def test_fields_learn_from_the_training_share_alone(word):
    """Whatever the other shares hold, the fitted fields are the same."""
    trial = Trial(word)
    examples = trial.task.examples(trial.table, trial.claim)
    again = Fields.fit(trial.task.slots(), examples.share(Share.TRAIN).values)
    told = {name: one.model_dump() for name, one in trial.fields.fitted.items()}
    assert {name: one.model_dump() for name, one in again.fitted.items()} == told


def test_augmentation_keeps_shapes_and_truth(word):
    trial = Trial(word)
    batch = trial.batch("train")
    changed = trial.task.augment(batch, 2.0, generator_of(3))
    for slot in trial.task.slots():
        assert len(changed[slot]) == len(batch[slot])
        if slot.field.placed:  # it lies in the input, and moves with it
            continue
        if slot.side == "target" and not any(s.field.drawn for s in trial.task.slots()):
            before, after = (
                torch.as_tensor(one[slot].values if isinstance(one[slot], Padded) else one[slot])
                for one in (batch, changed)
            )
            turned = before.is_floating_point()  # a mirrored view may turn the sign of a number
            assert torch.equal(before.abs(), after.abs()) if turned else torch.equal(before, after)
    same = trial.task.augment(batch, 0.0, generator_of(3))
    for slot in trial.task.slots():
        if isinstance(batch[slot], torch.Tensor):
            torch.testing.assert_close(batch[slot], same[slot], rtol=0, atol=0, equal_nan=True)


def test_every_fitting_backbone_takes_it(word):
    """Each family that the task names builds a net, learns a step and answers."""
    kind = find("tasks", word, Task)
    for backbone in set(kind.backbones) - {"timm", "hugging-face"}:  # these come with their weights (tests/transfer)
        if backbone == "timm" and find_spec("timm") is None:  # of the extra `pretrained`
            continue
        trial = Trial(word, backbone=backbone)
        net = trial.trained(steps=2).result()
        assert trial.task.predict(net, trial.batch()).values


def test_decodes_into_the_users_terms(word):
    trial = Trial(word)
    prediction = trial.task.predict(trial.trained(steps=2).result(), trial.batch())
    for slot in trial.task.slots():
        if slot.side == "target":
            assert trial.fields[slot].decode(prediction[slot][0]) is not None


def test_floors_answer_from_saved_arrays(word, tmp_path):
    trial = Trial(word)
    grounds = {one.word(): Ground(one, one.fit(trial.shares["train"])) for one in trial.task.floors(trial.fields)}
    save_floors(tmp_path / "floors.safetensors", grounds)
    again = load_floors(tmp_path / "floors.safetensors", trial.task, trial.fields)
    for name, ground in grounds.items():
        before, after = ground.answer(trial.shares["test"]), again[name].answer(trial.shares["test"])
        for slot, value in before.values.items():
            torch.testing.assert_close(value, after.values[slot])


def test_portions_hold_what_was_asked(word):
    trial = Trial(word)
    assert isinstance(trial.shares["train"], Portion)
    assert len(trial.shares["train"]) > len(trial.shares["test"]) > 0
