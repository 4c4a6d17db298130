"""Every task's answers are explained in the user's terms, on a page of their own, and the method is judged."""

import json
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright.__main__ import main
from brainwright.data.fields.series import Series
from brainwright.data.table import Share, Table
from brainwright.deliver.explaining import as_text, page_of, write_page
from brainwright.errors import Fault
from brainwright.runs.run import Run
from brainwright.runs.telling import Silent
from brainwright.trust import explanations, importance
from brainwright.trust.case import Case
from brainwright.trust.explanations import explain
from brainwright.trust.finding import Finding
from trial import TASKS, Trial


def case_of(word, folder):
    """A run of a task's own example, and a question: two rows of it, or for series as many as a forecast reads."""
    trial = Trial(word)
    record = {"data": {"columns": {}}, "results": []}
    net = trial.trained(steps=30).result()
    case = Case(Run(folder, trial.config, trial.claim, trial.fields, net, {}, record), trial.table, trial.shares)
    if all(slot.field.drawn for slot in trial.task.slots() if slot.side == "input"):
        return case, Table({}, np.full(2, Share.OPEN, np.uint8), "2 asked for")
    cut = any(isinstance(slot.field, Series) for slot in trial.task.slots())
    count = len(trial.table) if cut else 2
    columns = {name: column.take(np.arange(count)) for name, column in trial.table.columns.items()}
    return case, Table(columns, np.full(count, Share.OPEN, np.uint8), trial.table.source)


@pytest.mark.parametrize("word", TASKS)
def test_every_task_is_explained_on_a_page(word, tmp_path, few):
    case, asked = case_of(word, tmp_path)
    found = explain(case, asked, "auto", Silent())
    assert found
    for one in found:
        assert one.verdict in ("passed", "failed", "undecided")
        assert {finding.verdict for finding in one.findings} <= {"passed", "failed", "undecided", "missing"}
        assert any("learned nothing" in finding.what for finding in one.findings)
        for share in one.shares:
            assert len(share.names) == len(share.values)
            assert np.isfinite(share.values).all()
        alone = any("no training examples" in note for note in one.notes)
        assert alone or len(one.near) == explanations.ALIKE
        assert alone or one.influential or any("no influential" in note for note in one.notes)
        plain = one.plain()
        page = write_page(page_of(tmp_path / "pages", plain), plain)
        text = page.read_text()
        assert "Can this be believed?" in text
        assert "http" not in text.replace("http-equiv", "")
        assert json.loads(page.with_suffix(".json").read_text())["method"] == one.method
        assert one.method in as_text(plain)
    kept = tmp_path / explanations.FOLDER / f"{found[0].method}.json"
    before = kept.read_bytes()
    again = explain(case, asked, "auto", Silent())
    assert kept.read_bytes() == before
    assert [finding.verdict for finding in again[0].findings] == [finding.verdict for finding in found[0].findings]


@pytest.mark.parametrize("longer", ["asked", "judged"])
def test_one_method_serves_texts_short_and_long(longer, tmp_path, few):
    """Exact Shapley values are for few words: the method is one that can explain every text, asked about or judged."""
    case, asked = case_of("text-classification", tmp_path)
    texts = asked["text"].values.copy()
    if longer == "asked":
        texts[1] = " ".join(["the soup was fresh"] * 4)
    else:
        texts[:] = "soup was fresh"
    asked = Table({**asked.columns, "text": replace(asked["text"], values=texts)}, asked.shares, asked.source)
    words = [one.method for one in explain(case, asked, "auto", Silent())]
    lengths = [len(text.split()) for text in (*texts, *case.shares["test"].examples.values["text"])]
    assert words == ["shapley" if max(lengths) <= 10 else "gradient-shap"] * 2
    assert importance.overview(case, "auto", Silent()).method in ("shapley", "gradient-shap")


