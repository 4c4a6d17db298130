"""Sound -> Transcript: write down what is said in a recording."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.bucketing import Bucketed
from brainwright.data.edits import runs
from brainwright.data.encoded import Uneven
from brainwright.data.examples import Examples, Portion
from brainwright.data.field import Padded
from brainwright.data.fields.sound import Sound
from brainwright.data.fields.transcript import Transcript, padded
from brainwright.data.slots import Batch, Fields, Prediction, Slot, input, target
from brainwright.data.sounding import noisy, sped
from brainwright.data.sounds import wav
from brainwright.data.speaking import speakable
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.character_error_rate import CharacterErrorRate
from brainwright.metrics.metric import Metric
from brainwright.metrics.word_error_rate import WordErrorRate
from brainwright.models.backbone import Backbone
from brainwright.models.recogniser import Recogniser, Spoken, moments, tuned
from brainwright.models.searching import beam, greedy, spoken, trimmed
from brainwright.models.stems.speech import MOMENT, SpeechStem
from brainwright.tasks.task import Claim, Decision, Loss, Sampler, Task, Thing, Turn
from brainwright.tasks.task import Net as AnyNet

SPEED = 0.1  # share, at full strength (Ko et al. 2015)
FAINT, LOUD = 50.0, 20.0  # decibels that noise is below speech
SHORT = 0.2  # hours of speech: below, a small net does
READS = ("rnn", "lstm", "gru")


class SpeechRecognition(Task):
    """The characters of the user's own texts, by connectionist temporal classification (Graves et al. 2006)."""

    backbones: ClassVar[tuple[str, ...]] = ("conformer", "rnn", "lstm", "gru", "transformer")
    backbone: ClassVar[str] = "conformer"
    sound = input(Sound())
    text = target(Transcript())

    rate: int = Option(0, ge=0)
    """Samples a second that all recordings are brought to; 0 = the most frequent in training, at most 16,000."""
    bands: int = Option(80, ge=8)
    """Bands of pitch that a moment is told by."""
    hidden_time: float = Option(0.05, ge=0, lt=1)
    """Longest stretch of a recording that is hidden in training, as a share of it, twice; bands are hidden with it."""
    language_model: bool = True
    """The search knows how people write from the training texts; how far it trusts that is tuned on validation."""
    beam: int = Option(16, ge=1)
    """Texts that the search keeps in mind at each moment."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        sounds, texts = table.kinds(Kind.SOUND), table.kinds(Kind.TEXT)
        text = target or (texts[0] if len(texts) == 1 else "")
        if len(sounds) != 1 or text not in table.columns or table[text].kind != Kind.TEXT:
            return None
        left = [repr(name) for name in table.columns if name not in (sounds[0], text)]
        without = f"; without {', '.join(left)}" if left else ""
        return Claim({"sound": sounds[0], "text": text}, 0.95, f"{text!r} is what is said in {sounds[0]!r}{without}")

    def slots(self) -> tuple[Slot[Any], ...]:
        """The sound slot carries what the user said about the rate."""
        sound = input(Sound(rate=self.rate))
        sound.name = "sound"
        return sound, type(self).text

    def examples(self, table: Table, claim: Claim) -> Examples:
        """Every recording with its text, but those that cannot be taught: none is left out in silence."""
        found = super().examples(table, claim)
        return speakable(found, table) if "text" in found.values else found

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        stem = SpeechStem(fields[self.sound], self.bands, backbone.width, self.hidden_time)
        return Recogniser(stem, backbone, fields[self.text])

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        said: Spoken = net(batch[self.sound])
        truth: Any = batch[self.text]
        truth = truth if isinstance(truth, Padded) else padded(truth)  # an answer is a list
        each = F.ctc_loss(
            said.logs.transpose(0, 1),
            truth.values.to(said.logs.device),
            said.lengths,
            truth.lengths.to(said.logs.device),
            reduction="none",
            zero_infinity=True,
        )
        return Loss.of(each, truth.lengths.clamp(min=1).to(said.logs.device))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        said: Spoken = net(batch[self.sound])
        how = net.search(self.beam)
        heard = moments(said)
        texts = [beam(one, net.spelling, how) if self.language_model and how.tuned else greedy(one) for one in heard]
        return Prediction({"text": [torch.tensor(trimmed(one), dtype=torch.int64) for one in texts]})

    def times(self, net: AnyNet, batch: Batch, said: Prediction) -> Sequence[Tensor]:
        pairs = zip(moments(net(batch[self.sound])), said.values["text"], strict=True)
        places = [spoken(one, tuple(text.tolist())) for one, text in pairs]
        return [torch.tensor(one, dtype=torch.float64).view(-1, 2) * MOMENT for one in places]

    def tune(self, net: nn.Module, validation: Portion) -> None:
        """How far the n-gram is trusted, and what a letter is worth: the fewest wrong words on validation."""
        assert isinstance(net, Recogniser)
        if self.language_model:
            net.tuned.copy_(torch.tensor(tuned(net, ("sound", "text"), validation)))

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """The log-probability of the text, over all its ways through the recording."""
        return -self.loss(net, batch, Turn("net", 0, 1.0)).each

    def things(self, fields: Fields, batch: Batch) -> Sequence[Thing]:
        """Every word: how much likelier the text is with it than without."""
        text, field = batch.values["text"][0], fields[self.text]
        spans = runs(text.tolist())
        return [self.thing(field.decode(text[first:last]), text, (first, last)) for first, last in spans]

    def thing(self, name: str, text: Tensor, word: tuple[int, int]) -> Thing:
        """The word of a text's ids from `word[0]` to `word[1]`, which is left out with the gap before it."""
        rest = torch.cat([text[: max(0, word[0] - 1)], text[word[1] + (word[0] == 0) :]])

        def score(net: AnyNet, batch: Batch) -> Tensor:
            whole, without = (batch | {"text": [one] * len(batch)} for one in (text, rest))
            return self.score(net, whole) - self.score(net, without)

        return Thing(name, score)

    def metrics(self) -> tuple[Metric, ...]:
        return WordErrorRate(slot="text"), CharacterErrorRate(slot="text")

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Up to 1 slower or quicker; above also half of all with noise beneath."""
        if not strength:
            return batch
        sound = sped(batch[self.sound], SPEED * min(1.0, strength), generator)
        return batch | {"sound": noisy(sound, LOUD, FAINT, generator) if strength > 1 else sound}

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Recordings of like length together: little of a batch is padding."""
        sounds = train.encoded["sound"]
        assert isinstance(sounds, Uneven)
        return Bucketed(sounds.lengths, size, seed)

    def decide(self, train: Portion) -> Sequence[Decision]:
        field, sounds = train.fields[self.sound], train.encoded["sound"]
        assert isinstance(sounds, Uneven)
        hours = sounds.lengths.sum() / field.rate / 3600
        said = f"of those looked at {field.resampled:,} were brought to it" if field.resampled else "all have it"
        little = f"{hours:.2g} hours of speech are little: a small net"
        return (
            Decision("rate", field.rate, f"the most frequent rate of the training recordings; {said}"),
            *((Decision("bands", 20, little),) if hours < SHORT else ()),
            *((Decision("width", 64, little),) if hours < SHORT else ()),
            Decision("depth", 2, "two blocks found letters in half the steps that four needed (AN4)", "conformer"),
            Decision(
                "batch_size", 16 if hours >= SHORT else 8, "many small steps: letters are found late, then quickly"
            ),
            Decision("lr", 1e-3, "letters were found later at twice the rate (AN4)"),
            Decision("epochs", 200 if hours >= SHORT else 100, "letters are found late, then quickly"),
            Decision("warmup", 0.02 if hours >= SHORT else 0.1, "attention over hundreds of moments starts unsteadily"),
            Decision("dropout", 0.1 if hours >= SHORT else 0.0, "what is heard once should not be learned by heart"),
            Decision("augment", 1.0, "speech a little slower or quicker says the same"),
            Decision("evaluations", 12, "a look at the validation share takes as long as many steps"),
            *(Decision("bidirectional", True, "a moment is told by those after it too", word) for word in READS),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return floor("commonest-text", target="text"), floor("nearest-sound", target="text", sound="sound")

    @classmethod
    def example(cls) -> Table:
        """Two or three of three calls, each a tone of its own, written as letters with spaces between."""
        draw = np.random.default_rng(0)
        sounds, texts = np.empty(50, object), np.empty(50, object)
        for row in range(50):
            said = draw.integers(0, 3, draw.integers(2, 4))
            pieces = [np.zeros(160)]
            for one in said:
                pitch = (400, 800, 1400)[one]
                pieces += [0.4 * np.sin(2 * np.pi * pitch * np.arange(480) / 4000), np.zeros(320)]
            whole = np.concatenate(pieces)
            sounds[row] = wav(whole + 0.02 * draw.normal(size=len(whole)), 4000)
            texts[row] = " ".join("abc"[one] for one in said)
        return Table.of({"sound": Column(sounds, Kind.SOUND), "text": Column(texts, Kind.TEXT)}, "example")
