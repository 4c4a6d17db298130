"""A text: cut into words, pieces of words or characters, each a number."""

import html
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from brainwright.data.encoded import Encoded, Ragged
from brainwright.data.field import Field, Padded, Values
from brainwright.data.origins import composed as one_letter
from brainwright.data.origins import lowered, placed
from brainwright.data.tokens import PADDING, UNKNOWN, composed, learned, mixed, padded, pieces_of
from brainwright.data.units import Units
from brainwright.errors import Fault

FIRST = 2  # id: the first of the vocabulary, where no marks stand before it
MOST = 30_000  # words kept, the most frequent: nearly all that a reader knows
PIECES = 8_000  # of bpe, at most: few enough that each is seen often
SHORTEST, LONGEST = 64, 512  # tokens: so many are always kept, and so many at most
SHOWN = 600  # characters of a text in a report
AFFIXES = (3, 4, -2, -3)  # letters from a word's beginning (+) or end (-) that also tell of it
BUCKETS = 16_384  # numbers that those are hashed to (Bojanowski et al. 2017, who hash every part of a word)

MARK = r"!-/:-@\[-`{-\u00bf\u00d7\u00f7\u2010-\u206f\u3000-\u303f\uff01-\uff0f\uff1a-\uff20"  # punctuation and symbols
SIGN = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"  # kana and Han: scripts without spaces, a token each
LETTER = rf"[^\s{MARK}{SIGN}]"  # all else: letters of any script with their marks, and digits
WORD = re.compile(
    rf"\d+(?:[.,]\d+)+|{LETTER}+(?:['’]{LETTER}+)*|(?<!\S)['’]{LETTER}{{1,2}}(?!{LETTER}|['’])|[{SIGN}{MARK}]|\n"
)


