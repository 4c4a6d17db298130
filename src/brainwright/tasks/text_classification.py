"""Text -> Category: say which of the known classes a text belongs to."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.bucketing import Bucketed
from brainwright.data.encoded import Ragged
from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.text import Text
from brainwright.data.inputs import likely_target
from brainwright.data.slots import Batch, Fields, Prediction, Slot, input, target
from brainwright.data.table import WHOLE, Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.metric import Metric
from brainwright.models.answers import Weighing
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.stems.text import TextStem
from brainwright.models.wide import Committee, Wide
from brainwright.tasks.task import Claim, Decision, Loss, Sampler, Task, Turn
from brainwright.tasks.task import Net as AnyNet

SMALL = 20_000  # texts: below, a net learns them by heart unless much is hidden from it
READS = ("rnn", "lstm", "gru")


class TextClassification(Task):
    """One class per text, by the cross-entropy of every reader, whose mean probabilities are the answer."""

    backbones: ClassVar[tuple[str, ...]] = (*Task.backbones, "hugging-face")
    backbone: ClassVar[str] = "gru"
    text = input(Text())
    label = target(Category())

    smoothing: float = Option(0.0, ge=0, lt=1)
    """Share of certainty taken from the true class and spread over all (Szegedy et al. 2016)."""
    class_weights: Literal["none", "balanced"] = "none"
    """How much a class counts in learning: every text alike, or every class alike however rare."""
    tokens: Literal["words", "bpe", "unigram", "characters", "pretrained"] = "words"
    """What a text is cut into: words, learned pieces of words, characters, or as given weights know it."""
    longest: int = Option(0, ge=0)
    """Tokens of a text that are read, from its beginning; 0 = 99 in 100 training texts are read whole."""
    embedding: int = Option(64, ge=1)
    """Numbers that a token is told by."""
    unknown: float = Option(0.1, ge=0, lt=1)
    """Share of tokens read as unknown in training."""
    hidden: float = Option(0.3, ge=0, lt=1)
    """Share of the tokens' numbers that is hidden at random in training."""
    readers: int = Option(1, ge=1)
    """Nets of the backbone's family side by side, whose mean answer counts."""
    wide: bool = True
    """A straight line over words and pairs of words answers beside them, as one more reader."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        texts = table.kinds(Kind.TEXT)
        classes = table.kinds(Kind.CATEGORY)
        label = target or likely_target(table) or (classes[0] if len(classes) == 1 else "")
        if (
            len(texts) != 1
            or (any(map(table.kinds, WHOLE)) and not target)
            or label not in table.columns
            or table[label].kind != Kind.CATEGORY
        ):
            return None
        left = [repr(name) for name in table.columns if name not in (texts[0], label)]
        without = f"; without {', '.join(left)}" if left else ""
        why = f"{texts[0]!r} holds texts, {label!r} their classes{without}"
        return Claim({"text": texts[0], "label": label}, 0.9, why)

    def slots(self) -> tuple[Slot[Any], ...]:
        """The text slot carries what the user said about cutting."""
        text = input(Text(tokens=self.tokens, longest=self.longest))
        text.name = "text"
        return text, type(self).label

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        counts, balanced = fields[self.label].counts, self.class_weights == "balanced"
        field, answers = fields[self.text], len(counts)
        nets: list[nn.Module] = [
            Net(TextStem(field, self.embedding, self.unknown, self.hidden), backbone, answers)
            for _ in range(self.readers)
        ]
        nets += [Wide(field, answers)] if self.wide else []
        return Weighing(Committee(nets), counts, balanced)

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        return Loss.of(net(batch[self.text]).losses(batch[self.label], self.smoothing))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        scores = net(batch[self.text]).logits.softmax(-1).mean(1)
        return Prediction.of(self.label, scores.argmax(-1), scores)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        odds: Tensor = net(batch[self.text]).odds(batch[self.label])
        return odds

    def metrics(self) -> tuple[Metric, ...]:
        return (Accuracy(slot="label"), LogLoss(slot="label"))

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Texts of like length together: little of a batch is padding."""
        texts = train.encoded["text"]
        assert isinstance(texts, Ragged)
        return Bucketed(texts.lengths, size, seed)

    def decide(self, train: Portion) -> Sequence[Decision]:
        field, count = train.fields[self.text], len(train)
        read = f"of {count:,} training texts {field.cut:,} are longer, and are read up to here"
        few = f"{count:,} texts are few: much is hidden, so that none is learned by heart"
        quick = "word vectors are met seldom: a high rate and few rounds"
        return (
            Decision("longest", field.longest, read),
            *((Decision("dropout", 0.5, few), Decision("smoothing", 0.05, few)) if count < SMALL else ()),
            *(Decision("width", 64, few, word) for word in (*READS, "mlp", "transformer") if count < SMALL),
            *(Decision("depth", 1, "one layer reads a text as well as two", word) for word in (*READS, "mlp")),
            *(Decision("bidirectional", True, "a word is told by those after it too", word) for word in READS),
            *(
                Decision("pool", "attention", "some words say more than others", word)
                for word in (*READS, "transformer")
            ),
            Decision("lr", 3e-3 if count < SMALL else 2e-3, quick),
            Decision("epochs", 10 if count < SMALL else 5, quick),
            Decision("weight_decay", 0.0, "rare words would be forgotten between two meetings"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.label].classes)
        return floor("majority", target="label", classes=classes), floor(
            "linear-words", target="label", text="text", classes=classes
        )

    @classmethod
    def example(cls) -> Table:
        """What guests say of a meal: one word of eight tells praise from complaint."""
        draw = np.random.default_rng(0)
        good, bad = ["tasty", "fresh", "lovely", "warm"], ["stale", "cold", "bitter", "dull"]
        begin, dish = ["today the", "my", "again the"], ["soup was", "bread was", "tea seemed"]
        liked = draw.integers(0, 2, 240)
        rows = [(draw.choice(begin), draw.choice(dish), draw.choice(good if one else bad)) for one in liked]
        texts = np.array(
            [f"{' '.join(row)} and {draw.choice(['here', 'served late', 'cheap'])}" for row in rows], object
        )
        labels = np.where(liked == 1, "praise", "complaint").astype(object)
        return Table.of({"text": Column(texts, Kind.TEXT), "label": Column(labels, Kind.CATEGORY)}, "example")
