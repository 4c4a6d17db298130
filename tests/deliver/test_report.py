"""The report: whole for every task, alone in the world, harmless whatever the data say, calm when parts are missing."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from brainwright.deliver.report import rendered, told, write_report
from brainwright.errors import Fault
from deliver.conftest import HARMS
from deliver.page import Page

SECTIONS = [
    "floors", "answers", "reliability", "doubts", "worst", "trust", "data", "decisions", "net", "before", "training",
    "health", "cost", "again",
]  # fmt: skip


def page(folder) -> Page:
    return Page(write_report(folder).read_text(encoding="utf-8"))


def test_every_task_has_every_section(run_folder):
    seen = page(run_folder)
    assert [one for one in seen.ids if one in SECTIONS] == SECTIONS
    assert len(set(seen.ids)) == len(seen.ids)
    assert {one["href"] for one in seen.named("a")} <= {f"#{one}" for one in seen.ids}
    for words in ("95 % interval", "test examples", "The best of the simple models", "brainwright", "torch", "seed"):
        assert words in seen.text, words


def test_every_target_is_drawn(run_folder):
    evidence = json.loads((run_folder / "evidence.json").read_text(encoding="utf-8"))
    text, kinds = page(run_folder).text, {one["kind"] for one in evidence["targets"].values()}
    words = {
        "category": "right answers lie on the diagonal",
        "number": "Prediction against truth",
        "series": "steps from now",
        "image": "Generated",
        "placed": "with what was said of them",
        "other": "predictions.parquet",
    }
    assert kinds
    for kind in kinds:
        assert words[kind] in text
    assert evidence["samples"]["rows"]


def test_it_stands_alone(run_folder):
    text = write_report(run_folder).read_text(encoding="utf-8")
    assert not Page(text).loads()
    assert not re.search(r"https?:|@import|url\(|<script|javascript:", text, re.IGNORECASE)
    (policy,) = [one["content"] for one in Page(text).named("meta") if "Content-Security-Policy" in one.values()]
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_it_can_be_read_by_those_who_do_not_see(run_folder):
    seen = page(run_folder)
    assert seen.named("html")[0]["lang"] == "en"
    for tag in ("main", "header", "nav", "h1", "footer"):
        assert len(seen.named(tag)) == 1, tag
    for drawing in seen.named("svg"):
        assert drawing.get("aria-hidden") == "true" or drawing.get("aria-label"), drawing
    assert all("alt" in one for one in seen.named("img"))
    assert all(one.get("scope") in ("col", "row") for one in seen.named("th"))


def test_the_same_folder_gives_the_same_file(run_folder):
    assert write_report(run_folder).read_bytes() == write_report(run_folder).read_bytes()


def test_it_stays_small(run_folder):
    assert (run_folder / "evidence.json").stat().st_size < 2_000_000
    assert write_report(run_folder).stat().st_size < 3_000_000


def test_harm_is_words_only(harmful_folder):
    text = write_report(harmful_folder).read_text(encoding="utf-8")
    seen = Page(text)
    assert not seen.loads()
    assert not [attributes for _, attributes in seen.tags for name in attributes if name.startswith("on")]
    assert len(seen.named("h1")) == 1
    assert "49" not in [word.strip() for word in seen.words], "a template in the data was run"
    for harm in HARMS[:2]:
        assert " ".join(harm.split()) in seen.text, "what the user wrote is shown as it is"


def test_an_unfinished_run_says_why(run_folder, copy, change):
    folder = copy(run_folder)
    for name in ("evidence.json", "metrics.jsonl"):
        (folder / name).unlink()
    late = ("selected", "metrics", "interrupted", "steps", "layers", "cost", "net")
    change(folder / "run.json", lambda record: [record.pop(key) for key in late] and record.update(results=[]))
    seen = page(folder)
    assert [one for one in seen.ids if one in SECTIONS] == SECTIONS
    assert seen.text.count("did not come") >= 5
    assert "None" not in seen.text and "nan" not in seen.text.split()


def test_an_empty_record_breaks_nothing(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    seen = page(tmp_path)
    assert [one for one in seen.ids if one in SECTIONS] == SECTIONS


def test_any_missing_key_breaks_nothing(run_folder):
    """Each key of the record and of the evidence, and each key below it, taken out in turn."""
    whole = told(run_folder)
    for name in ("record", "evidence"):
        for place in places(getattr(whole, name)):
            missing = replace(whole, **{name: without(getattr(whole, name), place)})
            try:
                text = rendered(missing)
            except Exception as error:
                raise AssertionError(f"{name} without {'.'.join(place)}") from error
            assert re.findall(r'<section id="(\w+)"', text) == SECTIONS


def places(content: dict, depth: int = 3) -> list[tuple[str, ...]]:
    found = []
    for key, value in content.items():
        found.append((key,))
        if depth > 1 and isinstance(value, dict) and key not in ("options", "environment", "columns"):
            found += [(key, *rest) for rest in places(value, depth - 1)]
    return found


def without(content: dict, place: tuple[str, ...]) -> dict:
    key, *rest = place
    if rest:
        return {**content, key: without(content[key], rest)}
    return {name: value for name, value in content.items() if name != key}


def test_numbers_that_are_none_are_dashes(run_folder, copy, change):
    folder = copy(run_folder)

    def unmeasured(record: dict) -> None:
        for one in record["results"]:
            one["test"] = {name: [None, None, None] for name in one["test"]}
        record["cost"] = dict.fromkeys(record["cost"])

    change(folder / "run.json", unmeasured)
    assert "not measured" in page(folder).text


def test_a_damaged_folder_is_one_line(tmp_path):
    with pytest.raises(Fault, match=r"run\.json"):
        write_report(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "metrics.jsonl").write_text("{not json")
    with pytest.raises(Fault, match=r"metrics\.jsonl"):
        write_report(tmp_path)


def test_the_page_reader_sees_what_would_be_fetched():
    assert Page('<a href="http://x">y</a>').loads()
    assert Page('<img src="x.png">').loads()
    assert Page('<p onclick="x()">y</p>').loads()
    assert Page("<script>x</script>").loads()
    with pytest.raises(AssertionError):
        Page("<div><b></div></b>")
    assert issubclass(Page, HTMLParser)
