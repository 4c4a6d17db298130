"""A text that a net writes, or reads letter by letter: every token counts, and what is decoded is what was encoded."""

import html
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from torch import Tensor

from brainwright.data.encoded import Encoded, Ragged, Windows
from brainwright.data.field import Field, Padded, Values
from brainwright.data.tokens import PADDING, UNKNOWN, composed, learned, mixed, padded, pieces_of
from brainwright.data.units import Units

BEGIN, END, FIRST = 2, 3, 4  # ids, after PADDING and UNKNOWN; the first of the vocabulary
LEARNED = ("bpe", "unigram")
BREAK = 0x110000  # stands between texts laid end to end: beyond the last character of Unicode
BYTES = 256
SHORTEST, LONGEST = 64, 512  # tokens: so many are always kept, and so many at most
SHOWN = 600  # characters of a text in a report
CONTINUES, CONTINUATION = 0xC0, 0x80  # bytes 10xxxxxx of UTF-8 go on with a character


class Writing(Field[Padded]):
    """Int64 [B, T]: the tokens of a text in Unicode's composed form (NFC), and END; or, `before`, BEGIN and the tokens.

    Nothing is lost but characters that training never showed, where `tokens` are characters: those decode to "�".
    Windows of one long array of code points, BREAK between texts, are encoded where they lie and get neither mark.
    """

    tokens: Literal["characters", "bytes", "bpe", "unigram"] = "characters"
    """What a text is made of: characters, bytes of UTF-8, or learned pieces from bytes on."""
    before: bool = False
    """Each place holds the token before the one that it would hold: what is known when that one is to be written."""
    pieces: int = 8_000
    """Pieces that are learned, at most."""
    longest: int = 0
    """Tokens that are kept of a text, from its beginning; 0 = learned: 99 in 100 training texts are kept whole, or as
    many as a window of them has characters."""
    vocabulary: tuple[str, ...] = ()
    """Token of each id from 4 on; before are padding, unknown, begin and end. Bytes need none. Kept where given."""
    merges: str = ""
    """The tokenizer of learned pieces, as its own JSON."""
    cut: int = 0
    """Training texts that are longer than is kept."""

    def fit(self, values: Values) -> Self:
        texts = texts_of(values.covered()) if isinstance(values, Windows) else composed(values)
        merges, vocabulary = self.merges, self.vocabulary
        if self.tokens == "characters" and not vocabulary:
            vocabulary = tuple(sorted(set().union(*texts)))
        if self.tokens in LEARNED and not vocabulary:
            tokenizer = learned(texts, self.pieces, self.tokens)
            merges, places = tokenizer.to_str(), tokenizer.get_vocab()
            vocabulary = tuple(sorted(places, key=lambda piece: places[piece]))
        whole = self.model_copy(update={"vocabulary": vocabulary, "merges": merges})
        if isinstance(values, Windows):  # a text that is asked about is read as far as a window reads
            return whole.model_copy(update={"longest": self.longest or values.length})
        lengths = whole.spelled(texts)[1]
        longest = self.longest or min(LONGEST, max(SHORTEST, int(np.quantile(lengths, 0.99, method="higher"))))
        return whole.model_copy(update={"longest": longest, "cut": int((lengths > longest).sum())})

    @property
    def size(self) -> int:
        """How many ids there are, the first four included."""
        return FIRST + (BYTES if self.tokens == "bytes" else len(self.vocabulary))

    @property
    def reading(self) -> dict[str, Any]:
        """What a field of texts that are only read must know to cut them into these tokens, with these ids."""
        if self.tokens == "characters":
            return {"tokens": "characters", "vocabulary": self.vocabulary, "marks": FIRST - BEGIN}
        merges = bytewise().to_str() if self.tokens == "bytes" else self.merges
        return {"tokens": "pretrained", "merges": merges, "marks": FIRST - BEGIN}

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of learned pieces."""
        return Tokenizer.from_str(self.merges)

    @cached_property
    def letters(self) -> NDArray[np.int64]:
        """How many characters each id writes: [size]; END counts as one, for it ends a line; no mark else does."""
        if self.tokens == "characters":
            each = np.ones(len(self.vocabulary), np.int64)
        elif self.tokens == "bytes":
            each = (np.arange(BYTES) & CONTINUES != CONTINUATION).astype(np.int64)
        else:
            known = byte_letters()
            counts = [sum(known[sign] & CONTINUES != CONTINUATION for sign in piece) for piece in self.vocabulary]
            each = np.array(counts, np.int64)
        return np.concatenate([[0, 1, 0, 1], each])

    # ---- there and back -----------------------------------------------------------------------

    def encode(self, value: Any) -> NDArray[Any]:
        return self.encode_all(np.array([value], object)).values

    def encode_all(self, values: Values) -> Encoded:
        if isinstance(values, Windows):
            return self.laid(values)
        numbers, lengths = self.spelled(composed(values))
        place = np.arange(len(numbers)) - np.repeat(lengths.cumsum() - lengths, lengths)
        numbers, lengths = numbers[place < self.longest], lengths.clip(max=self.longest)
        edge = lengths.cumsum() - lengths if self.before else lengths.cumsum()
        marked = np.insert(numbers, edge, BEGIN if self.before else END)
        return Ragged(marked.astype(np.int32), np.concatenate([[0], (lengths + 1).cumsum()]))

    def spelled(self, texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The tokens of all texts end to end [total], and how many each has [N]."""
        if self.tokens in LEARNED:
            numbers, lengths = pieces_of(self.tokenizer, texts)
            return numbers + FIRST, lengths
        if self.tokens == "bytes":
            raw = [text.encode() for text in texts]
            lengths = np.fromiter(map(len, raw), np.int64, len(raw))
            return np.frombuffer(b"".join(raw), np.uint8).astype(np.int64) + FIRST, lengths
        return self.known(points_of("".join(texts))), np.fromiter(map(len, texts), np.int64, len(texts))

    def known(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """The id of each character, given as its code point [T]."""
        alphabet = points_of("".join(self.vocabulary))
        place = np.searchsorted(alphabet, points).clip(max=max(0, len(alphabet) - 1))
        found = alphabet[place] == points if len(alphabet) else np.zeros(len(points), bool)
        return np.where(found, place + FIRST, UNKNOWN)

    def laid(self, values: Windows) -> Windows | Ragged:
        """Windows of characters as windows of tokens: those that begin within; `before`: each one's predecessor."""
        texts = texts_of(values.series)
        numbers, lengths = self.spelled(texts)
        ends = lengths.cumsum()[:-1]
        ids = np.insert(numbers, ends, END).astype(np.int32)
        earlier = int(self.before)
        ids = np.concatenate([np.full(earlier, BEGIN, np.int32), ids])
        if self.tokens == "characters":  # as many tokens as code points: nothing is copied
            return Windows(ids, values.starts, values.length, values.offset, values.span)
        begins = self.beginnings(texts, numbers, ends)
        first, last = (np.searchsorted(begins, values.starts + values.offset + reach) for reach in (0, values.length))
        offsets = np.concatenate([[0], (last - first).cumsum()])
        return Ragged(ids[np.repeat(first - offsets[:-1], last - first) + np.arange(offsets[-1])], offsets)

    def beginnings(self, texts: list[str], numbers: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place in the series of the character with which each token begins, marks between texts included [T]."""
        if self.tokens == "bytes":
            counted = self.letters[numbers]
            begins = counted.cumsum() - 1  # a byte that goes on with a character begins where that does
        else:
            found = [[pair[0] for pair in one.offsets] for one in self.tokenizer.encode_batch(texts)]
            shift = np.concatenate([[0], np.cumsum([len(text) for text in texts])])[:-1]
            begins = np.concatenate([np.asarray(one, np.int64) + at for one, at in zip(found, shift, strict=True)])
        after = np.cumsum([len(text) for text in texts])[:-1]
        owner = np.searchsorted(ends, np.arange(len(begins)), "right")
        return np.insert(begins + owner, ends, after + np.arange(len(after)))

    def decode(self, encoded: Any) -> str:
        """Tokens as text; an unknown character is "�", and so is a byte that makes no character."""
        ids = np.asarray(encoded).astype(np.int64)
        ids = ids[(ids != PADDING) & (ids != BEGIN)]
        ids = ids[:-1] if len(ids) and ids[-1] == END else ids
        return "\n".join(self.text(piece) for piece in np.split(ids, np.flatnonzero(ids == END)))

    def text(self, ids: NDArray[np.int64]) -> str:
        """What some tokens say; marks say nothing."""
        ids = ids[(ids == UNKNOWN) | (ids >= FIRST)]
        if self.tokens in LEARNED:
            return str(self.tokenizer.decode([int(one) - FIRST for one in ids if one >= FIRST]))
        if self.tokens == "bytes":
            return bytes((ids[ids >= FIRST] - FIRST).astype(np.uint8)).decode("utf-8", "replace")
        return "".join(self.vocabulary[one - FIRST] if one >= FIRST else "�" for one in ids)

    def collate(self, encoded: Encoded) -> Padded:
        return padded(encoded)

    # ---- seen and hidden ------------------------------------------------------------------------

    def show(self, value: Any) -> str:
        text = str(value)
        cut = html.escape(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
        return cut.replace("\n", "<br>")

    def units(self, given: Padded, value: Any) -> Units:
        """Words with the blank before them; every token belongs to one."""
        ids = given.values[0, : int(given.lengths[0])].cpu().numpy()
        pieces = [self.text(ids[place : place + 1]) for place in range(len(ids))]
        begins = [
            not place or (piece[:1].isspace() and not pieces[place - 1].isspace()) for place, piece in enumerate(pieces)
        ]
        owner = np.cumsum(begins) - 1
        names = [self.text(ids[owner == one]).strip() for one in range(owner[-1] + 1)]
        return Units("words", owner, tuple(names))

    def blank(self, given: Padded, others: Padded) -> Padded:
        """Unknown tokens."""
        return Padded(torch.where(given.mask, UNKNOWN, PADDING), given.lengths)

    def striking(self, given: Padded) -> Tensor:
        """How late each token stands in the vocabulary, 0 to 1 [B, T]: learned pieces come in the order of use."""
        return given.values / self.size

    def mix(self, given: Padded, instead: Padded, shown: Tensor) -> Any:
        """Tokens of another text, from its beginning and round again where it is shorter."""
        return mixed(given, instead, shown)


def points_of(text: str) -> NDArray[np.int64]:
    """The code points of a text [T]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)


def texts_of(points: NDArray[np.int64]) -> list[str]:
    """The texts that lie in a series of code points, between its breaks; one at least."""
    pieces = np.split(points, np.flatnonzero(points == BREAK))
    return [piece[piece != BREAK].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass") for piece in pieces]


def bytewise() -> Tokenizer:
    """Cuts a text into the bytes of its UTF-8."""
    tokenizer = Tokenizer(models.BPE(vocab=byte_letters(), merges=[]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def byte_letters() -> dict[str, int]:
    """The sign by which byte-level pieces write each byte, and that byte (Radford et al. 2019)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    signs = {chr(byte): byte for byte in plain}
    others = [byte for byte in range(BYTES) if byte not in set(plain)]
    return signs | {chr(BYTES + place): byte for place, byte in enumerate(others)}
