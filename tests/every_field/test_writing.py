"""Writing: what is written comes back, every token is told once, and nothing is lost without a number."""

import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from brainwright.data.encoded import Ragged, Windows
from brainwright.data.fields.writing import BEGIN, BREAK, END, FIRST, Writing, points_of
from brainwright.data.slots import Fields, input, target
from brainwright.data.tokens import UNKNOWN

TEXTS = np.array(
    ["The film is well-made,\nisn't it?", "", None, "日本 हिन्दी café", "cafe\u0301 3.5 stars!" * 9], object
)
FITTED = {kind: Writing(tokens=kind, pieces=300).fit(TEXTS) for kind in ("characters", "bytes", "bpe", "unigram")}
KINDS = sorted(FITTED)


def composed(text):
    return unicodedata.normalize("NFC", text)


@settings(deadline=None)  # a busy machine is no failure
@given(some.sampled_from(["bytes", "bpe", "unigram"]), some.text(max_size=40))
def test_every_text_comes_back(kind, text):
    field = FITTED[kind].model_copy(update={"longest": 10_000})
    assert field.decode(field.encode(text)) == composed(text)
    assert (field.encode(text) != UNKNOWN).all()


@settings(deadline=None)
@given(some.text(sorted(FITTED["characters"].vocabulary), max_size=60))
def test_known_characters_come_back_and_others_are_marked(text):
    field, whole = FITTED["characters"], composed(text)
    known = set(field.vocabulary)
    assert field.decode(field.encode(text)) == "".join(one if one in known else "�" for one in whole)
    assert field.decode(field.encode("Ωf")) == "�f"


@pytest.mark.parametrize("kind", KINDS)
def test_marks_stand_at_one_end_and_one_slot_is_the_other_shifted(kind):
    after = FITTED[kind]
    before = after.model_copy(update={"before": True})
    for text in TEXTS:
        ones, others = before.encode(text), after.encode(text)
        assert (ones[0], others[-1]) == (BEGIN, END)
        np.testing.assert_array_equal(ones[1:], others[:-1])
    assert before.decode(before.encode("it is")) == "it is"


@pytest.mark.parametrize("kind", KINDS)
def test_many_are_as_one_and_padding_is_zero(kind):
    field = FITTED[kind]
    whole = field.encode_all(TEXTS)
    for index, text in enumerate(TEXTS):
        np.testing.assert_array_equal(whole.take(np.array([index])).values, field.encode(text))
    batch = field.collate(whole)
    assert batch.values.dtype == torch.int64
    assert batch.values.shape == (5, int(whole.lengths.max()))
    assert ((batch.values != 0) == batch.mask).all()
    assert [field.decode(row) for row in batch.values] == [composed(text or "") for text in TEXTS]


@pytest.mark.parametrize("kind", KINDS)
def test_saved_is_the_same(kind):
    again = Writing.model_validate_json(FITTED[kind].model_dump_json())
    assert again == FITTED[kind]
    np.testing.assert_array_equal(again.encode_all(TEXTS).values, FITTED[kind].encode_all(TEXTS).values)


def test_long_texts_are_cut_and_counted():
    field = Writing().fit(np.array(["abc"] * 300 + ["d" * 90] * 2, object))
    assert (field.longest, field.cut) == (64, 2)
    assert field.encode("d" * 90).tolist() == [field.encode("d")[0]] * 64 + [END]
    assert Writing(longest=2).fit(np.array(["abc"], object)).cut == 1


@pytest.mark.parametrize("kind", KINDS)
def test_letters_of_all_tokens_are_the_characters_of_the_text(kind):
    field = FITTED[kind]
    for text in TEXTS:
        whole = composed(text or "")
        assert field.letters[field.encode(text)].sum() == len(whole) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_windows_tell_every_token_once_whatever_their_length(kind):
    texts = ["to be or not to be; né ह日", "that is the question", "ay, there's the rub"]
    series = np.concatenate([np.append(points_of(text), BREAK) for text in texts])[:-1]
    for length in (3, 7):
        starts = np.arange(0, len(series) - length + 1, length)
        windows = Windows(series, starts, length, 0, length)
        field = Writing(tokens=kind, pieces=300).fit(windows)
        found, before = (one.encode_all(windows) for one in (field, field.model_copy(update={"before": True})))
        pieces = [one.encode_all(windows.take(np.array([row]))) for one in (field,) for row in range(len(starts))]
        whole = np.concatenate([np.asarray(one.values).ravel() for one in pieces])
        np.testing.assert_array_equal(np.asarray(found.values).ravel(), whole)
        told = "\n".join(texts)[: len(starts) * length]
        assert field.decode(whole).startswith(told[:-8])
        assert field.letters[whole].sum() >= len(told) - 1
        np.testing.assert_array_equal(np.asarray(before.values).ravel()[1:], whole[:-1])
        assert isinstance(found, Windows if kind == "characters" else Ragged)


def test_kin_learn_one_vocabulary_from_both():
    slots = [input(Writing(), "pair"), target(Writing(), "pair")]
    slots[0].name, slots[1].name = "one", "other"
    fields = Fields.fit(slots, {"one": np.array(["ab"], object), "other": np.array(["cd"], object)})
    assert fields[slots[0]] == fields[slots[1]]
    assert fields[slots[0]].vocabulary == ("a", "b", "c", "d")


@pytest.mark.parametrize("kind", KINDS)
def test_units_are_words_and_hide_nothing_else(kind):
    field = FITTED[kind].model_copy(update={"before": True})
    batch = field.collate(field.encode_all(np.array(["The film is"], object)))
    units = field.units(batch, "The film is")
    assert units.names == ("The", "film", "is")
    assert units.owner.shape == (int(batch.lengths[0]),)
    blank = field.blank(batch, batch)
    shown = torch.from_numpy(units.owner == 1)[None]
    kept = field.mix(batch, blank, shown)
    assert (kept.values[shown] == batch.values[shown]).all()
    assert (kept.values[~shown] == UNKNOWN).all()
    assert int(batch.values[0, 1]) >= FIRST


def test_units_are_words_where_each_is_one_piece():
    texts = np.array(["one two three two one three"] * 40, object)
    field = Writing(tokens="bpe", pieces=300).fit(texts)
    batch = field.collate(field.encode_all(np.array(["two one two three"], object)))
    assert int(batch.lengths[0]) <= 8
    assert field.units(batch, "").names == ("two", "one", "two", "three")


def test_a_text_that_is_asked_about_is_read_as_far_as_a_window() -> None:
    points = points_of("a b c d e f g h i j k l")
    field = Writing(before=True).fit(Windows(points, np.arange(0, 12, 4), 8, 0, 8))
    assert field.longest == 8 and len(field.encode("a b c")) == 6 and len(field.encode("a b c d e f g")) == 9
