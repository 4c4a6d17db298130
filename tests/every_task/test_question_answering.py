"""Question answering: figures are SQuAD's, windows hide nothing, pieces are found as trying all finds them."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import brainwright as bw
from brainwright.__main__ import main
from brainwright.catalogue import find
from brainwright.data.field import Padded
from brainwright.data.fields.text import FIRST, Text
from brainwright.data.opening import open_table
from brainwright.data.passages import exact, overlap
from brainwright.data.sentences import sentences
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.models.marker import Found, Marker, Marks, Windows, tokens_of
from brainwright.models.stems.text import TextStem
from brainwright.tasks.question_answering import QuestionAnswering, threshold
from trial import Trial

STORY = "Anna lives in a red house. Her cat sleeps near the river."


# ---- figures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "truths", "match", "shared"),
    [  # as evaluate-v2.0.py of SQuAD gives them
        ("The Red house!", ["red house"], 1.0, 1.0),
        ("an apple, a pear", ["apple pear"], 1.0, 1.0),
        ("red", ["red house", "a house"], 0.0, 2 / 3),
        ("house house red", ["house red red"], 0.0, 2 / 3),
        ("it's", ["its"], 1.0, 1.0),
        ("well-made", ["well made"], 0.0, 0.0),
        ("", [], 1.0, 1.0),
        ("red", [], 0.0, 0.0),
        ("", ["red"], 0.0, 0.0),
        ("the", ["red"], 0.0, 0.0),
        ("the", ["a"], 1.0, 1.0),
        ("Théâtre", ["theatre", "théâtre"], 1.0, 1.0),
    ],
)
def test_figures_are_those_of_the_official_script(said: str, truths: list[str], match: float, shared: float) -> None:
    assert exact(said, truths) == match
    assert overlap(said, truths) == pytest.approx(shared)


# ---- letters and tokens ------------------------------------------------------------------------------

TEXTS = ["Cafe\u0301 of İzmir\n costs 3.50!", "日本 is  far", "", STORY]


@pytest.mark.parametrize("tokens", ["words", "bpe", "characters"])
def test_each_token_stands_where_the_user_wrote_it(tokens: str) -> None:
    values = np.array(TEXTS, object)
    field = Text(tokens=tokens, longest=999).fit(values)
    where = field.model_copy(update={"offsets": True})
    for text in TEXTS[:2] + TEXTS[3:]:
        ids, places = field.encode(text), where.encode(text)
        assert len(ids) == len(places)
        places = places[np.append(True, (places[1:] != places[:-1]).any(1))]  # bytes of one letter stand in one place
        told = "".join(text[begin:end] for begin, end in places).lower().replace(" ", "").replace("\n", "")
        assert told == text.lower().replace(" ", "").replace("\n", "")
        assert (places[1:, 0] >= places[:-1, 0]).all()


def test_pieces_of_letters_are_pieces_of_tokens() -> None:
    offsets = Padded(torch.tensor([[[0, 0], [0, 4], [5, 8], [8, 9], [0, 0]]]).expand(3, -1, -1), torch.tensor([5] * 3))
    first, last, there = tokens_of(torch.tensor([5.0, 0, 4]), torch.tensor([9.0, 6, 5]), offsets)
    assert there.tolist() == [True, True, False]
    assert first[:2].tolist() == [2, 1] and last[:2].tolist() == [3, 2]


def test_sentences() -> None:
    assert [STORY[begin:end] for begin, end in sentences(STORY)] == [STORY[:26], STORY[27:]]
    assert sentences("It cost 3.5 m. a day") == [(0, 20)]


# ---- windows and pieces ------------------------------------------------------------------------------


def test_the_best_piece_is_found_as_trying_all_finds_it() -> None:
    draw = torch.Generator().manual_seed(0)
    marks = Marks(torch.randn(5, 9, generator=draw), torch.randn(5, 9, generator=draw))
    found = Found.of(marks, 3, torch.tensor(0.0))
    for row in range(5):
        scored = {
            (i, j): float(marks.starts[row, 1 + i] + marks.ends[row, 1 + j])
            for i in range(8)
            for j in range(i, min(i + 3, 8))
        }
        assert (int(found.first[row]), int(found.last[row])) == max(scored, key=lambda pair: scored[pair])
        none = float(marks.none()[row])
        total = np.log(np.exp([*scored.values(), none]).sum())
        assert float(found.nothing()[row]) == pytest.approx(np.exp(none - total), abs=1e-5)
        assert float(found.sure()[row]) == pytest.approx(np.exp(max(scored.values()) - total), abs=1e-5)


def marker(length: int, stride: int, edge: int = 0) -> Marker:
    torch.manual_seed(1)
    field = Text(vocabulary=tuple("abcdefgh"), tokens="characters")
    backbone = find("models/backbones", "lstm", Backbone)(width=8, depth=1, pool="none", bidirectional=True)
    made = Marker(TextStem(field, 8, 0.0, 0.0), backbone, Windows(length, stride, 3, edge), True).eval()
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.7)
    return made


def asked(lengths: list[int], question: int) -> tuple[Padded, Padded, Padded]:
    draw = torch.Generator().manual_seed(sum(lengths))
    many, width = torch.tensor(lengths), max(lengths)
    ids = torch.randint(FIRST, FIRST + 8, (len(lengths), width, 1), generator=draw)
    places = torch.stack([torch.arange(width), torch.arange(width) + 1], 1).expand(len(lengths), -1, -1)
    real = torch.arange(width) < many[:, None]
    questions = torch.randint(FIRST, FIRST + 8, (len(lengths), question, 1), generator=draw)
    return (
        Padded(ids * real[..., None], many),
        Padded(questions, torch.full((len(lengths),), question)),
        Padded(places * real[..., None], many),
    )


def test_one_window_reads_what_many_read_where_they_hold_it_all() -> None:
    """A passage of three windows: each token is as the window in whose middle it stands reads it alone."""
    passage, question, offsets = asked([20], 4)
    net = marker(8, 4)
    with torch.no_grad():
        whole = net(passage, question, offsets)
        pieces = []
        for begin in (0, 4, 8, 12):
            some = [Padded(one.values[:, begin : begin + 8], torch.tensor([8])) for one in (passage, offsets)]
            pieces.append(net(some[0], question, some[1]))
    owner = [0] * 6 + [1] * 4 + [2] * 4 + [3] * 6
    for token, window in enumerate(owner):
        torch.testing.assert_close(whole.starts[0, 1 + token], pieces[window].starts[0, 1 + token - 4 * window])
    assert whole.starts[0, 0] == min(one.starts[0, 0] for one in pieces)


@pytest.mark.parametrize("edge", [0, 1])
def test_long_passages_beside_short_ones_are_read_as_alone(edge: int) -> None:
    passage, question, offsets = asked([21, 5, 12], 4)
    net = marker(8, 3, edge)
    with torch.no_grad():
        many = net(passage, question, offsets)
        for row, length in enumerate([21, 5, 12]):
            own = [Padded(one.values[row : row + 1, :length], torch.tensor([length])) for one in (passage, offsets)]
            alone = net(own[0], Padded(question.values[row : row + 1], question.lengths[row : row + 1]), own[1])
            torch.testing.assert_close(many.starts[row, : length + 1], alone.starts[0])
            torch.testing.assert_close(many.ends[row, : length + 1], alone.ends[0])


def test_windows_read_piece_by_piece_teach_what_they_teach_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slopes = []
    for at_once in (64, 2):
        monkeypatch.setattr("brainwright.models.marker.AT_ONCE", at_once)
        net = marker(8, 3)
        net(*asked([21, 5, 12], 4)).starts.logsumexp(1).sum().backward()
        slopes.append([weight.grad for weight in net.parameters()])
    torch.testing.assert_close(*slopes)


def test_of_many_windows_little_is_kept_for_the_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    net, kept = marker(8, 3), {1000: 0, 2: 0}
    for at_once in kept:
        monkeypatch.setattr("brainwright.models.marker.AT_ONCE", at_once)
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda one, sizes=sizes: (sizes.append(one.numel()), one)[1], id):
            net(*asked([200], 4))
        kept[at_once] = sum(sizes)
    assert kept[2] < 0.5 * kept[1000]


def test_windows_that_leave_tokens_unread_are_refused() -> None:
    with pytest.raises(Fault, match="leave some unread"):
        marker(8, 8)


def test_the_threshold_is_where_most_is_gained() -> None:
    odds, gains = torch.tensor([3.0, -1.0, 1.0, 0.0]), torch.tensor([1.0, -1.0, 1.0, -0.5])
    assert float(threshold(odds, gains)) == 0.5
    assert float(threshold(odds, -gains.abs())) > 3
    assert float(threshold(odds, gains.abs())) < -1
    assert float(threshold(odds, gains * 0)) == 0.5  # an answer of marks alone is as good as none: be honest
    assert float(threshold(odds + 9, gains.abs())) == float(threshold(odds - 9, -gains.abs())) == 0


# ---- files -------------------------------------------------------------------------------------------


def written(folder: Path, qas: list[dict], context: str = STORY, version: str = "1.1") -> Path:
    file = folder / "asked.json"
    told = {"version": version, "data": [{"paragraphs": [{"context": context, "qas": qas}]}]}
    file.write_text(json.dumps(told), encoding="utf-8")
    return file


def one(question: str, text: str, start: int, name: str = "q1") -> dict:
    return {"id": name, "question": question, "answers": [{"text": text, "answer_start": start}]}


@pytest.mark.parametrize(
    ("qas", "context", "wanted"),
    [
        (
            [one("where?", "e", 3)],
            STORY,
            r"question 1 \(id q1\): the answer 'e' .* at 3 and occurs 2 times",
        ),
        ([one("where?", "Paris", 0)], STORY, "'Paris' does not stand at 0 and occurs never"),
        ([one("where?", " ", 4)], STORY, "an answer is empty"),
        ([one("who?", "Anna", 0)], "  ", r"question 1 \(id q1\) has an empty passage"),
        ([one(" ", "Anna", 0)], STORY, r"question 1 \(id q1\) is empty"),
        ([one("who?", "Anna", 0), one("where?", "red", 16)], STORY, r"question 2 \(id q1\) has the id of question 1"),
        ([{"id": "q", "question": "who?", "answers": []}], STORY, "has no answer, as version 1.1 does not know"),
        ([one("who?", "Anna", 0), {"id": "q", "question": "who?"}], STORY, "1 of 2 questions .* do not speak of"),
        ([{"id": "q", "answers": []}], STORY, "has no 'question'"),
        ([], STORY, "asks nothing"),
    ],
)
def test_bad_questions_are_named(tmp_path: Path, qas: list[dict], context: str, wanted: str) -> None:
    with pytest.raises(Fault, match=wanted) as caught:
        open_table(written(tmp_path, qas, context))
    assert "asked.json" in str(caught.value) and "\n" not in str(caught.value)


def test_an_answer_that_stands_elsewhere_once_is_put_right_and_counted(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, [one("who?", "Anna", 5), one("what?", "cat", 31, "q2")]))
    assert table["answer"].values.tolist() == [((0, 4),), ((31, 34),)]
    assert any("1 answers did not stand" in note and "question 1 (id q1)" in note for note in table.notes)


def test_passages_that_nothing_is_asked_about_are_counted(tmp_path: Path) -> None:
    file = written(tmp_path, [one("who?", "Anna", 0)])
    told = json.loads(file.read_text())
    told["data"][0]["paragraphs"] += [{"context": "", "qas": []}, {"context": "Nobody came.", "qas": []}]
    file.write_text(json.dumps(told))
    table = open_table(file)
    assert len(table) == 1
    assert any("2 passages were left out" in note and "'Nobody came.'" in note for note in table.notes)


def test_version_two_knows_questions_without_an_answer(tmp_path: Path) -> None:
    none = {"id": "n", "question": "how old?", "answers": [], "is_impossible": True}
    table = open_table(written(tmp_path, [one("who?", "Anna", 0), none], version="v2.0"))
    assert table["answer"].values.tolist() == [((0, 4),), ()]
    untold = open_table(written(tmp_path, [{"id": "n", "question": "how old?"}], version="v2.0"))
    assert list(untold.columns) == ["passage", "question"]


# ---- a run -------------------------------------------------------------------------------------------


def test_questions_of_others_have_no_answer_and_strangers_are_found() -> None:
    trial = Trial("question-answering")
    batch, task = trial.batch("train"), QuestionAnswering(elsewhere=0.5)
    changed = task.augment(batch, 1.0, torch.Generator().manual_seed(0))
    moved = (changed[task.passage].values != batch[task.passage].values).flatten(1).any(1)
    assert moved.any()
    assert (changed[task.answer][moved, 3] == 1).all() and (changed[task.answers].lengths[moved] == 0).all()
    assert torch.equal(changed[task.question].values, batch[task.question].values)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> bw.Run:
    home = tmp_path_factory.mktemp("asked")
    table = QuestionAnswering.example()
    articles = []
    for passage, question, pieces in zip(*(table[name].values for name in table.columns), strict=True):
        answers = [{"text": passage[begin:end], "answer_start": begin} for begin, end in pieces]
        paragraph = {"context": passage, "qas": [{"question": question, "answers": answers}]}
        articles.append({"title": str(len(articles)), "paragraphs": [paragraph]})
    (home / "seen.json").write_text(json.dumps({"version": "v2.0", "data": articles}), encoding="utf-8")
    options = {"threads": 1, "preflight": "off", "trust": "none", "out": str(home), "name": "run"}
    return bw.train(str(home / "seen.json"), quiet=True, **options)


def test_a_run_answers_about_a_document(run: bw.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "story.txt"
    file.write_text("It rained. anna saw a white dog in rome.", encoding="utf-8")
    words = ["ask", str(run.folder), "--document", str(file)]
    assert main([*words, "--question", "what colour was it?", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["answer"] == "white" and (told["start"], told["end"]) == (22, 27) and 0 < told["score"] <= 1
    assert main([*words, "--question", "how old was it?"]) == 0
    assert "not in the text" in capsys.readouterr().out
    assert main([*words, "--question", "what place was it?"]) == 0
    assert "in [rome]." in capsys.readouterr().out


def test_many_lines_are_many_questions(
    run: bw.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "story.txt"
    file.write_text("It rained. ben saw a red owl in york.", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("what colour was it?\nwhich animal was it?\n\nwhat place was it?\n"))
    assert main(["ask", str(run.folder), "--document", str(file), "--json"]) == 0
    said = [json.loads(line)["answer"] for line in capsys.readouterr().out.splitlines()]
    assert said == ["red", "owl"]


@pytest.mark.parametrize(
    ("content", "wanted"), [(b"", "is empty"), (b"\xff\xfe\x00", "is not UTF-8"), (None, "there is no file")]
)
def test_a_document_that_cannot_be_read_is_said(
    run: bw.Run, tmp_path: Path, content: bytes | None, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "story.txt"
    if content is not None:
        file.write_bytes(content)
    assert main(["ask", str(run.folder), "--document", str(file), "--question", "who?"]) == 2
    assert wanted in capsys.readouterr().err


def test_the_words_that_carry_an_answer_are_told(run: bw.Run, few: None) -> None:
    asked = {"passage": "It rained. anna saw a white dog in rome.", "question": "what colour was it?"}
    (found,) = run.explain(asked)
    assert found.shown[0].count("<mark>") == 1
    assert found.shown[0] in Path(found.page).read_text(encoding="utf-8")
