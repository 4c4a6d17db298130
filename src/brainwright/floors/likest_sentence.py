"""The sentence of a passage whose words are most like those of the question, rare words counting more."""

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from brainwright.data.examples import Portion
from brainwright.data.fields.text import words_of
from brainwright.data.sentences import sentences
from brainwright.data.slots import Prediction
from brainwright.data.tokens import composed
from brainwright.floors.floor import Floor, State


class LikestSentence(Floor):
    """Cosine of tf-idf (Sparck Jones 1972) over the sentences of the training passages; it always answers."""

    passage: str
    """The input slot that holds the passages."""
    question: str
    """The input slot that holds the questions."""

    def fit(self, train: Portion) -> State:
        texts = train.examples.values[self.passage]
        assert isinstance(texts, np.ndarray)
        lines = [text[begin:end] for text in pd.unique(texts.astype(str)) for begin, end in sentences(text)]
        codes, counts = hashes(lines)
        row = np.repeat(np.arange(len(lines)), counts)
        once = np.unique(np.stack([row.astype(np.uint64), codes]), axis=1)[1]
        words, frequency = np.unique(once, return_counts=True)
        return {
            "words": words,
            "weights": np.log((1 + len(lines)) / (1 + frequency)) + 1,
            "lines": np.array([len(lines)]),
        }

    def predict(self, state: State, asked: Portion) -> Prediction:
        texts, questions = (asked.examples.values[slot] for slot in (self.passage, self.question))
        assert isinstance(texts, np.ndarray) and isinstance(questions, np.ndarray)
        places = [sentences(str(text)) for text in texts]
        lines = [text[begin:end] for text, some in zip(texts, places, strict=True) for begin, end in some]
        owner = np.repeat(np.arange(len(texts)), [len(some) for some in places])
        like = cosines(weighed(state, lines), weighed(state, [str(one) for one in questions]), owner)
        order = np.lexsort((-like, owner))
        best = order[np.searchsorted(owner[order], np.arange(len(texts)))]
        flat = np.array([pair for some in places for pair in some], np.float64)
        rows = np.column_stack([flat[best], np.ones(len(best)), np.zeros(len(best))])
        return Prediction({self.target: torch.from_numpy(rows)})


def hashes(lines: list[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A number for each word of all texts, end to end, and how many words each text has."""
    found, counts = words_of([line.replace("\n", " ") for line in composed(np.array([*lines, ""], object))])
    return pd.util.hash_array(np.array(found, object)).astype(np.uint64), counts[:-1]


def weighed(state: State, lines: list[str]) -> pd.DataFrame:
    """Words of texts, each once a text: line, word, and its part of a vector of length 1."""
    codes, counts = hashes(lines)
    table = pd.DataFrame({"line": np.repeat(np.arange(len(lines)), counts), "word": codes})
    found = table.value_counts().rename("times").reset_index()
    place = np.searchsorted(state["words"], found["word"].to_numpy()).clip(max=len(state["words"]) - 1)
    known = state["words"][place] == found["word"].to_numpy()
    rare = np.log(1 + float(state["lines"][0])) + 1  # as of a word that no training sentence has
    part = (1 + np.log(found["times"].to_numpy())) * np.where(known, state["weights"][place], rare)
    length = np.sqrt(np.bincount(found["line"], part**2, len(lines)))
    return found.assign(part=part / length[found["line"].to_numpy()])


def cosines(lines: pd.DataFrame, questions: pd.DataFrame, owner: NDArray[np.int64]) -> NDArray[np.float64]:
    """How like each sentence is to its question [sentences]."""
    both = lines.assign(asked=owner[lines["line"].to_numpy()]).merge(
        questions, left_on=["asked", "word"], right_on=["line", "word"], suffixes=("", "_asked")
    )
    found = np.bincount(both["line"].to_numpy(), (both["part"] * both["part_asked"]).to_numpy(), len(owner))
    return found.astype(np.float64)
