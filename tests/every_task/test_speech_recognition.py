"""Speech recognition: search equals exhaustive search, words have times, and what cannot be taught is named."""

import io
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import brainwright as bw
from brainwright.catalogue import find
from brainwright.commands import transcribe
from brainwright.data.edits import edits, words
from brainwright.data.encoded import Ragged
from brainwright.data.fields.transcript import Transcript
from brainwright.data.listening import incoming, stretches
from brainwright.data.slots import Batch, Fields, Prediction
from brainwright.data.sounds import wav
from brainwright.data.speaking import speakable
from brainwright.data.table import Column, Kind, Table
from brainwright.errors import Fault
from brainwright.metrics.character_error_rate import CharacterErrorRate
from brainwright.metrics.word_error_rate import WordErrorRate
from brainwright.models.recogniser import Spoken
from brainwright.models.searching import Search, beam, greedy, spoken, trimmed
from brainwright.models.spelling import END, Spelling
from brainwright.tasks.speech_recognition import SpeechRecognition
from brainwright.tasks.task import Task

TEXTS = np.array(["ab ba", "ab  b", " a ba", "b"], object)
FIELD = Transcript().fit(TEXTS)
SPELLING = Spelling([FIELD.encode(text).tolist() for text in TEXTS], FIELD.size)


def logs(moments, size=5, seed=0):
    drawn = torch.randn(moments, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (1.5 * drawn).log_softmax(1).numpy()


def collapsed(path):
    return tuple(one for place, one in enumerate(path) if one and (not place or path[place - 1] != one))


def exhaustive(given, how):
    """The best text by adding up every way through the moments."""
    sums = {}
    for path in product(range(given.shape[1]), repeat=len(given)):
        text = collapsed(path)
        sums[text] = np.logaddexp(sums.get(text, -np.inf), given[np.arange(len(given)), path].sum())

    def worth(text):
        added = sum(SPELLING.follows(text[:place])[one] for place, one in enumerate(text)) + SPELLING.follows(text)[END]
        return sums[text] + how.weight * added + how.bonus * len(text)

    return max(sums, key=worth)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("weight", "bonus"), [(0.0, 0.0), (0.7, 0.0), (0.7, 1.0)])
def test_a_wide_beam_finds_what_exhaustive_search_finds(seed, weight, bonus):
    how = Search(weight, bonus, width=10_000, unlikely=np.inf)
    given = logs(5, seed=seed)
    assert beam(given, SPELLING, how) == exhaustive(given, how)


def test_greedy_is_the_best_single_way():
    given = logs(6)
    assert greedy(given) == collapsed(given.argmax(1))
    assert trimmed((2, 3, 2, 4, 2)) == (3, 2, 4) and trimmed((2, 2)) == ()


def test_times_are_those_of_the_likeliest_way():
    given = logs(6, seed=3)
    text = (3, 4, 4)
    ways = [path for path in product(range(5), repeat=6) if collapsed(path) == text]
    best = max(ways, key=lambda path: given[np.arange(6), path].sum())
    found = spoken(given, text)
    assert [best[start] for start, _ in found] == list(text)
    assert all(set(best[start:end]) == {one} for (start, end), one in zip(found, text, strict=True))
    assert spoken(given[:3], text) == []  # two fours need a silence between


def test_probabilities_after_any_context_add_up_to_one_and_prefer_what_was_written():
    for context in [(), (3,), (4, 3), (3, 4, 2, 4), (1, 1), (2, 2, 2, 2, 2, 2, 2, 2)]:
        assert np.exp(SPELLING.follows(context)).sum() == pytest.approx(1)
    gap, a, b = 2, 3, 4
    assert SPELLING.follows((a, b)).argmax() == gap and SPELLING.follows((a, b, gap, b, a)).argmax() == END
    assert SPELLING.follows((gap,))[gap] < SPELLING.follows((gap,))[b]


def test_transcripts_come_back_and_unknown_letters_are_seen():
    assert FIELD.vocabulary == (" ", "a", "b")
    assert FIELD.decode(FIELD.encode("  ba\tab ")) == "ba ab"
    assert FIELD.decode(FIELD.encode("bäx")) == "b��"
    assert FIELD.written == "ab ba\nab b\na ba\nb"
    batch = FIELD.collate(FIELD.encode_all(np.array(["ab", "", None, "a b a"], object)))
    assert batch.values.shape == (4, 5) and batch.lengths.tolist() == [2, 0, 0, 5]


def test_errors_are_counted_as_edits():
    assert [edits(*pair) for pair in (("kitten", "sitting"), ("", "abc"), ("abc", ""), ("ab", "ba"))] == [3, 3, 3, 2]
    assert words([3, 4, 2, 2, 3]) == [(3, 4), (3,)]
    truth = FIELD.collate(FIELD.encode_all(np.array(["ab ba", "b"], object)))
    said = Prediction({"text": [torch.from_numpy(FIELD.encode(text)) for text in ("ab a", "a b")]})
    batch = Batch({"text": truth})
    assert WordErrorRate(slot="text").rows(said, batch).tolist() == [[1, 2], [1, 1]]
    assert CharacterErrorRate(slot="text").rows(said, batch).tolist() == [[1, 5], [2, 1]]
    assert WordErrorRate(slot="text").value(WordErrorRate(slot="text").rows(said, batch).numpy()) == pytest.approx(
        2 / 3
    )