class Text(Field[Padded]):
    """Int64 [B, T, C]: the token and, for words, the hashes of their beginnings and endings (0 = too short a word).

    An empty or missing text is one unknown token; the data check counts such rows.
    """

    tokens: Literal["words", "bpe", "unigram", "characters", "pretrained"] = "words"
    """What a text is cut into: lower-cased words, learned pieces of words (Sennrich et al. 2016), characters, or as
    given weights know it.
    """
    longest: int = 0
    """Tokens of a text that are read, from its beginning; 0 = learned: 99 in 100 training texts are read whole."""
    offsets: bool = False
    """Int64 [B, T, 2] instead: where each token begins and ends in the letters of the text as the user wrote it; both
    alike for tokens that stand for none."""
    vocabulary: tuple[str, ...] = ()
    """Token of each id from `first` on; 0 is padding, 1 is unknown."""
    merges: str = ""
    """The tokenizer of bpe or of given weights, as its own JSON."""
    marks: int = 0
    """Ids kept free before the vocabulary's, where given weights have marks of what they wrote."""
    cut: int = 0
    """Training texts that are longer than is read."""

    def fit(self, values: Values) -> Self:
        texts = strings(values)
        merges = self.merges
        if self.vocabulary:
            vocabulary = self.vocabulary
        elif self.pieces:
            tokenizer = self.tokenizer if self.tokens == "pretrained" else learned(texts, PIECES, self.tokens)
            merges, places = tokenizer.to_str(), tokenizer.get_vocab()
            vocabulary = tuple(sorted(places, key=lambda piece: places[piece]))
        else:
            found, _ = words_of(texts) if self.tokens == "words" else characters_of(texts)
            kept, counts = np.unique(np.asarray(found, dtype=str), return_counts=True)
            frequent = np.argsort(-counts, kind="stable")[:MOST]
            vocabulary = tuple(kept[frequent].tolist())
        whole = self.model_copy(update={"vocabulary": vocabulary, "merges": merges, "longest": 2**31 - 1})
        lengths = whole.encode_all(values).lengths
        longest = self.longest or min(LONGEST, max(SHORTEST, int(np.quantile(lengths, 0.99, method="higher"))))
        return whole.model_copy(update={"longest": longest, "cut": int((lengths > longest).sum())})

    @property
    def size(self) -> int:
        """How many ids there are, padding and unknown included."""
        return self.first + len(self.vocabulary)

    @property
    def first(self) -> int:
        """The id of the vocabulary's first token."""
        return FIRST + self.marks

    @property
    def columns(self) -> int:
        """Numbers that a token is told by."""
        return 1 + len(AFFIXES) if self.tokens == "words" else 1

    @cached_property
    def ids(self) -> pd.Index:
        """The vocabulary, for looking up."""
        return pd.Index(self.vocabulary, dtype=object)

    @property
    def pieces(self) -> bool:
        """Whether a tokenizer cuts the text."""
        return self.tokens in ("bpe", "unigram", "pretrained")

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of bpe or of given weights.

        Raises:
            Fault: there are no given weights.
        """
        if not self.merges:
            raise Fault("tokens as pretrained weights know them need such weights", "name them: --weights FOLDER")
        found = Tokenizer.from_str(self.merges)
        found.no_padding()
        found.no_truncation()
        return found

    def encode(self, value: Any) -> NDArray[Any]:
        return self.encode_all(np.array([value], object)).values

    def encode_all(self, values: Values) -> Ragged:
        texts = strings(values)
        if self.offsets:
            where, lengths = self.places(values)
            numbers = where.astype(np.int32)
        elif self.pieces:
            pieces, lengths = pieces_of(self.tokenizer, texts)
            numbers = pieces.astype(np.int32)[:, None] + self.first
        else:
            found, lengths = words_of(texts) if self.tokens == "words" else characters_of(texts)
            codes, kinds = pd.factorize(np.asarray(found, object))
            known = self.ids.get_indexer(pd.Index(kinds, dtype=object)) + self.first
            known[known < self.first] = UNKNOWN
            table = np.column_stack([known, affixes(kinds.tolist())]) if self.tokens == "words" else known[:, None]
            numbers = table.astype(np.int32)[codes]
        return shortened(numbers, lengths, self.longest)

    def places(self, values: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where all tokens end to end begin and end [total, 2], and how many each text has [N]."""
        assert isinstance(values, np.ndarray)
        raw = ["" if value is None or value != value else str(value) for value in values]
        if self.pieces:
            texts = strings(values)
            told = zip(texts, self.tokenizer.encode_batch(texts), strict=True)
            return placed(raw, one_letter, [[bare(text, *pair) for pair in one.offsets] for text, one in told])
        if self.tokens == "characters":
            return placed(raw, one_letter, [[(at, at + 1) for at in range(len(text))] for text in strings(values)])
        lower = [text.lower() for text in strings(values)]
        return placed(raw, lowered, [[found.span() for found in WORD.finditer(text)] for text in lower])

    def decode(self, encoded: Any) -> str:
        """Words with a space between, lower-cased as they were read; an unknown token is "�"."""
        ids = np.asarray(encoded)[:, 0]
        ids = ids[ids != PADDING]
        if self.pieces:
            return str(self.tokenizer.decode([int(one) - self.first for one in ids if one >= self.first]))
        between = " " if self.tokens == "words" else ""
        return between.join(self.vocabulary[one - self.first] if one >= self.first else "�" for one in ids)

    def collate(self, encoded: Encoded) -> Padded:
        return padded(encoded)

    def show(self, value: Any) -> str:
        text = str(value)
        return html.escape(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")

    def units(self, given: Padded, value: Any) -> Units:
        """The tokens, as the user wrote them."""
        texts = strings(np.array([value], object))
        if self.pieces:
            encoded = self.tokenizer.encode(texts[0])
            pieces = [texts[0][first:last] for first, last in encoded.offsets]
        else:
            pieces = words_of(texts)[0] if self.tokens == "words" else characters_of(texts)[0]
        count = int(given.lengths[0])
        return Units("words", np.arange(count), tuple([*pieces, ""][:count]))  # "" for a text without any

    def blank(self, given: Padded, others: Padded) -> Padded:
        """Unknown words."""
        values = torch.zeros_like(given.values)
        values[..., 0] = torch.where(given.mask, UNKNOWN, PADDING)
        return Padded(values, given.lengths)

    def striking(self, given: Padded) -> Tensor:
        """How rare each token is in training, by its place in the vocabulary: 0 to 1 [B, T]."""
        ids = given.values[..., 0]
        return torch.where(ids == UNKNOWN, self.size, ids) / self.size

    def mix(self, given: Padded, instead: Padded, shown: Tensor) -> Any:
        """Tokens of another text, from its beginning and round again where it is shorter."""
        return mixed(given, instead, shown)


def bare(text: str, begin: int, end: int) -> tuple[int, int]:
    """A piece of a text without the blanks before it, which pieces of bpe hold."""
    return end - len(text[begin:end].lstrip()), end


def strings(values: Values) -> list[str]:
    """Texts in one line each, in Unicode's composed form (NFC); what is missing is empty."""
    return [text.replace("\n", " ") for text in composed(values)]


def words_of(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """All words in order, and how many each text has: one pass of one pattern over all texts."""
    found = WORD.findall("\n".join([*texts, ""]).lower())
    ends = np.flatnonzero(np.asarray(found, object) == "\n")
    return [word for word in found if word != "\n"], np.diff(ends, prepend=-1) - 1


def characters_of(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """All characters in order, and how many each text has."""
    return list("".join(texts)), np.fromiter(map(len, texts), np.int64, len(texts))


def affixes(words: Sequence[str]) -> NDArray[np.int64]:
    """Hashes 1 to BUCKETS - 1 of each word's beginnings and endings: [N, 4]; 0 where the word is not longer."""
    columns = []
    for letters in AFFIXES:
        parts = [(word[:letters] if letters > 0 else word[letters:]) for word in words]
        longer = np.fromiter((len(word) > abs(letters) for word in words), bool, len(words))
        marked = np.array([f"{letters}{part}" for part in parts], object)
        hashes = pd.util.hash_array(marked, categorize=False) % (BUCKETS - 1) + 1
        columns.append(np.where(longer, hashes.astype(np.int64), 0))
    return np.stack(columns, 1)


def shortened(numbers: NDArray[Any], lengths: NDArray[np.int64], longest: int) -> Ragged:
    """Texts [total, C] of these lengths, each cut to the longest allowed; an empty one becomes one unknown token."""
    offsets = np.concatenate([[0], lengths.cumsum()])
    place = np.arange(len(numbers)) - np.repeat(offsets[:-1], lengths)
    kept, empty = numbers[place < longest], lengths == 0
    lengths = lengths.clip(max=longest)
    unknown = np.zeros((1, numbers.shape[1]), numbers.dtype)
    unknown[0, 0] = UNKNOWN
    at = lengths.cumsum()[empty]
    return Ragged(np.insert(kept, at, unknown, 0), np.concatenate([[0], (lengths + empty).cumsum()]))
