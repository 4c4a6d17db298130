"""Each word by the word that most often explains it in the training share, in the order of the source."""

import re
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.examples import Portion
from brainwright.data.fields.writing import Writing
from brainwright.data.slots import Prediction
from brainwright.data.tokens import composed
from brainwright.floors.floor import Floor, State
from brainwright.models.quoting import spoken

ROUNDS = 5  # of expectation and maximisation: later ones change few words
MOST = 60  # words of a text that are counted
WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


class WordByWord(Floor):
    """IBM model 1 (Brown et al. 1993), expectation-maximisation; a word never seen is copied."""

    source: str
    """The input slot that holds the text."""

    def fit(self, train: Portion) -> State:
        ones, first, known = coded(train, self.source)
        others, second, words = coded(train, self.target)
        left, right = crossed(first, second)
        keys, pair = np.unique(ones[left] * len(words) + others[right], return_inverse=True)
        source, target = keys // len(words), keys % len(words)
        chance = np.full(len(keys), 1.0 / len(words))
        for _ in range(ROUNDS):
            given = chance[pair]
            share = given / np.bincount(right, given, len(others))[right]  # each target word is explained once
            counts = np.bincount(pair, share, len(keys))
            chance = counts / np.bincount(source, counts, len(known))[source]
        order = np.lexsort((chance, source))
        last = np.append(np.diff(source[order]) != 0, True)
        best = np.zeros(len(known), np.int64)
        best[source[order][last]] = target[order][last]
        return {"known": kept(known), "best": kept([words[one] for one in best])}

    def predict(self, state: State, asked: Portion) -> Prediction:
        field, texts = asked.fields.fitted[self.target], asked.examples.values[self.source]
        assert isinstance(field, Writing)
        assert isinstance(texts, np.ndarray)
        lexicon = dict(zip(taken(state["known"]), taken(state["best"]), strict=True))
        said = [joined([lexicon.get(word, word) for word in WORD.findall(text)]) for text in composed(texts)]
        tokens = [torch.from_numpy(field.encode(text)).long() for text in said]
        return Prediction({self.target: tokens, "said": spoken(field, tokens)})


def coded(train: Portion, slot: str) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """The words of a share end to end as numbers [total], how many each text has [N], and the words."""
    values = train.examples.values[slot]
    assert isinstance(values, np.ndarray)
    texts = [WORD.findall(text)[:MOST] for text in composed(values)]
    every = [word for text in texts for word in text]
    names, codes = np.unique(np.array(every, dtype=str), return_inverse=True)
    return codes.astype(np.int64), np.fromiter(map(len, texts), np.int64, len(texts)), names.tolist()


def crossed(first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of every word of a text with every word of its translation: two of [pairs]."""
    begin, count = np.repeat(first.cumsum() - first, second), np.repeat(first, second)  # of each target word's source
    right = np.repeat(np.arange(len(count)), count)
    left = np.arange(len(right)) - np.repeat(count.cumsum() - count, count) + begin[right]
    return left, right


def joined(words: Sequence[str]) -> str:
    """Words with a space between, none before a mark that ends something."""
    return re.sub(r" (?=[.,!?;:%)])", "", " ".join(words))


def kept(words: Sequence[str]) -> NDArray[np.uint8]:
    """Words as plain bytes, a line each."""
    return np.frombuffer("\n".join(words).encode(), np.uint8)


def taken(packed: NDArray[np.uint8]) -> list[str]:
    """The words that `kept` packed."""
    return packed.tobytes().decode().split("\n")
