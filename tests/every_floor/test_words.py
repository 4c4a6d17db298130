"""The floor of words: equal to scikit-learn's own pipeline, and the same from what is saved."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.text import Text, strings, words_of
from brainwright.data.slots import Fields, input, target
from brainwright.floors.linear_words import FREEDOM, ROUNDS, LinearWords

WORDS = np.array(["a", "the", "good", "bad", "film", "plot", "very", "not", "it", "'s", ",", ".", "odd"], object)


def drawn(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    texts = [" ".join(draw.choice(WORDS, draw.integers(1, 12))) for _ in range(count)]
    truth = [(text.count("good") + 2 * text.count("not bad") + draw.integers(0, 2)) % classes for text in texts]
    return np.array(texts, object), np.array([str(one) for one in truth], object)


def portions(classes: int) -> tuple[Portion, Portion]:
    (texts, truth), (other, answers) = drawn(300, classes, 0), drawn(80, classes, 1)
    other[0], other[1] = "never unseen words", "odd never odd odd"
    slots = input(Text()), target(Category())
    slots[0].name, slots[1].name = "text", "label"
    fields = Fields.fit(slots, {"text": texts, "label": truth})
    made = []
    for one, said in ((texts, truth), (other, answers)):
        shares = np.zeros(len(one), np.uint8)
        made.append(Portion.of(slots, fields, Examples({"text": one, "label": said}, shares, np.arange(len(one)))))
    return made[0], made[1]


@pytest.mark.parametrize("classes", [2, 3])
def test_equals_scikit_learn(classes: int) -> None:
    train, asked = portions(classes)
    floor = LinearWords(target="label", text="text", classes=classes)
    state = floor.fit(train)
    terms = TfidfVectorizer(
        tokenizer=lambda text: words_of(strings(np.array([text], object)))[0],
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, 2),
        sublinear_tf=True,
    )
    whole = make_pipeline(terms, LogisticRegression(C=FREEDOM, max_iter=ROUNDS))
    whole.fit(train.examples.values["text"], train.examples.values["label"])
    expected = whole.predict_proba(asked.examples.values["text"])
    np.testing.assert_allclose(floor.predict(state, asked).scores.numpy(), expected, atol=1e-6)
    assert len(state["terms"]) == len(terms.vocabulary_)


def test_knows_only_plain_arrays() -> None:
    train, asked = portions(2)
    floor = LinearWords(target="label", text="text", classes=2)
    state = {name: np.array(value.tolist(), value.dtype) for name, value in floor.fit(train).items()}
    assert {value.dtype.kind for value in state.values()} <= {"f", "i"}
    np.testing.assert_array_equal(floor.predict(state, asked).scores, floor.predict(floor.fit(train), asked).scores)


def test_a_class_that_training_never_shows_is_never_answered() -> None:
    train, asked = portions(2)
    floor = LinearWords(target="label", text="text", classes=3)
    scores = floor.predict(floor.fit(train), asked).scores
    assert scores.shape == (80, 3)
    assert scores[:, 2].max() == 0
