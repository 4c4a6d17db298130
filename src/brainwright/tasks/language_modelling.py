"""Text -> Text: say how a text goes on, token by token, and write more like it."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.encoded import Windows
from brainwright.data.examples import Examples, Portion
from brainwright.data.field import Padded
from brainwright.data.fields.writing import BREAK, Writing, points_of
from brainwright.data.slots import Batch, Fields, Prediction, Slot, input, target
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.data.tokens import composed
from brainwright.data.units import Between
from brainwright.errors import Fault
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.bits_per_character import BitsPerCharacter
from brainwright.metrics.metric import Metric
from brainwright.metrics.nats_per_character import NatsPerCharacter
from brainwright.metrics.perplexity import Perplexity
from brainwright.models.backbone import Backbone
from brainwright.models.writer import Writer, nats, texts_of
from brainwright.tasks.task import Claim, Decision, Loss, Net, Task, Turn

OVERLAP = 4  # windows that each training character stands in: no place in the text is always a beginning
SHORTEST, WINDOWS = 16, 8  # characters that a window reads, and windows in the smallest share, at least
FEW = 20_000  # characters: below, a small net and short windows
ROUNDS = 12  # times that the whole text is read, where the budget allows it
GRAM = 7  # tokens in a gram of the floor


class LanguageModelling(Task):
    """Windows of the text, each token by the cross-entropy of what the net expects after those before it.

    Rows of a long text are joined as they stand, those of a table with an end between. A window begins anew: what was
    before it is not remembered.
    """

    backbones: ClassVar[tuple[str, ...]] = ("rnn", "lstm", "gru", "transformer")
    backbone: ClassVar[str] = "transformer"
    text = input(Writing(before=True))
    next = target(Writing())

    tokens: Literal["characters", "bytes", "bpe", "unigram"] = "characters"
    """What the text is made of: characters, bytes, or learned pieces of words."""
    pieces: int = Option(4_000, ge=256)
    """Pieces that are learned, at most."""
    context: int = Option(256, ge=2)
    """Characters of a window: so far back the net can look; fewer where a share of the text is short."""
    embedding: int = Option(128, ge=1)
    """Numbers that a token is told by."""
    unknown: float = Option(0.01, ge=0, lt=1)
    """Share of tokens read as unknown in training."""
    hidden: float = Option(0.0, ge=0, lt=1)
    """Share of the tokens' numbers that is hidden in training, the same ones all along a window."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        texts = table.kinds(Kind.TEXT)
        name = target or next(iter(texts), "")
        if name not in texts:
            return None
        others = [repr(other) for other in table.columns if other != name]
        columns = {"text": name, "next": name}
        if others:  # a table's text is usually there to be read, not to be written
            return Claim(columns, 0.0, f"{name!r} holds texts to go on with; not used: {', '.join(others)}")
        return Claim(columns, 0.9, f"{name!r} holds {'a text' if table.ordered else 'texts'} and nothing else is told")

    def slots(self) -> tuple[Slot[Any], ...]:
        """Both sides are cut as the user said."""
        how = Writing(tokens=self.tokens, pieces=self.pieces)
        text, after = input(how.model_copy(update={"before": True})), target(how)
        text.name, after.name = "text", "next"
        return text, after

    def examples(self, table: Table, claim: Claim) -> Examples:
        """Windows of one share each; in training they overlap. What is left at a share's end is in none."""
        column = claim.columns["text"]
        assert isinstance(column, str)
        order = np.argsort(table.shares, kind="stable")
        series, owner = joined(table, column, order)
        shares = table.shares[owner]
        stretches = [np.flatnonzero(shares == share) for share in np.unique(shares)]
        length = min(self.context, min(map(len, stretches)) // WINDOWS)
        if length < SHORTEST:
            what = f"the shortest share of {table.source} holds {min(map(len, stretches))} characters of {column!r}"
            raise Fault(what, f"bring more text: {WINDOWS} windows of {SHORTEST} characters are the least")
        starts = np.concatenate([self.starts(places, shares[places[0]], length) for places in stretches])
        windows = Windows(series, starts, length, 0, length)
        left = sum((len(places) % length for places in stretches if shares[places[0]] != Share.TRAIN), 0)
        notes = [f"{left:,} characters at the ends of shares fill no window and are not judged"] if left else []
        if length < self.context:
            notes.append(f"windows read {length} characters, so that the shortest share holds {WINDOWS} of them")
        return Examples({"text": windows, "next": windows}, shares[starts], owner[starts], tuple(notes))

    def starts(self, places: NDArray[np.int64], share: int, length: int) -> NDArray[np.int64]:
        """Where the windows of a share begin: those of training overlap where tokens are characters."""
        closer = OVERLAP if share == Share.TRAIN and self.tokens == "characters" else 1
        return np.arange(places[0], places[-1] + 2 - length, max(1, length // closer))

    def questions(self, table: Table, claim: Claim, fields: Fields) -> Examples:
        """One beginning a row: what comes after each of its tokens?"""
        column = claim.columns["text"]
        assert isinstance(column, str)
        return Examples({"text": table[column].values}, table.shares, np.arange(len(table)))

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        return Writer(fields[self.next], backbone, self.embedding, (self.unknown, self.hidden))

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        truth = batch[self.next]
        return Loss.of(nats(net(batch[self.text]), truth).sum(1), truth.lengths)

    def predict(self, net: Net, batch: Batch) -> Prediction:
        """The likeliest token at each place, and the nats and letters of the true ones where these are known."""
        text = batch[self.text]
        logits = net(text)
        said: dict[str, Any] = {"next": texts_of(logits.argmax(2), text.lengths)}
        truth = batch.values.get("next")
        if isinstance(truth, Padded):
            said["nats"] = nats(logits, truth).sum(1)
            said["letters"] = (net.letters[truth.values] * truth.mask).sum(1)
        return Prediction(said)

    def score(self, net: Net, batch: Batch) -> Tensor:
        """The log-likelihood of the last token: what follows the whole text."""
        text, said = batch.values["text"], batch.values["next"]
        logits = net(text)
        rows = torch.arange(len(logits), device=logits.device)
        lengths = (text.values if isinstance(text, Between) else text).lengths
        answer = (
            said.values[rows, said.lengths - 1] if isinstance(said, Padded) else torch.stack([one[-1] for one in said])
        )
        found: Tensor = logits[rows, lengths - 1].log_softmax(1)[rows, answer]
        return found

    def metrics(self) -> tuple[Metric, ...]:
        return NatsPerCharacter(slot="next"), BitsPerCharacter(slot="next"), Perplexity(slot="next")

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return floor("unigram", target="next", text="text"), floor("ngram", target="next", text="text", order=GRAM)

    def decide(self, train: Portion) -> Sequence[Decision]:
        windows = train.examples.values["next"]
        assert isinstance(windows, Windows)
        size = len(windows.covered())
        told, small = f"{size:,} characters of training", size < FEW
        overlap = OVERLAP if self.tokens == "characters" else 1
        recurrent = ("lstm", "gru", "rnn")
        return (
            Decision("context", windows.length, "what a window reads, as the shares allow it"),
            Decision("batch_size", 8 if small else 16, f"{told}: many small steps"),
            Decision("epochs", -(-ROUNDS * (5 if small else 1) // overlap), f"{told}: windows overlap {overlap} times"),
            Decision("evaluations", 8, "a look reads the whole validation text"),
            Decision("depth", 2 if small else 4, told, "transformer"),
            Decision("width", 64 if small else 192, told, "transformer"),
            Decision("onward", True, "what comes after a token is not known when it is written", "transformer"),
            *(Decision("width", 64 if small else 512, told, word) for word in recurrent),
            *(Decision("depth", 1 if small else 2, told, word) for word in recurrent),
            Decision("dropout", 0.1, "a text is read several times"),
            Decision("optimizer", "muon", "matrices learn a text in fewer steps by it"),
            Decision("lr", 4e-3 if small else 2e-3, "usual for Muon, whose own rate is ten times as high"),
            Decision("weight_decay", 0.01, "a text is read several times"),
            Decision("ema", 0.98, "a short average, for the rate falls to nothing"),
        )

    @classmethod
    def example(cls) -> Table:
        """Sums of a school book."""
        draw = np.random.default_rng(0)
        ones, others = draw.integers(0, 5, (2, 160))
        texts = np.array([f"{a} and {b} make {a + b}." for a, b in zip(ones, others, strict=True)], object)
        return Table.of({"text": Column(texts, Kind.TEXT)}, "example")


def joined(table: Table, column: str, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The code points of all rows in an order [T], BREAK where one text ends, and the row that each belongs to [T]."""
    texts = composed(table[column].values[order])
    files = table.file_of[order] if len(table.file_of) else np.zeros(len(order))
    goes_on = np.append(np.diff(files) == 0, False) if table.ordered else np.zeros(len(order), bool)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    points, owner = points_of("".join(texts)), np.repeat(order, lengths)
    ends = lengths.cumsum()[~goes_on]
    return np.insert(points, ends, BREAK), np.insert(owner, ends, order[~goes_on])
