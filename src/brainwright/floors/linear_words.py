"""Logistic regression on words and pairs of words: what a text says without its order (TF-IDF)."""

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from brainwright.data.encoded import Dense, Ragged
from brainwright.data.examples import Portion
from brainwright.data.fields.text import Text
from brainwright.data.slots import Prediction
from brainwright.data.tokens import UNKNOWN
from brainwright.floors.floor import Floor, State, chosen

WEIGHTS = 4_000_000  # terms times classes, at most: the most frequent terms are kept
FREEDOM = 30.0  # inverse of the pull on the weights: the best of 1, 3, 10, 30 for sst2 and trec (5 folds of training)
ROUNDS = 200  # of the solver, at most: a floor is bounded in time, not exact
CERTAIN = -1e9  # logit of a class that no training text showed


class LinearWords(Floor):
    """Terms are tokens and neighbours; each counts 1 + log(times) x inverse document frequency, texts have length 1."""

    most: ClassVar[int] = 100_000  # spread evenly over all: more would only cost time
    text: str
    """The input slot that it reads."""
    classes: int
    """How many classes there are."""

    def fit(self, train: Portion) -> State:
        some = train.take(np.arange(0, len(train), -(-len(train) // self.most)))
        truth = some.encoded[self.target]
        assert isinstance(truth, Dense)
        rows, found = self.terms(some)
        terms, frequency = documents(rows, found)
        kept = np.sort(np.argsort(-frequency, kind="stable")[: WEIGHTS // self.classes])
        terms, frequency = terms[kept], frequency[kept]
        state = {"terms": terms, "weight_of_term": np.log((1 + len(some)) / (1 + frequency)) + 1}
        logistic = LogisticRegression(C=FREEDOM, max_iter=ROUNDS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            logistic.fit(weighed(state, rows, found, len(some)), truth.values)
        weight, bias = logistic.coef_.T, logistic.intercept_
        if weight.shape[1] == 1:  # two classes: one line, whose other side is zero
            weight, bias = np.hstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        state["weight"], state["bias"] = np.zeros((len(terms), self.classes)), np.full(self.classes, CERTAIN)
        state["weight"][:, logistic.classes_], state["bias"][logistic.classes_] = weight, bias
        return state

    def predict(self, state: State, asked: Portion) -> Prediction:
        logits = weighed(state, *self.terms(asked), len(asked)) @ state["weight"] + state["bias"]
        return chosen(self.target, softmax(logits, 1))

    def terms(self, portion: Portion) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every token and every pair of neighbours of every text: the text's number, and the term's; none unknown."""
        field, texts = portion.fields.fitted[self.text], portion.encoded[self.text]
        assert isinstance(field, Text)
        assert isinstance(texts, Ragged)
        ids = texts.values[:, 0].astype(np.int64)
        rows = np.repeat(np.arange(len(texts)), texts.lengths)
        pair = (rows[1:] == rows[:-1]) & (ids[1:] != UNKNOWN) & (ids[:-1] != UNKNOWN)
        single = ids != UNKNOWN
        pairs = (ids[:-1] * field.size + ids[1:])[pair] + field.size  # beyond every single one
        return np.concatenate([rows[single], rows[1:][pair]]), np.concatenate([ids[single], pairs])


def documents(rows: NDArray[np.int64], found: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different terms in order, and in how many texts each is found."""
    order = np.lexsort((rows, found))
    rows, found = rows[order], found[order]
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]) | (found[1:] != found[:-1])
    terms, frequency = np.unique(found[first], return_counts=True)
    return terms, frequency


def weighed(state: State, rows: NDArray[np.int64], found: NDArray[np.int64], count: int) -> Any:
    """Texts as sparse rows [count, terms] of length 1; terms that training never saw are left out."""
    terms = state["terms"]
    place = np.searchsorted(terms, found).clip(max=max(0, len(terms) - 1))
    known = terms[place] == found
    times = sparse.csr_matrix((np.ones(int(known.sum())), (rows[known], place[known])), (count, len(terms)))
    times.sum_duplicates()
    times.data = (1 + np.log(times.data)) * state["weight_of_term"][times.indices]
    length = np.sqrt(times.multiply(times).sum(1))
    return sparse.csr_matrix(times.multiply(1 / np.maximum(length, 1e-300)))
