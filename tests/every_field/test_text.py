"""Text: what is read comes back, one text is as many, padding is zero, and nothing is lost without a number."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from brainwright.data.encoded import Ragged
from brainwright.data.fields.text import AFFIXES, BUCKETS, FIRST, Text, affixes, strings, words_of
from brainwright.data.tokens import UNKNOWN

TEXTS = np.array(
    [
        "The film is well-made, isn't it?",
        "3.5 stars!",
        "",
        None,
        "it 's the film 日本 हिन्दी",
        "le café,\nla rue 1,000.50",
    ],
    object,
)
FITTED = {kind: Text(tokens=kind).fit(TEXTS) for kind in ("words", "bpe", "unigram", "characters")}
KINDS = sorted(FITTED)


def cut(text):
    return words_of(strings(np.array([text], object)))[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Isn't it WELL-made?", ["isn't", "it", "well", "-", "made", "?"]),
        ("it 's n't so", ["it", "'s", "n't", "so"]),
        ("he said: 'no'", ["he", "said", ":", "'", "no", "'"]),
        ("3.5 of 1,000.50 in 2020.", ["3.5", "of", "1,000.50", "in", "2020", "."]),
        ("cafe\u0301", ["café"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("日本語です", ["日", "本", "語", "で", "す"]),
        ("a\n b\r\n\tc", ["a", "b", "c"]),
        ("  ", []),
    ],
)
def test_words(text, words):
    assert cut(text) == words


@settings(deadline=None)  # a busy machine is no failure
@given(some.lists(some.sampled_from(FITTED["words"].vocabulary), min_size=1, max_size=40).map(" ".join))
def test_words_come_back(text):
    assert FITTED["words"].decode(FITTED["words"].encode(text)) == text


@settings(deadline=None)
@given(some.sampled_from(["bpe", "unigram"]), some.text(max_size=60))
def test_learned_pieces_know_every_text(kind, text):
    composed = strings(np.array([text], object))[0]
    field = FITTED[kind]
    assert field.decode(field.encode(text)) == composed
    assert text == "" or (field.encode(text) >= FIRST).all()


@settings(deadline=None)
@given(some.text(sorted(FITTED["characters"].vocabulary), min_size=1, max_size=60))
def test_characters_come_back(text):
    field = FITTED["characters"]
    composed = strings(np.array([text], object))[0]  # a letter and its accent may become one
    assert field.decode(field.encode(text)).replace("�", "") == "".join(c for c in composed if c in field.vocabulary)


@settings(deadline=None)
@given(some.sampled_from(KINDS), some.lists(some.text(max_size=20) | some.sampled_from(TEXTS), min_size=1, max_size=9))
def test_one_is_as_many(kind, texts):
    field, many = FITTED[kind], np.array(texts, object)
    whole = field.encode_all(many)
    assert (whole.lengths >= 1).all()
    for index, text in enumerate(texts):
        np.testing.assert_array_equal(whole.take(np.array([index])).values, field.encode(text))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("empty", ["", None, float("nan"), "\n"])
def test_an_empty_text_is_one_unknown_token(kind, empty):
    if empty != "\n" or kind == "words":
        assert FITTED[kind].encode(empty).tolist() == [[UNKNOWN] + [0] * (FITTED[kind].columns - 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_padded_with_zero(kind):
    field, encoded = FITTED[kind], FITTED[kind].encode_all(TEXTS)
    batch = field.collate(encoded)
    assert batch.values.dtype == torch.int64
    assert batch.values.shape == (6, int(encoded.lengths.max()), field.columns)
    np.testing.assert_array_equal(batch.lengths, encoded.lengths)
    np.testing.assert_array_equal(batch.values[batch.mask].numpy(), encoded.values)
    assert (batch.values[~batch.mask] == 0).all()
    assert (batch.values[..., 0][batch.mask] != 0).all()
    assert [field.decode(row) for row in batch.values] == [field.decode(field.encode(text)) for text in TEXTS]


@pytest.mark.parametrize("kind", KINDS)
def test_saved_is_the_same(kind):
    again = Text.model_validate_json(FITTED[kind].model_dump_json())
    assert again == FITTED[kind]
    np.testing.assert_array_equal(again.encode_all(TEXTS).values, FITTED[kind].encode_all(TEXTS).values)


def test_long_texts_are_cut_and_counted():
    texts = np.array(["a b c"] * 300 + [" ".join(["d"] * 90)] * 2, object)
    field = Text().fit(texts)
    assert (field.longest, field.cut) == (64, 2)
    assert field.encode_all(texts).lengths.max() == 64
    few = Text(longest=2).fit(texts)
    assert (few.longest, few.cut, few.decode(few.encode("a b c"))) == (2, 302, "a b")
    assert Text().fit(np.array([" ".join(["d"] * 9000)], object)).longest == 512


def test_frequent_words_come_first_and_ties_in_order():
    assert Text().fit(np.array(["b a c", "c d", "c"], object)).vocabulary == ("c", "a", "b", "d")


def test_affixes_are_shared_and_absent_in_short_words():
    codes = affixes(["walking", "talking", "walked", "at", "the"])
    assert codes.shape == (5, len(AFFIXES))
    assert codes.min() >= 0
    assert codes.max() < BUCKETS
    assert (codes[0] == codes[1]).tolist() == [False, False, True, True]
    assert (codes[0] == codes[2]).tolist() == [True, True, False, False]
    assert codes[3].tolist() == [0, 0, 0, 0]
    assert (codes[4] > 0).tolist() == [False, False, True, False]


def test_fifty_thousand_texts_are_words_in_seconds():
    draw = np.random.default_rng(0)
    words = np.array([f"word{index}" for index in range(20_000)])
    texts = pd.Series([" ".join(row) for row in words[draw.integers(0, len(words), (50_000, 8))]]).to_numpy(object)
    encoded = Text().fit(texts[:5000]).encode_all(texts)
    assert isinstance(encoded, Ragged)
    assert (encoded.lengths == 8).all()
