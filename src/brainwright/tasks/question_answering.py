"""Text, Text -> Span: mark the piece of a passage that answers a question, or say that it holds none."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.batching import in_order
from brainwright.data.bucketing import Bucketed
from brainwright.data.encoded import Ragged
from brainwright.data.examples import Portion
from brainwright.data.fields.span import NONE, Span
from brainwright.data.fields.spans import Spans
from brainwright.data.fields.text import Text
from brainwright.data.fields.verbatim import Verbatim
from brainwright.data.slots import Batch, Fields, Prediction, Slot, beside, input, piece, target
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.answer_f1 import AnswerF1
from brainwright.metrics.exact_match import ExactMatch
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.models.marker import Found, Marker, Marks, Windows, tokens_of
from brainwright.models.stems.text import TextStem
from brainwright.tasks.task import Claim, Decision, Loss, Net, Sampler, Task, Turn

KIN = "vocabulary"
WHOLE = 2**31 - 1  # tokens of a passage: it is never cut, but read window by window
READS = ("rnn", "lstm", "gru")
SMALL = 20_000  # questions: below, a net learns them by heart unless much is hidden from it
FEW = 2_000  # questions: below, small batches and many rounds, so that there are steps enough
JUDGED = 64  # questions at a time while the threshold is chosen


class QuestionAnswering(Task):
    """The first and the last token of the answer by their cross-entropies, each among all tokens of all windows."""

    backbones: ClassVar[tuple[str, ...]] = (*READS, "transformer", "hugging-face")
    backbone: ClassVar[str] = "lstm"
    passage = input(Text(), KIN)
    question = input(Text(), KIN)
    answer = target(Span())
    offsets = beside(Text(offsets=True), KIN)
    answers = beside(Spans())
    wording = beside(Verbatim())

    tokens: Literal["words", "bpe", "characters", "pretrained"] = "words"
    """What texts are cut into: words, learned pieces of words, characters, or as given weights know it."""
    question_tokens: int = Option(64, ge=1)
    """Tokens of a question that are read, from its beginning."""
    window: int = Option(256, ge=2)
    """Tokens of the passage that are read together with the question; a longer passage is read in several windows."""
    stride: int = Option(128, ge=1)
    """Tokens from the begin of one window to that of the next."""
    answer_tokens: int = Option(30, ge=1)
    """Tokens of an answer, at most."""
    elsewhere: float = Option(0.1, ge=0, lt=1)
    """Share of the training questions that are asked of another passage, where the answer is that there is none."""
    embedding: int = Option(64, ge=1)
    """Numbers that a token is told by."""
    unknown: float = Option(0.1, ge=0, lt=1)
    """Share of tokens read as unknown in training."""
    hidden: float = Option(0.3, ge=0, lt=1)
    """Share of the tokens' numbers that is hidden at random in training."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        texts, aim = table.kinds(Kind.TEXT), target or next(iter(table.kinds(Kind.SPAN)), "")
        if len(texts) != 2 or aim not in table.columns or table[aim].kind != Kind.SPAN:
            return None
        asked = next((name for name in texts if "question" in name.lower()), texts[1])
        (passage,) = (name for name in texts if name != asked)
        columns = {"passage": passage, "question": asked, "answer": aim}
        columns |= {"offsets": passage, "answers": aim, "wording": passage}
        return Claim(columns, 0.95, f"{aim!r} marks the pieces of {passage!r} that answer {asked!r}")

    def slots(self) -> tuple[Slot[Any], ...]:
        """All texts are cut as the user said."""
        passage = input(Text(tokens=self.tokens, longest=WHOLE), KIN)
        question = input(Text(tokens=self.tokens, longest=self.question_tokens), KIN)
        offsets = beside(Text(tokens=self.tokens, longest=WHOLE, offsets=True), KIN)
        passage.name, question.name, offsets.name = "passage", "question", "offsets"
        return passage, question, type(self).answer, offsets, type(self).answers, type(self).wording

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        edge = int(self.tokens == "pretrained")  # their tokenizers put a mark at each end
        windows = Windows(self.window, self.stride, self.answer_tokens, edge)
        return Marker(
            TextStem(fields[self.passage], self.embedding, self.unknown, self.hidden),
            backbone,
            windows,
            bool(fields[self.answer].unanswered),
        )

    def marks(self, net: Net, batch: Batch) -> Marks:
        """What the net says of every token."""
        marks: Marks = net(batch[self.passage], batch[self.question], batch[self.offsets])
        return marks

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        marks, (first, last) = self.marks(net, batch), self.truth(batch)
        begin, end = (F.cross_entropy(*pair, reduction="none") for pair in ((marks.starts, first), (marks.ends, last)))
        return Loss.of((begin + end) / 2, begin=begin, end=end)

    def truth(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Which of [no answer, token, token, ...] begins and which ends the answer that the batch holds [B]."""
        said = batch[self.answer]
        first, last, there = tokens_of(said[:, 0], said[:, 1], batch[self.offsets])
        there = there & (said[:, 1] > said[:, 0])
        return torch.where(there, first + 1, 0), torch.where(there, last + 1, 0)

    def predict(self, net: Net, batch: Batch) -> Prediction:
        found = Found.of(self.marks(net, batch), self.answer_tokens, net.shift)
        return Prediction.of(self.answer, self.told(batch, found, found.nothing() > (0.5 if net.silent else 1 - 1e-7)))

    def told(self, batch: Batch, found: Found, held: Tensor) -> Tensor:
        """The best pieces as a `Span` holds them [B, 4]; none where it is held back [B]."""
        places = batch[self.offsets].values
        rows = torch.arange(len(places), device=places.device)
        nothing = found.nothing().double()
        ends = torch.stack([places[rows, found.first, 0], places[rows, found.last, 1]], 1).double()
        sure = torch.where(held, nothing, found.sure().double())
        return torch.cat([torch.where(held[:, None], 0.0, ends), sure[:, None], nothing[:, None]], 1).detach()

    def score(self, net: Net, batch: Batch) -> Tensor:
        """The log-odds of the answer among all pieces of the passage, and none."""
        marks, (first, last) = self.marks(net, batch), self.truth(batch)
        none = marks.none() + net.shift
        pieces = marks.pieces(self.answer_tokens)
        place = torch.arange(pieces.shape[1], device=none.device)[:, None]
        reach = torch.arange(pieces.shape[2], device=none.device)
        own = (place + 1 == first[:, None, None]) & (place + 1 + reach == last[:, None, None])
        others = pieces.masked_fill(own, -torch.inf).flatten(1).logsumexp(1)
        rows = torch.arange(len(none), device=none.device)
        said = marks.starts[rows, first] + marks.ends[rows, last]
        return torch.where(first == 0, none - others, said - torch.logaddexp(others, none))

    def tune(self, net: nn.Module, validation: Portion) -> None:
        """From where on there is said to be no answer: the best mean F1 on validation. Where every question there has
        one, each is also asked of another passage, so that half have none.
        """
        assert isinstance(net, Marker)
        device = net.shift.device
        odds, gains = [], []
        with torch.no_grad():
            for batch in in_order(self.slots(), validation, JUDGED):
                asked = [batch] if net.silent else [batch, *self.strange(batch)]
                for one in asked:
                    found = Found.of(self.marks(net, one.to(device)), self.answer_tokens, torch.zeros_like(net.shift))
                    said = self.told(one.to(device), found, torch.zeros_like(found.best, dtype=torch.bool)).cpu()
                    right = self.metrics()[0].rows(Prediction.of(self.answer, said), one)[:, 0]
                    nothing = self.metrics()[0].rows(Prediction.of(self.answer, torch.zeros_like(said)), one)[:, 0]
                    odds.append((found.none - found.total).cpu().double())
                    gains.append(nothing - right)
        net.shift.copy_(-threshold(torch.cat(odds), torch.cat(gains)))

    def strange(self, batch: Batch) -> list[Batch]:
        """The questions of a batch asked of other passages in it: those alone that have another; none if none has."""
        rows = self.others(batch)
        moved = (rows != torch.arange(len(rows))).nonzero()[:, 0]
        return [self.asked_of(batch, rows).some(moved)] if len(moved) else []

    def others(self, batch: Batch) -> Tensor:
        """For each example one half a batch away whose passage is another; itself where that is the same [B]."""
        texts = batch[self.passage]
        rows = torch.arange(len(texts), device=texts.values.device)
        far = (rows + len(rows) // 2) % len(rows)
        same = (texts.values == texts.values[far]).flatten(1).all(1)
        return torch.where(same, rows, far)

    def asked_of(self, batch: Batch, rows: Tensor) -> Batch:
        """The questions asked of the passages of other examples [B], where they have no answer."""
        slots = (self.passage, self.offsets, self.wording)
        moved = {slot.name: piece(batch.values[slot.name], rows) for slot in slots if slot.name in batch.values}
        strange = (rows != torch.arange(len(rows), device=rows.device))[:, None]
        said = batch[self.answer]
        found = batch | moved | {"answer": torch.where(strange, said.new_tensor(NONE), said)}
        if "answers" not in batch.values:
            return found
        truths = batch[self.answers]
        return found | {"answers": type(truths)(truths.values, truths.lengths.masked_fill(strange[:, 0], 0))}

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Some questions are asked of another passage of the batch, where the answer is that there is none."""
        share = self.elsewhere * min(1.0, strength)
        if not share:
            return batch
        rows = self.others(batch)
        chosen = (torch.rand(len(rows), generator=generator) < share).to(rows.device)
        return self.asked_of(batch, torch.where(chosen, rows, torch.arange(len(rows), device=rows.device)))

    def metrics(self) -> tuple[Metric, ...]:
        how = {"slot": "answer", "truth": "answers", "wording": "wording"}
        return AnswerF1(**how), ExactMatch(**how)

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Passages of like length together: little of a batch is padding."""
        passages, questions = train.encoded["passage"], train.encoded["question"]
        assert isinstance(passages, Ragged) and isinstance(questions, Ragged)
        return Bucketed(passages.lengths + questions.lengths, size, seed)

    def decide(self, train: Portion) -> Sequence[Decision]:
        count, questions, passages = len(train), train.encoded["question"], train.encoded["passage"]
        assert isinstance(questions, Ragged) and isinstance(passages, Ragged)
        full = int((questions.lengths >= self.question_tokens).sum())
        long = int((passages.lengths > self.window).sum())
        none = train.fields[self.answer].unanswered
        few = f"{count:,} questions are few: much is hidden, so that none is learned by heart"
        said = f"{none:,} training questions have no answer" if none else "every training question has an answer"
        reads = (*READS, "transformer")
        return (
            Decision(
                "question_tokens", self.question_tokens, f"{full:,} of {count:,} questions are so long or cut here"
            ),
            Decision("window", self.window, f"{long:,} of {count:,} passages are longer, and read in several windows"),
            Decision(
                "elsewhere",
                0.0 if none else 0.1,
                f"{said}, so the net learns{' it' if none else ''} from "
                f"{'them' if none else 'questions asked of other passages'} what it is to have none",
            ),
            Decision("augment", 1.0, "questions asked of other passages teach to say so"),
            *(Decision("width", 128, few if count < SMALL else f"{count:,} questions", word) for word in reads),
            *(Decision("bidirectional", True, "a word is told by those after it too", word) for word in READS),
            *(Decision("dropout", 0.3, few, word) for word in reads if count < SMALL),
            Decision("batch_size", 16 if count < FEW else 32, "an answer is one place of many: small steps"),
            Decision("lr", 2e-3, "a usual peak for small nets; no other was tried"),
            Decision("epochs", 40 if count < FEW else 20 if count < SMALL else 8, f"{count:,} questions"),
            Decision("warmup", 0.1, "attention starts unsteadily"),
            Decision("weight_decay", 0.01, "few questions, seen often"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return (
            floor("first-sentence", target="answer", passage="passage"),
            floor("likest-sentence", target="answer", passage="passage", question="question"),
        )

    @classmethod
    def example(cls) -> Table:
        """Who saw what: questions for a colour, an animal, a place, and for what the passage does not tell."""
        draw = np.random.default_rng(0)
        names, colours = ["anna", "ben", "clara", "david"], ["red", "green", "blue", "white"]
        animals, places = ["cat", "dog", "owl", "fox"], ["rome", "york", "oslo", "kiel"]
        passages, questions, answers = (np.empty(160, object) for _ in range(3))
        for row in range(160):
            name, colour, animal, place = (str(draw.choice(some)) for some in (names, colours, animals, places))
            passage = f"It rained. {name} saw a {colour} {animal} in {place}."
            asked, said = [("what colour", colour), ("which animal", animal), ("what place", place), ("how old", "")][
                row % 4
            ]
            passages[row], questions[row] = passage, f"{asked} was it?"
            answers[row] = ((passage.index(said), passage.index(said) + len(said)),) if said else ()
        columns = {"passage": Column(passages, Kind.TEXT), "question": Column(questions, Kind.TEXT)}
        return Table.of({**columns, "answer": Column(answers, Kind.SPAN)}, "example")


def threshold(odds: Tensor, gains: Tensor) -> Tensor:
    """The log-odds of no answer from which to say so: of all that lie between two examples, or beyond all, those of the
    greatest sum of gains; of these that nearest to 0.

    `odds` [N] of no answer, `gains` [N] of saying so over answering.
    """
    order = odds.argsort(descending=True)
    odds, sums = odds[order].clamp(-50, 50), torch.cat([gains.new_zeros(1), gains[order].cumsum(0)])
    ends = (odds[:1] + 1).clamp(min=0), (odds[-1:] - 1).clamp(max=0)
    cuts = torch.cat([ends[0], (odds[1:] + odds[:-1]) / 2, ends[1]])  # [N + 1]
    best = cuts[sums >= sums.max() - 1e-9]
    return best[best.abs().argmin()]