def test_a_failed_method_is_withheld(tmp_path):
    share = {"name": "row", "form": "columns", "names": ["one", "two"], "values": [1.0, -2.0], "owner": [0, 1]}
    share["value"] = {"one": 3.5, "two": None}
    finding = asdict(Finding("what", "failed", "it fails", 1.0, 0.9, 1.0, 3))
    found = {
        "where": "a.csv, row 2",
        "answer": {"class": "a"},
        "method": "saliency",
        "meaning": "log-odds",
        "verdict": "failed",
        "shares": [share],
        "findings": [finding],
        "near": [],
        "influential": [],
        "notes": [],
        "things": [],
        "shown": [],
        "page": "",
    }
    page = write_page(tmp_path / "page.html", found).read_text()
    assert "withheld" in page and page.index("withheld") < page.index("= 3.5")
    told = as_text(found)
    assert "FAILED" in told and told.index("FAILED") < told.index("one = 3.5") and "two = missing" in told


@pytest.fixture
def run(tmp_path):
    """Three columns, of which `one` alone is the cause."""
    draw = np.random.default_rng(0)
    one = draw.normal(size=300)
    columns = {"one": one, "two": draw.normal(size=300), "three": draw.choice(["x", "y"], 300)}
    pd.DataFrame({**columns, "answer": np.where(one > 0, "a", "b")}).to_csv(tmp_path / "data.csv", index=False)
    return bw.train(
        str(tmp_path / "data.csv"), quiet=True, target="answer", out=str(tmp_path / "runs"), epochs=15, allow="leak"
    )


def test_a_planted_cause_is_what_is_shown(run, few, capsys):
    (found,) = run.explain({"one": 1.5, "two": 0.3, "three": "x"})
    shares = dict(zip(found.shares[0].names, found.shares[0].values, strict=True))
    assert found.method == "shapley"
    assert found.answer["answer"] == "a"
    assert shares["one"] > 3 * max(abs(shares["two"]), abs(shares["three"]))
    assert found.score > 0 and found.answer["probability"] > 0.5
    assert main(["explain", str(run.folder), str(run.folder.parents[1] / "data.csv")]) == 2
    assert "50 at most" in capsys.readouterr().err


def test_all_answers_rest_on_the_planted_cause(run, few, monkeypatch, capsys):
    monkeypatch.setattr(importance, "ASKED", 6)
    (found,) = run.explain()
    shares = dict(zip(found.shares[0].names, found.shares[0].values, strict=True))
    assert shares["one"] > 3 * max(shares["two"], shares["three"]) and min(shares.values()) >= 0
    worse = {one["name"]: one for one in found.losses}
    assert found.losses[0]["name"] == "one" and worse["one"]["low"] > worse["two"]["high"]
    assert main(["explain", str(run.folder)]) == 0
    assert "answers to the test share" in capsys.readouterr().out


def test_words_and_pictures_have_an_overview(tmp_path, few, monkeypatch):
    monkeypatch.setattr(importance, "ASKED", 4)
    case, _ = case_of("text-classification", tmp_path / "text")
    (told,) = importance.overview(case, "saliency", Silent()).shares
    assert told.form == "whole" and "and" in told.names and told.values == sorted(told.values, reverse=True)
    case, _ = case_of("image-classification", tmp_path / "image")
    found = importance.overview(case, "saliency", Silent())
    assert len(found.shares[0].values) == 64 and not found.losses
    assert write_page(page_of(tmp_path, found.plain()), found.plain()).is_file()


def test_wrong_words_are_answered_in_one_line(run, tmp_path, capsys):
    (tmp_path / "ask.csv").write_text("one,two,three\n1.0,2.0,x\n")
    for words, said in (
        ([], "needs a run"),
        ([str(run.folder), str(tmp_path / "ask.csv"), "--method", "shaply"], "did you mean 'shapley'?"),
        ([str(run.folder), str(tmp_path / "ask.csv"), "--method", "grad-cam"], "grid"),
        ([str(run.folder), str(tmp_path / "none.csv")], "none.csv"),
        ([str(run.folder), str(tmp_path / "ask.csv"), "--methods", "auto"], "no option"),
    ):
        assert main(["explain", *words]) == 2, words
        err = capsys.readouterr().err
        assert said in err and "Traceback" not in err


def test_data_that_are_gone_are_named(run, tmp_path):
    (tmp_path / "data.csv").unlink()
    with pytest.raises(Fault, match=r"data\.csv"):
        run.explain({"one": 1.5, "two": 0.3, "three": "x"})
