"""Language modelling: every character is judged once, texts are cut in order, and a run writes on."""

import numpy as np
import pytest

import brainwright as bw
from brainwright.__main__ import main
from brainwright.data.encoded import Windows
from brainwright.data.fields.writing import BREAK
from brainwright.data.opening import open_table
from brainwright.data.splitting import Splitting
from brainwright.data.table import Share
from brainwright.errors import Fault
from brainwright.runs.writing import Wish, continued
from brainwright.tasks.language_modelling import LanguageModelling

VERSE = "The owl looked at the moon,\nthe moon looked at the owl;\n"


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "owl.txt"
    file.write_text(VERSE * 60, encoding="utf-8")
    return file


def test_a_text_is_cut_from_its_end_and_every_character_judged_once(text):
    table, reasons = Splitting().divide(open_table(text), "text", 0)
    assert "".join(table["text"].values) == VERSE * 60
    assert (np.diff(table.shares.astype(int)) >= 0).all() and "cut from the end" in reasons[0]
    claim = LanguageModelling.claim(table, "")
    examples = LanguageModelling(context=32).examples(table, claim)
    windows = examples.values["next"]
    assert isinstance(windows, Windows) and BREAK not in windows.series[:-1]
    for share in (Share.VALIDATION, Share.TEST):
        starts = windows.starts[examples.shares == share]
        assert (np.diff(starts) == 32).all()
        assert table.where(int(examples.rows[examples.shares == share][0])).startswith("owl.txt, row ")
    assert (np.diff(windows.starts[examples.shares == Share.TRAIN]) == 8).all()


def test_rows_of_a_table_end_and_those_of_a_text_go_on(tmp_path):
    table = LanguageModelling.example()
    claim = LanguageModelling.claim(table, "")
    series = LanguageModelling().examples(table.take(np.arange(80)), claim).values["next"].series
    assert (series == BREAK).sum() == 80


def test_a_text_that_is_too_short_says_so():
    table = LanguageModelling.example().take(np.arange(4))
    with pytest.raises(Fault, match="bring more text"):
        LanguageModelling().examples(table, LanguageModelling.claim(table, ""))


@pytest.mark.parametrize("cut", ["characters", "bytes", "bpe"])
def test_a_run_on_a_text_writes_on_and_is_the_same_again(text, cut, tmp_path, capsys):
    options = {"tokens": cut, "pieces": 300, "steps": 30, "context": 64, "width": 32, "depth": 1, "lr": 0.01}
    run = bw.train(str(text), quiet=True, out=str(tmp_path), name=cut, threads=1, **options)
    assert set(run.metrics) == {"nats-per-character", "bits-per-character", "perplexity"}
    assert run.metrics["bits-per-character"] == pytest.approx(run.metrics["nats-per-character"] / np.log(2))
    one, again, other = (continued(run.kept, "The ", Wish(30, temperature=3.0, seed=seed)) for seed in (1, 1, 2))
    assert one == again and one != other and one
    short, long = (continued(run.kept, "", Wish(length, temperature=0.0)) for length in (5, 9))
    assert long.startswith(short)
    assert run.generate(length=9, temperature=0.0, stop=long[-1]) == long.partition(long[-1])[0]
    folder = str(tmp_path / cut)
    assert main(["generate", folder, "--prompt", "The owl", "--length", "12", "--temperature", "0"]) == 0
    assert capsys.readouterr().out.startswith("The owl")
    assert main(["generate", folder, "--top-p", "2"]) == 2
    assert main(["predict", folder, "the moon"]) == 0
    report = (tmp_path / cut / "report.html").read_text(encoding="utf-8")
    assert "Written from nothing" in report and "�" not in report
