"""A transcript: what is said in a recording, cut into the characters of the user's own texts."""

import html
import unicodedata
from collections import Counter
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from brainwright.data.edits import GAP
from brainwright.data.encoded import Encoded, Ragged, Uneven
from brainwright.data.field import Field, Padded, Values

SILENCE, UNKNOWN = 0, 1  # ids: nothing said (also padding), never seen in training
MOST = 2_000_000  # characters of training texts that are kept, from the first on: more teach little about spelling


class Transcript(Field[Padded]):
    """Int64 [B, L] with lengths: a number for each character, in Unicode's composed form, spaces made single.

    It also keeps the training texts, from which a search knows how people write.
    """

    vocabulary: tuple[str, ...] = ()
    """Character of each id from 2 on, the space first; 0 is nothing said, 1 is unknown."""
    written: str = ""
    """The training texts, a line each."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        texts = [spelled(value) for value in values]
        letters = Counter("".join(texts))
        known = (" ", *sorted(letter for letter in letters if letter != " "))
        kept = np.cumsum([len(text) + 1 for text in texts]) <= MOST
        written = "\n".join(text for text, fits in zip(texts, kept, strict=True) if fits)
        return self.model_copy(update={"vocabulary": known, "written": written})

    @property
    def size(self) -> int:
        """How many ids there are."""
        return len(self.vocabulary) + GAP

    @cached_property
    def ids(self) -> pd.Index:
        """The vocabulary, for looking up."""
        return pd.Index(self.vocabulary, dtype=object)

    def encode(self, value: Any) -> NDArray[Any]:
        return self.encode_all(np.array([value], object)).values

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        texts = [spelled(value) for value in values]
        places = self.ids.get_indexer(pd.Index(list("".join(texts)), dtype=object)).astype(np.int64)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        return Ragged(np.where(places < 0, UNKNOWN, places + GAP), np.concatenate([[0], lengths.cumsum()]))

    def decode(self, encoded: Any) -> str:
        """The text; an unknown character is "�"."""
        ids = np.asarray(encoded)
        return "".join(self.vocabulary[one - GAP] if one >= GAP else "�" for one in ids[ids != SILENCE])

    def collate(self, encoded: Encoded) -> Padded:
        assert isinstance(encoded, Uneven)
        return padded(list(np.split(encoded.values, encoded.offsets[1:-1])))

    def show(self, value: Any) -> str:
        return html.escape(spelled(value)) or "<i>nothing</i>"

    def strange(self, value: Any) -> str:
        """The characters of a text that training did not show."""
        return "".join(sorted(set(spelled(value)) - set(self.vocabulary)))


def padded(pieces: list[Any]) -> Padded:
    """Ids [length] of several texts as one batch [B, L], silence beyond each end; one place at least."""
    lengths = torch.tensor([len(piece) for piece in pieces])
    values = torch.zeros(len(pieces), max(1, int(lengths.max())), dtype=torch.int64)
    for row, piece in enumerate(pieces):
        values[row, : len(piece)] = torch.as_tensor(piece)
    return Padded(values, lengths)


def spelled(value: Any) -> str:
    """A text in Unicode's composed form (NFC), spaces made single; what is missing is empty."""
    text = "" if value is None or value != value else str(value)
    return " ".join(unicodedata.normalize("NFC", text).split())
