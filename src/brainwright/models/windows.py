"""Windows of text as models that count read them: one row of tokens, and for each token those that stand before it."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.encoded import Encoded, Ragged, Windows
from brainwright.data.examples import Portion
from brainwright.data.fields.writing import Writing
from brainwright.data.slots import Prediction
from brainwright.models import ngrams


def training_tokens(train: Portion, slot: str) -> tuple[NDArray[np.int64], int]:
    """The tokens of a share end to end, each once though windows overlap, and how many kinds there are."""
    encoded, field = train.encoded[slot], train.fields.fitted[slot]
    assert isinstance(field, Writing)
    values = encoded.covered() if isinstance(encoded, Windows) else encoded.values
    return np.asarray(values, np.int64), field.size


def end_to_end(encoded: Encoded) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The tokens of examples [total], and how many each has [N]."""
    if isinstance(encoded, Windows):
        return np.asarray(encoded.values, np.int64).ravel(), np.full(len(encoded), encoded.length)
    assert isinstance(encoded, Ragged)
    return np.asarray(encoded.values, np.int64), encoded.lengths


def told(state: ngrams.State, asked: Portion, before: str, after: str) -> Prediction:
    """The likeliest token at each place of each example, and, where the truth is known, the nats and letters of it."""
    tokens, lengths = end_to_end(asked.encoded[before])
    begins = np.repeat(lengths.cumsum() - lengths, lengths)
    place = np.arange(len(tokens))[:, None] + np.arange(2 - int(state["order"][0]), 1)
    contexts = np.where(place >= begins[:, None], tokens[place.clip(0)], ngrams.NONE)
    known = after in asked.encoded
    truth = end_to_end(asked.encoded[after])[0] if known else np.zeros(len(tokens), np.int64)
    best, given = ngrams.judged(state, contexts, truth)
    said: dict[str, Any] = {after: list(torch.from_numpy(best).split(lengths.tolist()))}
    if known:
        field = asked.fields.fitted[after]
        assert isinstance(field, Writing)
        said["nats"] = summed(-np.log(given), lengths)
        said["letters"] = summed(field.letters[truth], lengths)
    return Prediction(said)


def summed(each: NDArray[Any], lengths: NDArray[np.int64]) -> torch.Tensor:
    """The sums of stretches of these lengths [N]; none is empty."""
    return torch.from_numpy(np.add.reduceat(each, lengths.cumsum() - lengths))
