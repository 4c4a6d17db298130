"""Sound -> Category: say which of the known classes a recording belongs to."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.bucketing import Bucketed
from brainwright.data.encoded import Uneven
from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.sound import Sound
from brainwright.data.inputs import likely_target
from brainwright.data.slots import Batch, Fields, Prediction, Slot, input, target
from brainwright.data.sounding import louder, moved, noisy, sped
from brainwright.data.sounds import wav
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.balanced_accuracy import BalancedAccuracy
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.metric import Metric
from brainwright.models.answers import Weighing
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.stems.sound import SoundStem
from brainwright.tasks.task import Claim, Decision, Loss, Sampler, Task, Turn
from brainwright.tasks.task import Net as AnyNet

LOW = 6_000  # Hz
LONG = 10.0  # seconds: more is heard only if asked for
SPEED, SHIFT, GAIN = 0.1, 0.1, 6.0  # shares and decibels, at full strength
FAINT, LOUD = 40.0, 10.0  # decibels that noise is below a sound
READS = ("rnn", "lstm", "gru")


class AudioClassification(Task):
    """One class per recording, by cross-entropy on its log-mel spectrogram."""

    backbone: ClassVar[str] = "cnn"
    sound = input(Sound())
    label = target(Category())

    smoothing: float = Option(0.0, ge=0, lt=1)
    """Share of certainty taken from the true class and spread over all (Szegedy et al. 2016)."""
    class_weights: Literal["none", "balanced"] = "none"
    """How much a class counts in learning: every recording alike, or every class alike however rare."""
    rate: int = Option(0, ge=0)
    """Samples a second that all recordings are brought to; 0 = the most frequent in training, at most 16,000."""
    heard: float = Option(LONG, ge=0)
    """Seconds of a recording that are heard, from its beginning; 0 = all."""
    bands: int = Option(40, ge=8)
    """Bands of pitch that a moment is told by."""
    hidden_time: float = Option(0.1, ge=0, lt=1)
    """Longest stretch of a recording that is hidden in training, as a share of it, twice; bands are hidden with it."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        sounds, classes = table.kinds(Kind.SOUND), table.kinds(Kind.CATEGORY)
        label = target or likely_target(table) or (classes[0] if len(classes) == 1 else "")
        if len(sounds) != 1 or label not in table.columns or table[label].kind != Kind.CATEGORY:
            return None
        left = [repr(name) for name in table.columns if name not in (sounds[0], label)]
        without = f"; without {', '.join(left)}" if left else ""
        spoken = not target and bool(table.kinds(Kind.TEXT))  # what is said is rather what is asked for
        why = f"{sounds[0]!r} holds recordings, {label!r} their classes{without}"
        return Claim({"sound": sounds[0], "label": label}, 0.5 if spoken else 0.9, why)

    def slots(self) -> tuple[Slot[Any], ...]:
        """The sound slot carries what the user said about rate and length."""
        sound = input(Sound(rate=self.rate, longest=self.heard))
        sound.name = "sound"
        return sound, type(self).label

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        counts, balanced = fields[self.label].counts, self.class_weights == "balanced"
        stem = SoundStem(fields[self.sound], self.bands, backbone.takes, self.hidden_time)
        return Weighing(Net(stem, backbone, len(counts)), counts, balanced)

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        return Loss.of(net(batch[self.sound]).losses(batch[self.label], self.smoothing))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        scores = net(batch[self.sound]).logits.softmax(-1).mean(1)
        return Prediction.of(self.label, scores.argmax(-1), scores)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        odds: Tensor = net(batch[self.sound]).odds(batch[self.label])
        return odds

    def metrics(self) -> tuple[Metric, ...]:
        return Accuracy(slot="label"), LogLoss(slot="label"), BalancedAccuracy(slot="label")

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Up to 1 slower or quicker, sooner or later, louder or softer, and half of all with noise beneath."""
        if not strength:
            return batch
        full = min(1.0, strength)
        sound = moved(sped(batch[self.sound], SPEED * full, generator), SHIFT * full, generator)
        return batch | {"sound": noisy(louder(sound, GAIN * full, generator), LOUD, FAINT, generator)}

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Recordings of like length together: little of a batch is padding."""
        sounds = train.encoded["sound"]
        assert isinstance(sounds, Uneven)
        return Bucketed(sounds.lengths, size, seed)

    def decide(self, train: Portion) -> Sequence[Decision]:
        field, count = train.fields[self.sound], len(train)
        sounds = train.encoded["sound"]
        assert isinstance(sounds, Uneven)
        cut = int((sounds.lengths >= round(LONG * field.rate)).sum())
        said = f"of those looked at {field.resampled:,} were brought to it" if field.resampled else "all have it"
        return (
            Decision("rate", field.rate, f"the most frequent rate of the training recordings; {said}"),
            Decision("heard", LONG, f"of {count:,} training recordings {cut:,} reach so many seconds, none is read on"),
            *((Decision("bands", 20, "so low a rate leaves room for few bands"),) if field.rate < LOW else ()),
            Decision("width", 16, "spectrograms need fewer filters than photographs", "cnn"),
            Decision("augment", 1.0, "a recording a little slower, softer or noisier means the same"),
            *(Decision("bidirectional", True, "a moment is told by those after it too", word) for word in READS),
            *(
                Decision("pool", "attention", "some moments say more than others", word)
                for word in (*READS, "transformer")
            ),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.label].classes)
        return floor("majority", target="label", classes=classes), floor(
            "mean-spectrum", target="label", sound="sound", classes=classes
        )

    @classmethod
    def example(cls) -> Table:
        """Two calls in noise, a rising and a falling one, of any loudness and length."""
        draw = np.random.default_rng(0)
        rising = np.arange(120) % 2 == 0
        sounds = np.empty(120, object)
        for row, up in enumerate(rising):
            length = int(draw.integers(300, 500))
            pitch = np.linspace(400, 1200, length) * draw.uniform(0.9, 1.1)
            call = np.sin(2 * np.pi * np.cumsum(pitch if up else pitch[::-1]) / 4000)
            sounds[row] = wav((call + 0.2 * draw.normal(size=length)) * draw.uniform(0.05, 0.5), 4000)
        labels = np.where(rising, "rising", "falling").astype(object)
        return Table.of({"sound": Column(sounds, Kind.SOUND), "label": Column(labels, Kind.CATEGORY)}, "example")
