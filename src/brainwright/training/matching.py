"""Matching: whether answers, inputs, shares and batches belong together, as far as counting can tell."""

from hashlib import blake2b

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.batching import generator_of, spread
from brainwright.data.encoded import Dense, Encoded, Uneven
from brainwright.data.examples import Portion
from brainwright.training.subject import FEW, SAMPLE, Check, State, Subject, answers, varies

BATCHES = 40  # of the sampler that are looked at
TOLD = 0.99  # share of the answers' spread that one number of the input explains by itself
WIDEST = 5000  # numbers of an input that are looked at one by one
AT_ONCE = 256  # examples whose inputs are in memory together
TWINS = 0.5  # share of the validation examples that training also has


def sampled(subject: Subject) -> Check:
    """Batches draw on the whole training share, and their answers vary."""
    name, how, train = "batches", subject.job.how, subject.job.train
    sampler = subject.task.sampler(train, how.batch_size, how.seed)
    epoch = max(1, len(train) // how.batch_size)
    drawn = [sampler(step) for step in range(min(BATCHES, epoch))]
    every = np.concatenate(drawn)
    distinct = len(np.unique(every)) / min(len(train), len(every))
    if distinct < 0.5:
        seen = f"{len(every):,} rows drawn are {len(np.unique(every)):,} different ones"
        return Check(name, "failed", seen, "a sampler that gives the same examples over and over", "look at sampler()")
    truth = answers(subject.task, train)
    if truth is None:
        return Check(name, "passed", f"{len(drawn)} batches hold {len(np.unique(every)):,} different examples")
    if len(np.unique(truth)) == 1:
        seen = "every training example has the same answer"
        return Check(name, "failed", seen, "answers that are constant", "look at how the answers are read")
    lonely = np.mean([len(np.unique(truth[rows])) == 1 for rows in drawn if len(rows) >= 8] or [False])
    usual = np.unique(truth, return_counts=True)[1].max() / len(truth)
    missing = len(np.unique(truth[every])) / len(np.unique(truth))
    if lonely > 0.5 and usual**how.batch_size < 0.1:
        seen = f"{lonely:.0%} of the batches hold one answer only"
        return Check(name, "failed", seen, "a sampler that gives one class a batch", "mix the answers in each batch")
    if missing < 0.6 and len(every) >= 0.9 * how.batch_size * epoch and truth.dtype.kind == "i":
        seen = f"an epoch's batches hold {missing:.0%} of the classes"
        return Check(name, "failed", seen, "a sampler that leaves classes out", "look at sampler()")
    return Check(name, "passed", f"{len(drawn)} batches hold {len(np.unique(every)):,} examples of varying answers")


def various(subject: Subject) -> Check:
    """Examples differ in every slot that the net reads."""
    name, slots = "inputs differ", subject.inputs()
    alike = [slot.name for slot in slots if not varies(subject.batch, slot)]
    if alike:
        seen = f"{', '.join(alike)} is the same in every example"
        state: State = "failed" if len(alike) == len(slots) else "doubtful"
        return Check(name, state, seen, "inputs that are constant", "look at how they are read and normalised")
    return Check(name, "passed", "examples differ in all that the net reads")


def augmented(subject: Subject) -> Check:
    """A changed example still resembles itself more than it resembles others."""
    name, how = "augmentation", subject.job.how
    if not how.augment:
        return Check(name, "passed", "examples are learned as they are")
    changed = subject.task.augment(subject.batch, how.augment, generator_of(how.seed, 1))
    for slot in subject.inputs():
        before, after = subject.batch.values[slot.name], changed.values[slot.name]
        if not isinstance(before, Tensor) or torch.equal(before, after) or len(before) < 4:
            continue
        known = max(recognised(before, after), recognised(ranked(before), ranked(after)))
        if known < 3.0 / len(before):
            seen = f"{known:.0%} of the changed examples resemble themselves most in {slot.name}"
            cause = "augmentation that destroys what it changes, or changes the examples' order"
            return Check(name, "failed", seen, cause, f"lower --augment (now {how.augment:g})")
    return Check(name, "passed", "changed examples still resemble themselves")


def ranked(values: Tensor) -> Tensor:
    """Each example's numbers in order of size [B, n]: what moving, mirroring and turning leave about as it was."""
    return values.flatten(1).sort(1).values


def recognised(before: Tensor, after: Tensor) -> float:
    """Share of examples whose changed form is nearer to its own original than to others', by correlation."""
    ones, others = (values.double().nan_to_num().flatten(1) for values in (after, before))
    middle = others.mean(0)
    ones, others = (torch.nn.functional.normalize(values - middle, dim=1) for values in (ones, others))
    own = (ones @ others.T).argmax(1) == torch.arange(len(ones))
    return float((own & ones.any(1)).double().mean())


def disjoint(subject: Subject) -> Check:
    """Few examples of the validation share are in the training share, too."""
    name, train, validation = "shares", subject.job.train, subject.job.validation
    slots = [slot.name for slot in subject.inputs() if slot.name in train.encoded]
    if not slots or min(len(train), len(validation)) < FEW:
        return Check(name, "passed", "nothing to compare")
    rows = np.arange(min(len(train), 20_000))
    known = set(digests(train.take(rows), slots))
    asked = digests(validation.take(spread(len(validation), SAMPLE)), slots)
    twins = float(np.mean([one in known for one in asked]))
    if twins > TWINS and len(known) > 0.8 * len(rows):
        seen = f"{twins:.0%} of the validation examples are in the training share, too"
        return Check(name, "failed", seen, "a validation share that was learned from (mixed up)", "split anew")
    return Check(name, "passed", f"{twins:.0%} of the validation examples are in the training share, too")


def digests(portion: Portion, slots: list[str]) -> list[bytes]:
    """128 bits of BLAKE2b over the inputs of each example; few examples are in memory at a time."""
    found: list[bytes] = []
    for start in range(0, len(portion), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(portion)))
        pieces = [blobs(portion.encoded[name].take(rows)) for name in slots]
        found += [blake2b(b"".join(parts), digest_size=16).digest() for parts in zip(*pieces, strict=True)]
    return found


