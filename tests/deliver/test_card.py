"""The card: whole for every task, plain Markdown whatever the data say, calm when parts are missing."""

import re

from brainwright.deliver.card import safe, write_card
from deliver.conftest import HARMS

HEADS = [
    "What it does", "How good it is", "What was looked into", "Data", "Meant for, and limits", "How to use it",
    "How it was made", "Licence",
]  # fmt: skip


def test_every_task_has_every_head(run_folder):
    text = write_card(run_folder).read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADS
    assert "95 %" in text and "| net " in text and "brainwright predict" in text and "bw.load" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, "every row of the table is as wide"
    assert write_card(run_folder).read_text(encoding="utf-8") == text


def test_harm_is_words_only(harmful_folder):
    text = write_card(harmful_folder).read_text(encoding="utf-8")
    prose = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "&lt;script&gt;" in prose
    assert "<" not in prose
    assert re.findall(r"^#+ .*$", prose, re.MULTILINE)[1:] == [f"## {head}" for head in HEADS]


def test_no_word_is_read_as_markdown():
    for harm in HARMS:
        line = safe(harm)
        assert "\n" not in line and "<" not in line
        assert not re.search(r"(?<!\\)[*_`|\[\]~]", line)


def test_an_empty_record_breaks_nothing(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    text = write_card(tmp_path).read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADS
    assert "not known" in text and "None" not in text
