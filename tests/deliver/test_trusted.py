"""The report and the card hold every finding that was made, the gravest first, and say what nobody looked into."""

from brainwright.deliver.card import write_card
from brainwright.deliver.report import write_report
from brainwright.deliver.trusted import KINDS, section
from brainwright.trust.finding import Finding, missing
from brainwright.trust.keeping import keep, kept

FOUND = [
    Finding("one <thing>", "passed", "it held", 0.5, 0.4, 0.6, 100, "by hand", 3),
    missing("another", "there is nothing to look at"),
    Finding("a third", "failed", "it broke", 0.1, advice="mend it"),
]


def test_the_gravest_come_first_and_what_is_absent_is_said():
    told = section({"stress": [vars(one) for one in FOUND]}, {})
    (kind,) = told["kinds"]
    assert [one["what"] for one in kind["rows"]] == ["a third", "another", "one <thing>"]
    assert kind["told"] == "1 failed, 1 missing, 1 passed"
    assert {one["title"] for one in told["absent"]} == {title for word, (title, _) in KINDS.items() if word != "stress"}


def test_pages_hold_what_was_kept(run_folder, copy):
    folder = copy(run_folder)
    keep(folder, "stress", FOUND)
    assert [one["what"] for one in kept(folder)["stress"]] == [one.what for one in FOUND]
    page, card = (path.read_text(encoding="utf-8") for path in (write_report(folder), write_card(folder)))
    for text in ("1 failed, 1 missing, 1 passed", "One &lt;thing&gt;", "0.4 to 0.6", "n = 100", "by hand, seed 3"):
        assert text in page
    assert "mend it" in page
    assert "brainwright audit RUN --by COLUMN" in page
    assert "a third: it broke" in card
    assert "not looked into (`brainwright audit RUN --by COLUMN`)" in card
