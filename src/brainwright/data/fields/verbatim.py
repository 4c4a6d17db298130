"""A text to the letter, as the user wrote it: what pieces of it are cut from."""

import html
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.encoded import Encoded, Ragged
from brainwright.data.field import Field, Padded, Values

SHOWN = 100  # letters of a text in a report


class Verbatim(Field[Padded]):
    """Uint8 [B, T] with lengths: the bytes of UTF-8."""

    def encode(self, value: Any) -> NDArray[Any]:
        text = "" if value is None or value != value else str(value)
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        return Ragged.of([self.encode(value) for value in values])

    def decode(self, encoded: Any) -> str:
        return np.asarray(encoded).astype(np.uint8).tobytes().decode("utf-8", "surrogatepass")

    def collate(self, encoded: Encoded) -> Padded:
        assert isinstance(encoded, Ragged)
        lengths = encoded.lengths
        real = np.arange(max(1, lengths.max(initial=0))) < lengths[:, None]
        values = np.zeros(real.shape, np.uint8)
        values[real] = encoded.values
        return Padded(torch.from_numpy(values), torch.from_numpy(lengths))

    def show(self, value: Any) -> str:
        text = str(value)
        return f"{len(text):,} letters: {html.escape(text[:SHOWN])}{'…' * (len(text) > SHOWN)}"
