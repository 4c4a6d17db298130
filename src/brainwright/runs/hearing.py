"""Hearing: what a run writes down of sounds, piece by piece, and when each word is said."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

from brainwright.data.batching import batch_of, generator_of
from brainwright.data.edits import GAP
from brainwright.data.fields.sound import Sound
from brainwright.data.fields.transcript import Transcript
from brainwright.data.slots import Slot
from brainwright.data.sounds import Samples, at_rate
from brainwright.data.table import Column, Kind, Table
from brainwright.errors import Fault
from brainwright.runs.run import Run


@dataclass(frozen=True)
class Word:
    """A word, and the seconds from which to which it is said."""

    text: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Heard:
    """What is said in one piece of a sound."""

    begins: float
    ends: float
    text: str
    words: tuple[Word, ...]


def slots(run: Run) -> tuple[Slot[Sound], Slot[Transcript]]:
    """The sound that a run hears and the text that it writes.

    Raises:
        Fault: it does not turn sounds into texts.
    """
    sounds = [slot for slot in run.task.slots() if slot.side == "input" and isinstance(slot.field, Sound)]
    texts = [slot for slot in run.task.slots() if slot.side == "target" and isinstance(slot.field, Transcript)]
    if len(sounds) != 1 or len(texts) != 1:
        what = f"{run.folder} was not taught to write down what is said"
        raise Fault(what, "name a run of recordings with transcripts")
    return sounds[0], texts[0]


def hear(run: Run, pieces: Iterator[tuple[float, Samples]], rate: int) -> Iterator[Heard]:
    """Each piece of a sound written down as it comes; by the net, whoever else answers for the run."""
    sound, text = slots(run)
    field = run.fields[sound]
    net = run.net.to(run.place.device).eval()
    for begins, samples in pieces:
        ends = begins + len(samples) / rate
        values = np.empty(1, object)
        values[0] = at_rate(samples, rate, field.rate)
        if not np.any(values[0]):
            yield Heard(begins, ends, "", ())
            continue
        table = Table.of({run.name(sound.name): Column(values, Kind.SOUND)}, "the sound")
        (portion,) = run.portions(run.task.questions(table, run.claim, run.fields))
        batch = batch_of(run.task.slots(), portion, np.zeros(1, np.int64), generator_of(0)).to(run.place.device)
        with torch.no_grad(), run.place.arithmetic():
            said = run.task.predict(net, batch)
            times = run.task.times(net, batch, said)
        ids, places = said[text][0].tolist(), times[0].tolist() if times else []  # type: ignore[index]
        told = tuple(words(run.fields[text], ids, [(begins + a, begins + b) for a, b in places]))
        yield Heard(begins, ends, run.fields[text].decode(np.array(ids, np.int64)), told)


def words(field: Transcript, ids: list[int], places: list[tuple[float, float]]) -> Iterator[Word]:
    """The runs of letters between gaps, each from its first letter's begin to its last one's end."""
    for gap, run in groupby(zip(ids, places, strict=False), lambda one: one[0] == GAP):
        if not gap:
            letters, seconds = zip(*run, strict=True)
            yield Word(field.decode(np.array(letters, np.int64)), seconds[0][0], seconds[-1][1])
