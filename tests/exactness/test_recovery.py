"""Recovery: numbers that are not finite are stopped, named, rolled back and retried; memory that is short is halved."""

import math
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from brainwright.data.field import Padded
from brainwright.data.slots import Batch
from brainwright.errors import Fault
from brainwright.tasks.task import Loss
from brainwright.training import evaluation
from brainwright.training.checkpoints import read_tensors
from brainwright.training.loop import STATE
from exactness.trials import digest
from trial import Trial, weights

WORD = "tabular-classification"
SHORT = {"steps": 12, "evaluations": 4, "batch_size": 8, "ema": 0.9}


class Changed:
    """A task that says all that another does, save a loss that is changed."""

    def __init__(self, task, change):
        self.task, self.change = task, change

    def __getattr__(self, name):
        return getattr(self.task, name)

    def loss(self, net, batch, turn):
        return self.change(net, batch, turn, self.task.loss(net, batch, turn))


def loop(folder: Path, change, word=WORD, **options):
    trial = Trial(word)
    trial.task = Changed(trial.task, change)
    return trial.loop(folder, **{**SHORT, **options})


def ended(running):
    said = [sentence for moment in running.run() for sentence in moment.said]
    running.save()
    return said


def sound(running, folder: Path) -> bool:
    """Whether the checkpoint holds finite numbers alone, save where the net was built with others."""
    first = running.job.task.build(Trial(WORD).fields, Trial(WORD).config.backbone).state_dict()
    open_ended = {name for name, one in first.items() if not one.isfinite().all()}
    tensors, _ = read_tensors(folder / STATE)
    return all(one.isfinite().all() for name, one in tensors.items() if name.partition("/")[2] not in open_ended)


def poisoned(steps, times, value=math.nan):
    """A loss that is no finite number for one example, in some steps, the first times that each is made."""
    made = dict.fromkeys(steps, 0)

    def change(net, batch, turn, loss):
        if turn.step in made and net.training and made[turn.step] < times:
            made[turn.step] += 1
            spoilt = torch.zeros(len(batch), dtype=bool)
            spoilt[3] = True
            return Loss(torch.where(spoilt, loss.each * value, loss.each), loss.units)
        return loss

    return change


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "muon"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_one_bad_step_is_rolled_back(tmp_path, optimizer, value):
    """Made once, asked once again for its examples: from then on the training goes its way, at half the rate."""
    running = loop(tmp_path, poisoned([7], 2, value), optimizer=optimizer)
    said = ended(running)
    assert len(said) == 1 and "step 8" in said[0] and "back to step 6" in said[0] and "half the rate" in said[0]
    assert "1 of the 8 examples" in said[0] and "row " in said[0]
    assert running.retries == 1 and running.step == 12
    assert running.log.lines[-1]["lr"] <= 0.5 * running.job.how.lr
    assert sum(line["steps"] for line in running.log.lines) == 12
    assert sound(running, tmp_path)


def test_no_weight_moves_from_the_bad_step_on(tmp_path):
    running = loop(tmp_path, poisoned([2], 99))
    running.advance()
    running.advance()
    before, count = weights(running), running.seats[0].optimizers[0].count.clone()
    for _ in range(3):
        running.advance()
    assert torch.equal(weights(running), before) and running.seats[0].optimizers[0].count == count


def test_a_player_that_breaks_is_named(tmp_path):
    running = loop(tmp_path, poisoned([3], 2), word="image-generation")
    assert "critic loss" in ended(running)[0]


def test_after_three_retries_the_examples_are_named_and_the_checkpoint_is_sound(tmp_path):
    running = loop(tmp_path, poisoned([7], 10**6))
    with pytest.raises(Fault, match=r"step 8, for 1 of the 8 examples of its batch: row \d+.*3 returns") as fault:
        ended(running)
    assert "\n" not in str(fault.value)
    _, facts = read_tensors(tmp_path / STATE)
    assert facts["step"] == 6 and facts["retries"] == 3
    assert sound(running, tmp_path)


def test_weights_that_overflow_are_rolled_back(tmp_path):
    """A finite gradient and an absurd rate: the weights leave the numbers there are before any loss does."""
    absurd = {"lr": 3e38, "clip": 0.0, "weight_decay": 0.0, "optimizer": "sgd"}
    running = loop(tmp_path, lambda net, batch, turn, loss: loss, **absurd)
    with pytest.raises(Fault, match="no finite number"):
        ended(running)
    assert sound(running, tmp_path)


