"""Quoting: texts as bytes, so that metrics judge what people read and not the tokens that a net is made for."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from brainwright.data.fields.writing import FIRST, Writing


def quoted(texts: Iterable[str]) -> list[Tensor]:
    """Each text as the bytes of its UTF-8, shifted as a `Writing` of bytes holds them, without marks: [length]."""
    return [torch.from_numpy(np.frombuffer(text.encode(), np.uint8).astype(np.int64) + FIRST) for text in texts]


def read_back(values: Sequence[Tensor]) -> list[str]:
    """The texts that bytes make; marks are left out."""
    arrays = [value.cpu().numpy() for value in values]
    return [(one[one >= FIRST] - FIRST).astype(np.uint8).tobytes().decode("utf-8", "replace") for one in arrays]


def spoken(field: Writing, tokens: Sequence[Tensor]) -> list[Tensor]:
    """What tokens say, quoted."""
    return quoted(field.decode(one.cpu().numpy()) for one in tokens)
