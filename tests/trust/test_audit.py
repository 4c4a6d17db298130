"""An audit of a real run: what it says, what it leaves in the folder, and what it refuses in one line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainwright as bw
from brainwright.__main__ import main
from brainwright.deliver.audit import beyond
from brainwright.errors import EXIT_FAULT
from brainwright.trust.fairness import Audit
from brainwright.trust.gaps import GAP

SHORT = {"quiet": True, "epochs": 4, "threads": 1, "members": 1, "width": 16, "checkpoint": 0, "cache_room": 0}


def loans(rows: int = 2400) -> pd.DataFrame:
    """Who pays back: income tells it, less so for those of the south, whom `town` gives away."""
    draw = np.random.default_rng(0)
    region = draw.choice(["north", "south"], rows, p=[0.6, 0.4])
    income = draw.normal(30, 8, rows) - 6 * (region == "south")
    noise = np.where(region == "south", 12, 1)
    pays = income + draw.normal(0, noise) > 30
    return pd.DataFrame(
        {
            "income": income.round(2),
            "town": np.where(region == "north", draw.choice(["a", "b"], rows), draw.choice(["c", "d"], rows)),
            "age": draw.integers(18, 80, rows),
            "region": region,
            "few": ["rare"] * 8 + ["usual"] * (rows - 8),
            "pays": np.where(pays, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data and a run."""
    folder = tmp_path_factory.mktemp("audit")
    loans().to_csv(folder / "loans.csv", index=False)
    how = {
        "target": "pays",
        "leave_out": "region,few",
        "out": str(folder),
        "name": "run",
        "test_share": 0.4,
        "validation_share": 0.3,
    }
    bw.train(str(folder / "loans.csv"), **SHORT, **how)
    return folder


@pytest.fixture(scope="module")
def audit(home: Path) -> Audit:
    return bw.load(home / "run").audit(by=["region", "few", "age"])


def test_columns_left_out_are_no_inputs(home: Path) -> None:
    assert bw.load(home / "run").record["claim"]["columns"]["row"] == ["income", "town", "age"]


def test_a_real_gap_is_called_and_its_side_is_right(audit: Audit) -> None:
    (spread,) = [one for one in audit.spreads if (one.grouping, one.measure) == ("region", "accuracy")]
    assert (spread.verdict, spread.least, spread.most) == ("gap", "south", "north")
    assert spread.value > spread.floor_high > spread.floor > 0
    assert spread.low < spread.value < spread.high
    cells = {one.group: one for one in audit.cells if (one.grouping, one.measure) == ("region", "accuracy")}
    assert cells["south"].others == pytest.approx(cells["north"].value)


def test_a_few_members_get_no_verdict(audit: Audit) -> None:
    rare = [one for one in audit.cells if one.group == "rare"]
    assert rare and {one.verdict for one in rare} == {"too few data"}
    few = [one for one in audit.spreads if one.grouping == "few"]
    assert {one.verdict for one in few} == {"too few data"}


def test_numbers_are_cut_and_it_is_said(audit: Audit) -> None:
    assert len(audit.groups["age"]) == 4
    assert any(note.startswith("age was cut at its quartiles") for note in audit.notes)
    assert set(audit.groups) == {"region", "few", "age", "region & few", "region & age", "few & age"}


def test_a_proxy_among_the_inputs_is_named(audit: Audit) -> None:
    (found,) = [one for one in audit.findings if one.what == "how well the inputs tell region"]
    assert found.verdict == "failed" and found.value == pytest.approx(1) and "town (1.00)" in found.says


def test_an_input_that_is_the_group_is_named(audit: Audit) -> None:
    (found,) = [one for one in audit.findings if one.what == "age among the inputs"]
    assert found.verdict == "failed" and "--leave-out age" in found.advice


def test_criteria_are_the_largest_rates(audit: Audit) -> None:
    (odds,) = [one for one in audit.findings if one.what == "equalized odds difference by region"]
    rates = [one.value for one in audit.spreads if one.grouping == "region" and "positive rate" in one.measure]
    assert odds.value == max(rates) and odds.low <= odds.value <= odds.high


def test_what_is_left_in_the_folder(home: Path, audit: Audit) -> None:
    kept = json.loads((home / "run" / "audit.json").read_text())
    assert kept["count"] == audit.count == 960
    page = (home / "run" / "audit.html").read_text()
    assert "region" in page and "<script" not in page and "http-equiv" in page


