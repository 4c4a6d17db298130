"""Text -> Text: say the same in another language, or write what an example text asks for."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.bucketing import Bucketed
from brainwright.data.encoded import Ragged
from brainwright.data.examples import Portion
from brainwright.data.field import Padded
from brainwright.data.fields.writing import Writing
from brainwright.data.slots import Batch, Fields, Prediction, Slot, beside, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.data.tokens import padded
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.bleu import Bleu
from brainwright.metrics.chrf import Chrf
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.models.beam import Search
from brainwright.models.quoting import spoken
from brainwright.models.translator import Translator
from brainwright.tasks.task import Claim, Decision, Loss, Net, Sampler, Score, Task, Thing, Turn

KIN = "vocabulary"
WHOLE = 2**31 - 1  # tokens of a reference: it is never cut
FEW = 2_000  # pairs: below, a small net


class Translation(Task):
    """One text from another, token by token, by the cross-entropy of each after the true ones before it.

    Answers are the best that a beam search finds. The net reads and writes with one vocabulary.
    """

    backbones: ClassVar[tuple[str, ...]] = ("rnn", "lstm", "gru", "transformer")
    backbone: ClassVar[str] = "transformer"
    source = input(Writing(), KIN)
    target = target(Writing(), KIN)
    reference = beside(Writing(tokens="bytes", longest=WHOLE))

    smoothing: float = Option(0.1, ge=0, lt=1)
    """Share of certainty taken from the true token and spread over all (Szegedy et al. 2016)."""
    tokens: Literal["characters", "bytes", "bpe", "unigram"] = "bpe"
    """What both texts are made of: characters, bytes, or learned pieces of words."""
    pieces: int = Option(4_000, ge=256)
    """Pieces that are learned of both languages together, at most."""
    longest: int = Option(0, ge=0)
    """Tokens of a text that are read or written; 0 = 99 in 100 training texts are whole."""
    hidden: float = Option(0.1, ge=0, lt=1)
    """Share of the tokens' numbers that is hidden in training."""
    beams: int = Option(5, ge=1)
    """Beginnings of a translation that the search keeps."""
    length_penalty: float = Option(1.0, ge=0)
    """Power of its length by which a translation's log-probability is divided: 0 favours short ones."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        texts = table.kinds(Kind.TEXT)
        aim = target or (texts[1] if len(texts) == 2 else "")
        sources = [name for name in texts if name != aim]
        if aim not in texts or len(sources) != 1:
            return None
        left = [repr(name) for name in table.columns if name not in (aim, *sources)]
        without = f"; without {', '.join(left)}" if left else ""
        columns = {"source": sources[0], "target": aim, "reference": aim}
        return Claim(columns, 0.9 if not left else 0.5, f"{sources[0]!r} and {aim!r} hold pairs of texts{without}")

    def slots(self) -> tuple[Slot[Any], ...]:
        """Both texts are cut as the user said."""
        how = Writing(tokens=self.tokens, pieces=self.pieces, longest=self.longest)
        source, answer = input(how, KIN), target(how, KIN)
        source.name, answer.name = "source", "target"
        return source, answer, type(self).reference

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        return Translator(fields[self.target], backbone, self.hidden)

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        truth = whole(batch.values["target"])
        logits = net(batch[self.source], truth).float().transpose(1, 2)
        each = F.cross_entropy(logits, truth.values, reduction="none", label_smoothing=self.smoothing)
        return Loss.of((each * truth.mask).sum(1), truth.lengths)

    def predict(self, net: Net, batch: Batch) -> Prediction:
        """The texts as tokens, and as people read them."""
        found = net.translated(batch[self.source], Search(self.beams, self.length_penalty))
        return Prediction({"target": found, "said": spoken(net.field, found)})

    def score(self, net: Net, batch: Batch) -> Tensor:
        """The log-likelihood of the translation."""
        return self.likely(net, batch).sum(1)

    def likely(self, net: Net, batch: Batch) -> Tensor:
        """The log-likelihood of each token after those before it, 0 beyond a text's end [B, T]."""
        truth = whole(batch.values["target"])
        each = F.cross_entropy(net(batch[self.source], truth).transpose(1, 2), truth.values, reduction="none")
        return -each * truth.mask

    def things(self, fields: Fields, batch: Batch) -> Sequence[Thing]:
        """Every word: the log-likelihood of its tokens after those before them."""
        said = whole(batch.values["target"])
        words = fields[self.target].units(said, None)
        return [
            Thing(name, self.only(torch.from_numpy(words.owner == place))) for place, name in enumerate(words.names)
        ]

    def only(self, own: Tensor) -> Score:
        """How likely some tokens of a text are [T]."""

        def score(net: Net, batch: Batch) -> Tensor:
            each = self.likely(net, batch)
            return (each * own.to(each.device)).sum(1)

        return score

    def metrics(self) -> tuple[Metric, ...]:
        return Bleu(slot="target", reference="reference"), Chrf(slot="target", reference="reference")

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Pairs of like length together: little of a batch is padding."""
        source, answer = train.encoded["source"], train.encoded["target"]
        assert isinstance(source, Ragged) and isinstance(answer, Ragged)
        return Bucketed(source.lengths + answer.lengths, size, seed)

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return tuple(floor(word, target="target", source="source") for word in ("copied-source", "word-by-word"))

    def decide(self, train: Portion) -> Sequence[Decision]:
        field, count = train.fields[self.target], len(train)
        told, small = f"{count:,} pairs", count < FEW
        cut = f"of {2 * count:,} training texts {field.cut:,} are longer, and are cut here"
        recurrent = ("lstm", "gru", "rnn")
        return (
            Decision("longest", field.longest, cut),
            Decision("batch_size", 16 if small else 128, told),
            Decision("epochs", 60 if small else 24, f"{told}, or as many rounds as the budget allows"),
            Decision("evaluations", 5, "a look translates the whole validation share"),
            Decision("width", 64 if small else 192, told),
            Decision("depth", 1 if small else 3, told, "transformer"),
            *(Decision("width", 64 if small else 256, told, word) for word in recurrent),
            *(Decision("depth", 1 if small else 2, told, word) for word in recurrent),
            *(Decision("bidirectional", True, "a word is told by those after it, too", word) for word in recurrent),
            Decision("dropout", 0.0 if small else 0.15, told),
            Decision("optimizer", "muon", "matrices learn in fewer steps by it"),
            Decision("lr", 5e-3 if small else 2e-3, "usual for Muon, whose own rate is ten times as high"),
            Decision("weight_decay", 0.01, told),
            Decision("ema", 0.98, "averaged weights translate better than the last step's"),
        )

    @classmethod
    def example(cls) -> Table:
        """Numbers counted in English and in German."""
        draw = np.random.default_rng(0)
        ones = np.array(["one", "two", "three", "four", "five", "six"])
        others = np.array(["eins", "zwei", "drei", "vier", "fünf", "sechs"])
        rows = [draw.integers(0, 6, draw.integers(3, 6)) for _ in range(200)]
        columns = {
            name: Column(np.array([" ".join(words[row]) for row in rows], object), Kind.TEXT)
            for name, words in (("english", ones), ("german", others))
        }
        return Table.of(columns, "example")


def whole(values: Any) -> Padded:
    """Texts as one batch: as they came, or answers of any length."""
    if isinstance(values, Padded):
        return values
    made = padded(Ragged.of([one.cpu().numpy() for one in values]))
    return made.to(values[0].device)