def blobs(values: Encoded) -> list[bytes]:
    """Each value's numbers as bytes."""
    if isinstance(values, Uneven):
        every, pairs = values.values, zip(values.offsets[:-1], values.offsets[1:], strict=True)
        return [every[start:stop].tobytes() for start, stop in pairs]
    return [value.tobytes() for value in values.values]


def given_away(subject: Subject) -> Check:
    """No single number of the inputs tells the answer by itself."""
    name, train = "nothing gives the answer away", subject.job.train.take(spread(len(subject.job.train), SAMPLE))
    truth = answers(subject.task, train)
    if truth is None or len(np.unique(truth)) == 1:
        return Check(name, "passed", "answers are of a form that no number can tell")
    for slot in subject.inputs():
        found = train.encoded.get(slot.name)
        values = found.values.reshape(len(train), -1) if isinstance(found, Dense) else np.zeros((len(train), 0))
        told = explained(values[:, :WIDEST].astype(np.float64), truth)
        if told.size and told.max() > TOLD:
            seen = f"number {int(told.argmax()) + 1} of {slot.name} explains {told.max():.1%} of the answers by itself"
            cause = "a leak of the target into the inputs"
            return Check(name, "doubtful", seen, cause, "leave it out, unless it is known before the answer is")
    return Check(name, "passed", "no single number of the inputs tells the answer")


def explained(values: NDArray[np.float64], truth: NDArray[np.generic]) -> NDArray[np.float64]:
    """Share of the variance of each number [N, D] that lies between classes, or squared correlation with a number [D].

    Missing ones count as the mean.
    """
    middle = np.nan_to_num(np.nanmean(np.where(np.isnan(values).all(0), 0, values), 0))
    apart = np.where(np.isnan(values), 0, values - middle)
    whole = np.square(apart).sum(0)
    if truth.dtype.kind == "i":
        classes, codes, counts = np.unique(truth, return_inverse=True, return_counts=True)
        if len(classes) > len(truth) / 4:  # nearly every example is a class of its own
            return np.zeros(values.shape[1])
        sums = np.zeros((len(classes), values.shape[1]))
        np.add.at(sums, codes, apart)
        between = (np.square(sums) / counts[:, None]).sum(0)
    else:
        known = truth.astype(np.float64) - truth.mean(dtype=np.float64)
        between = np.square(apart.T @ known) / max(float(np.square(known).sum()), 1e-30)
    share: NDArray[np.float64] = np.divide(between, whole, out=np.zeros_like(whole), where=whole > 1e-12)
    return share