def spelled_out(texts, seconds=1.0):
    sound = wav(0.3 * np.sin(np.arange(round(4000 * seconds))), 4000)
    sounds = np.full(len(texts), sound, object)
    shares = np.array([0] * (len(texts) - 2) + [1, 2], np.uint8)
    table = Table({"sound": Column(sounds, Kind.SOUND), "text": Column(np.array(texts, object), Kind.TEXT)}, shares)
    task = find("tasks", "speech-recognition", Task)()
    return task, table, task.claim(table, "text")


def test_what_cannot_be_taught_is_named_and_left_out_of_training_only():
    task, table, claim = spelled_out(["ab"] * 20 + ["", "a" * 40] + ["ab"] * 20 + ["äb", "b" * 40])
    found = task.examples(table, claim)
    assert len(found) == 42 and found.rows[-1] == 43
    assert [note.split(":")[0] for note in found.notes] == [
        "1 texts say nothing and were left out",
        "1 texts are longer than 25 letters a second can say and were left out",
        "1 test texts are longer than 25 letters a second can say and count as they are",
        "1 texts have letters that no training text has (ä)",
    ]
    assert "row 22" in found.notes[1] and "row 43" in found.notes[3]
    task, table, claim = spelled_out(["a" * 60] * 20)
    with pytest.raises(Fault, match="20 are longer than their recording can say"):
        speakable(super(type(task), task).examples(table, claim), table)


def test_streams_are_cut_at_pauses_and_nothing_is_lost():
    draw = np.random.default_rng(0)
    talk = np.concatenate([np.concatenate([draw.normal(0, 0.2, 40_000), np.zeros(8_000)]) for _ in range(4)])
    stream = io.BytesIO(wav(talk, 8000))
    rate, blocks = incoming(stream, 16_000)
    found = list(stretches(blocks, rate))
    assert rate == 8000
    np.testing.assert_allclose(np.concatenate([one for _, one in found]), talk, atol=1e-4)
    assert len(found) == 5 and all(5 < begin % 6 < 6 for begin, _ in found[1:])  # within the pauses
    raw = np.rint(talk[:30_000] * 32767).astype("<i2").tobytes()
    rate, blocks = incoming(io.BytesIO(raw + b"\0"), 11_025)
    assert rate == 11_025 and sum(len(one) for one in blocks) == 30_000
    noise = iter([draw.normal(0, 0.2, 8000).astype(np.float32) for _ in range(40)])
    assert max(len(one) for _, one in stretches(noise, 8000)) <= 12 * 8000


def test_a_run_writes_down_files_and_streams_with_word_times(tmp_path, capsys, monkeypatch):
    example = find("tasks", "speech-recognition", Task).example()
    run = bw.train(example, quiet=True, out=str(tmp_path), name="run", steps=150, threads=1, checkpoint=0)
    file = tmp_path / "one.wav"
    file.write_bytes(example["sound"].values[3])
    said = run.predict(str(file))[0]["text"]
    capsys.readouterr()
    assert transcribe.main([str(run.folder), str(file), "--times"]) == 0
    first, *timed = capsys.readouterr().out.splitlines()
    assert first.split(maxsplit=2)[2] == said
    assert [line.split()[2] for line in timed] == said.split()
    times = [[float(one) for one in line.split()[:2]] for line in timed]
    assert all(begin < end for begin, end in times) and times == sorted(times)
    length = (len(example["sound"].values[3]) - 44) / 2 / 4000
    assert times[-1][1] <= length + 0.05
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(example["sound"].values[3])))
    assert transcribe.main([str(run.folder), "-", "--json"]) == 0
    assert f'"text": "{said}"' in capsys.readouterr().out
    (tmp_path / "no.wav").write_bytes(b"")
    with pytest.raises(Fault, match="empty"):
        transcribe.main([str(run.folder), str(tmp_path / "no.wav")])


def test_ragged_ids_are_one_number_each():
    assert isinstance(FIELD.encode_all(TEXTS), Ragged) and FIELD.encode_all(TEXTS).values.ndim == 1


def test_a_word_is_worth_what_the_text_gains_by_it():
    """Of "ab ba" the words are "ab" and "ba"; without one there is the other alone."""
    task = SpeechRecognition()
    heard = Spoken(torch.from_numpy(logs(9, FIELD.size))[None], torch.tensor([9]))
    batch = Batch({"text": [torch.from_numpy(FIELD.encode("ab ba"))], "sound": heard})
    things = task.things(Fields({"text": FIELD}), batch)
    assert [one.name for one in things] == ["ab", "ba"]
    worth = {
        text: float(task.score(lambda sound: sound, batch | {"text": [torch.from_numpy(FIELD.encode(text))]}))
        for text in ("ab ba", "ab", "ba")
    }
    for one, rest in zip(things, ("ba", "ab"), strict=True):
        assert float(one.score(lambda sound: sound, batch)) == pytest.approx(worth["ab ba"] - worth[rest])
