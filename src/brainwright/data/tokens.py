"""Tokens: what texts that are read and texts that are written share: Unicode, learned pieces, batches of any length."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

from brainwright.data.encoded import Encoded, Uneven, Windows
from brainwright.data.field import Padded, Values
from brainwright.data.units import Between

PADDING, UNKNOWN = 0, 1


def composed(values: Values) -> list[str]:
    """Texts in Unicode's composed form (NFC); what is missing is empty."""
    assert isinstance(values, np.ndarray)
    plain = ["" if value is None or value != value else str(value) for value in values]
    return [unicodedata.normalize("NFC", text) for text in plain]


def learned(texts: Sequence[str], most: int, way: str) -> Tokenizer:
    """A tokenizer of at most so many pieces, bytes among them, so that nothing is unknown: `bpe` joins frequent
    neighbours (Sennrich et al. 2016), `unigram` keeps the pieces that make the texts likeliest (Kudo 2018).
    """
    joins = way == "bpe"
    tokenizer = Tokenizer(models.BPE() if joins else models.Unigram())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    how: dict[str, Any] = {"vocab_size": most, "show_progress": False, "initial_alphabet": alphabet}
    trainer = trainers.BpeTrainer(min_frequency=2, **how) if joins else trainers.UnigramTrainer(**how)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def pieces_of(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pieces of all texts end to end [total], and how many each has [N]."""
    found = [one.ids for one in tokenizer.encode_batch_fast(list(texts))]
    lengths = np.fromiter(map(len, found), np.int64, len(found))
    return np.concatenate([np.zeros(0, np.int64), *map(np.asarray, found)]).astype(np.int64), lengths


def padded(encoded: Encoded) -> Padded:
    """A batch [B, T, ...], int64, PADDING beyond each length."""
    if isinstance(encoded, Windows):
        values = np.asarray(encoded.values, np.int64)
        return Padded(torch.from_numpy(values), torch.full((len(values),), encoded.length))
    assert isinstance(encoded, Uneven)
    lengths, flat = encoded.lengths, encoded.values
    real = np.arange(lengths.max()) < lengths[:, None]
    values = np.full((*real.shape, *flat.shape[1:]), PADDING, np.int64)
    values[real] = flat
    return Padded(torch.from_numpy(values), torch.from_numpy(lengths))


def mixed(given: Padded, instead: Padded, shown: Tensor) -> Padded | Between[Padded]:
    """Tokens that are shown [B, T], the others from another text, from its beginning and round again where it is
    shorter.
    """
    place = torch.arange(given.values.shape[1], device=shown.device) % instead.lengths[:, None]
    other = instead.values[torch.arange(len(place), device=shown.device)[:, None], place]
    if shown.is_floating_point():
        return Between(given, Padded(other, given.lengths), shown)
    wide = shown.view(*shown.shape, *[1] * (other.ndim - 2))
    return Padded(torch.where(wide, given.values, other), given.lengths)
