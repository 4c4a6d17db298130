"""All true answers to a question, each a piece of its passage: what answers are judged by."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.encoded import Encoded, Ragged
from brainwright.data.field import Field, Padded, Values
from brainwright.data.passages import pieces


class Spans(Field[Padded]):
    """Int64 [B, G, 2] with lengths: where each begins and ends in the letters of the passage; none has length 0."""

    def encode(self, value: Any) -> NDArray[Any]:
        return np.array(pieces(value), np.int64).reshape(-1, 2)

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        return Ragged.of([self.encode(value) for value in values])

    def decode(self, encoded: Any) -> Any:
        """[[begin, end], ...]"""
        return np.asarray(encoded).astype(int).tolist()

    def collate(self, encoded: Encoded) -> Padded:
        assert isinstance(encoded, Ragged)
        lengths = encoded.lengths
        real = np.arange(max(1, lengths.max(initial=0))) < lengths[:, None]
        values = np.zeros((*real.shape, 2), np.int64)
        values[real] = encoded.values
        return Padded(torch.from_numpy(values), torch.from_numpy(lengths))

    def show(self, value: Any) -> str:
        return f"{len(pieces(value))} true answers"