@pytest.mark.parametrize("stop", [5, 7, 9])
def test_a_rollback_is_part_of_exact_resume(tmp_path, stop):
    """Broken off before, at and after the bad step: the same end."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    ended(loop(tmp_path / "whole", poisoned([7], 2)))
    broken = loop(tmp_path / "broken", poisoned([7], 2))
    for moment in broken.run():
        if moment.step >= stop:
            break
    broken.save()
    again = loop(tmp_path / "broken", poisoned([7], 0 if broken.retries else 2))
    assert again.restore()
    ended(again)
    assert digest(tmp_path / "broken") == digest(tmp_path / "whole")


def crowded(most, error):
    """A loss for which memory is short above so many examples."""

    def change(net, batch, turn, loss):
        if len(batch) > most and (net.training or most < 0):
            raise error
        return loss

    return change


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=["gpu", "cpu", "python"])
def test_a_batch_that_does_not_fit_is_taken_in_pieces(tmp_path, error):
    """The same as pieces of that size from the start, to the bit; remembered in the checkpoint."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    running = loop(tmp_path / "a", crowded(2, error))
    said = ended(running)
    assert running.micro == 2 and "2 examples at a time" in said[-1]
    chosen = loop(tmp_path / "b", crowded(2, error))
    chosen.micro = 2
    chosen.notes = list(running.notes)
    ended(chosen)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    again = loop(tmp_path / "a", crowded(2, error), steps=16)
    again.restore()
    assert again.micro == 2 and not ended(again)


def test_pieces_learn_the_same_as_the_whole(tmp_path):
    """Up to rounding: the gradient of the sum is the sum of the gradients."""
    plain = loop(tmp_path, crowded(99, ERRORS[2]), augment=0.0, optimizer="sgd")
    pieces = loop(tmp_path, crowded(99, ERRORS[2]), augment=0.0, optimizer="sgd")
    pieces.micro = 3
    for one in (plain, pieces):
        one.net.eval()
        one.net.train = lambda mode=True: None
        for _ in range(4):
            one.advance()
    torch.testing.assert_close(weights(plain), weights(pieces), atol=1e-5, rtol=1e-5)


def test_not_even_one_example(tmp_path):
    with pytest.raises(Fault, match="one example at a time"):
        ended(loop(tmp_path, crowded(0, ERRORS[0])))


def test_another_error_is_not_taken_for_short_memory(tmp_path):
    with pytest.raises(RuntimeError, match="shapes"):
        ended(loop(tmp_path, crowded(0, RuntimeError("shapes do not match"))))


def test_judging_halves_its_own_batch_alone(tmp_path):
    def change(net, batch, turn, loss):
        if len(batch) > 10 and not net.training:
            raise ERRORS[1]
        return loss

    running = loop(tmp_path, change)
    said = ended(running)
    plain = Trial(WORD).trained(**SHORT)
    assert running.micro == 0 and len(said) == 1 and "judged" in said[0]
    assert torch.equal(weights(running), weights(plain))
    assert evaluation.EVALUATION_BATCH > 10


def test_pieces_of_a_batch():
    values = {
        "a": torch.arange(5),
        "b": Padded(torch.ones(5, 2), torch.arange(5)),
        "c": [torch.ones(i) for i in range(5)],
    }
    batch = Batch(values, torch.arange(5) * 10)
    pieces = list(batch.pieces(2))
    assert [len(one) for one in pieces] == [2, 2, 1] and pieces[1].rows.tolist() == [20, 30]
    assert pieces[2].values["b"].lengths.tolist() == [4] and len(pieces[1].values["c"][1]) == 3
    assert list(batch.pieces(0)) == [batch] and list(batch.pieces(5)) == [batch]


LIMITED = """
import resource, sys, torch
sys.path[:0] = {paths!r}
from trial import Trial
trial = Trial("tabular-classification")
inner = trial.task
class Wide:
    def __getattr__(self, name): return getattr(inner, name)
    def loss(self, net, batch, turn):
        loss = inner.loss(net, batch, turn)
        if net.training:  # 64 MB an example, as a large picture would take
            loss.each.sum().item(); held = torch.ones(len(batch), 2**24); del held
        return loss
trial.task = Wide()
loop = trial.loop(steps=4, evaluations=1, batch_size=16)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 600 * 2**20,) * 2)
for moment in loop.run(): pass
print(loop.step, loop.micro)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the address space is read from /proc")
def test_a_real_limit_of_memory():
    """No more address space than 600 MB above what is in use: a batch of 16 that takes 1 GB is halved to 8 or less."""
    assert resource.getrlimit(resource.RLIMIT_AS)
    code = LIMITED.format(paths=sys.path)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    step, micro = map(int, ran.stdout.split())
    assert step == 4 and 1 <= micro <= 8