def test_the_command_prints_and_is_json(home: Path, audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(home / "run")
    assert main(["audit", run, "--by", "region", "--intersections", "1"]) == 0
    printed = capsys.readouterr().out
    assert "gap           accuracy" in printed and "audit.html" in printed
    assert main(["audit", run, "--by", "region", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["by"] == ["region"]
    assert main(["audit", "--help"]) == 0


def test_groups_from_a_side_file(home: Path) -> None:
    table = loans()
    side = pd.DataFrame(
        {"row": np.arange(len(table)) + 2, "hand": np.where(table["region"] == "south", "left", "right")}
    )
    side.head(2000).to_csv(home / "side.csv", index=False)
    found = bw.load(home / "run").audit(side=str(home / "side.csv"), intersections=1)
    assert list(found.groups["hand"]) == ["left", "right", "missing"]
    assert sum(found.groups["hand"].values()) == 960
    (spread,) = [one for one in found.spreads if one.measure == "accuracy"]
    assert spread.least == "left"
    assert any("have no hand" in note for note in found.notes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "regoin"], "no column is called 'regoin'; did you mean 'region'?"),
        ([], "an audit needs to know whose answers to compare"),
        (["--by", "region", "--intersections", "3"], "3 columns cannot be crossed"),
        (["--by", "region", "--min-n", "many"], "--min-n many is no number"),
        (["--by", "region", "--side", "nothing.csv"], "nothing.csv cannot be read"),
        (["--by", "region", "--mitigate", "magic"], "--mitigate magic is not known"),
        (["--by", "region", "--mitigate", "thresholds", "--goal", "peace"], "'peace' is no goal"),
        (["--by", "income"], ""),
    ],
)
def test_what_cannot_be_is_one_line(
    home: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["audit", str(home / "run"), "--intersections=1", *words])
    err = capsys.readouterr().err
    assert code == (EXIT_FAULT if said else 0)
    assert said in err and err.count("\n") == bool(said)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"row": ["2", "9999"], "g": ["a", "b"]}, "line 3 (9999) name nothing in the data"),
        ({"row": ["2", "2"], "g": ["a", "b"]}, "line 3 (2) name what an earlier line names"),
        ({"file": ["other.csv"], "row": ["2"], "g": ["a"]}, "line 2 (other.csv, 2) name nothing in the data"),
        ({"file": ["loans.csv"], "g": ["a"]}, "line 2 (loans.csv) name several rows"),
        ({"who": ["2"], "g": ["a"]}, "has the columns who, g; give a column 'file' or 'row'"),
    ],
)
def test_a_side_file_that_does_not_match(home: Path, tmp_path: Path, lines: dict[str, list[str]], said: str) -> None:
    pd.DataFrame(lines).to_csv(tmp_path / "side.csv", index=False)
    with pytest.raises(bw.Fault) as caught:
        bw.load(home / "run").audit(side=str(tmp_path / "side.csv"))
    assert said in str(caught.value)


def test_a_constant_model_is_called_one(tmp_path: Path) -> None:
    table = loans(600).assign(pays=np.where(np.arange(600) % 20, "yes", "no"))
    table[["income", "region", "pays"]].to_csv(tmp_path / "loans.csv", index=False)
    run = bw.train(
        str(tmp_path / "loans.csv"), target="pays", out=str(tmp_path), name="run", **{**SHORT, "epochs": 1, "lr": 1e-9}
    )
    found = run.audit(by=["region"], min_n=20)
    assert any("says the same to every example" in note for note in found.notes)
    assert {one.verdict for one in found.spreads if one.measure == "says yes"} == {"no gap found"}


@pytest.fixture(scope="module")
def fair(home: Path) -> bw.Run:
    return bw.load(home / "run").mitigate(by=["region", "age"], max_accuracy_loss=0.2, min_n=20)


def test_the_gap_on_validation_falls(fair: bw.Run) -> None:
    front = fair.record["mitigation"]["front"]
    (chosen,) = [one for one in front if one["chosen"]]
    assert chosen["gap_validation"] < front[0]["gap_validation"]
    gaps = [one["gap_validation"] for one in front]
    assert gaps == sorted(gaps, reverse=True)


def test_what_it_says(fair: bw.Run) -> None:
    said = fair.record["mitigation"]["says"]
    assert "used at prediction" in said[0]
    assert said[1].startswith("accuracy on the test share")
    assert any(line.startswith("equalized odds difference by region & age") for line in said)
    assert set(said) <= set(fair.record["warnings"])


def test_the_new_run_stands_alone_and_the_old_one_stays(home: Path, fair: bw.Run) -> None:
    assert fair.folder.name == "run-fair-1"
    kept = {path.name for path in fair.folder.iterdir()}
    assert {"run.json", "fields.json", "model.safetensors", "report.html", "card.md", "audit.html"} <= kept
    old, new = (bw.load(home / name) for name in ("run", "run-fair-1"))
    rows = [{"income": income, "town": "a", "age": 40} for income in np.linspace(20, 40, 60)]
    before = old.predict(rows)
    limits = new.record["mitigation"]["thresholds"]
    for region in ("north", "south"):
        after = new.predict([{**row, "region": region} for row in rows])
        limit = limits.get(region, 0.5)  # before calibration
        limit = 1 / (1 + ((1 - limit) / limit) ** (1 / new.kept.temperature))
        assert [one["scores"] for one in after] == [one["scores"] for one in before]
        assert [one["pays"] == "yes" for one in after] == [one["scores"]["yes"] >= limit for one in after]
    with pytest.raises(bw.Fault, match="hang on region, which is missing"):
        new.predict(rows)


def test_too_few_to_set_thresholds_on(home: Path) -> None:
    with pytest.raises(bw.Fault, match="fewer than two groups of few have 50 examples of both classes"):
        bw.load(home / "run").mitigate(by=["few"])


def test_twice_is_refused(fair: bw.Run) -> None:
    with pytest.raises(bw.Fault, match="has thresholds by group already"):
        fair.mitigate(by=["region"])


def test_it_may_be_audited_anew(fair: bw.Run) -> None:
    assert fair.audit(by=["region"]).count == 960


def test_a_gap_of_one_group_among_small_ones_names_it() -> None:
    """Small groups lie as far apart by chance as a large one does in truth: the verdict says which it is about."""
    spread = {"grouping": "g", "measure": "m", "verdict": GAP, "value": 0.06, "floor_high": 0.07}
    cells = [{"group": "large", "verdict": GAP}, {"group": "small", "verdict": "no gap found"}]
    assert beyond(spread, cells) == "for its size, large lies farther off than chance"
    assert beyond({**spread, "floor_high": 0.05}, cells) == ""
    assert beyond({**spread, "verdict": "no gap found"}, cells) == ""
