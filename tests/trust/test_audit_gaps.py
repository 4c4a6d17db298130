"""A gap is called where there is one, and in at most one of twenty audits where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from brainwright.data.table import Column, Kind
from brainwright.trust import gaps
from brainwright.trust.gaps import FEW, GAP, NONE, judge, shuffled, within
from brainwright.trust.groups import Grouping
from brainwright.trust.measures import Measure, calibrated_floor, calibration_error, of_classes
from brainwright.trust.subgroups import conditions, search


def grouping(codes: np.ndarray, name: str = "g") -> Grouping:
    return Grouping(name, tuple(f"{name}{code}" for code in range(codes.max() + 1)), codes)


def share(values: np.ndarray, name: str = "share") -> Measure:
    return Measure(name, np.stack([values.astype(float), np.ones(len(values))], 1), "high", True, "said")


def test_permuted_groups_are_called_a_gap_in_at_most_one_of_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole audits with two columns, their intersection and four measures: at most 5 %, with room for chance."""
    monkeypatch.setattr(gaps, "PERMUTATIONS", 99)
    monkeypatch.setattr(Measure, "interval", lambda *_: (0.0, 1.0))
    draw = np.random.default_rng(0)
    truth, said = draw.random(600) < 0.3, draw.random(600) < 0.3
    rates = [*of_classes(("no", "yes"), said.astype(int), truth.astype(int)), share(truth == said, "right")]
    called = 0
    for seed in range(100):
        one, two = draw.integers(0, 2, 600), draw.choice(4, 600, p=[0.6, 0.2, 0.15, 0.05])
        cells, _, _ = judge([grouping(one), grouping(two, "h"), grouping(one * 4 + two, "gh")], rates, 30, seed)
        called += any(cell.verdict == GAP for cell in cells)
    assert called <= 11  # 5 expected; 12 or more happen in 4 of 1,000 such tests


def test_a_gap_of_ten_points_among_four_hundred_is_found() -> None:
    draw, found = np.random.default_rng(1), 0
    for seed in range(50):
        codes = np.repeat([0, 1], 400)
        right = draw.random(800) < np.where(codes == 0, 0.85, 0.75)
        _, (spread,), _ = judge([grouping(codes)], [share(right)], 50, seed)
        found += spread.verdict == GAP
        assert spread.low <= spread.value <= spread.high
    assert found >= 40


def test_few_members_never_get_a_verdict() -> None:
    codes = np.repeat([0, 1, 2], [100, 100, 3])
    right = np.repeat([1.0, 1.0, 0.0], [100, 100, 3])
    cells, (spread,), _ = judge([grouping(codes)], [share(right)], 50, 0)
    assert [cell.verdict for cell in cells] == [NONE, NONE, FEW]
    assert spread.left_out == ("g2",) and spread.value == 0
    _, (lone,), _ = judge([grouping(np.zeros(100, int))], [share(np.ones(100))], 50, 0)
    assert lone.verdict == FEW


def test_a_measure_that_never_changes_is_no_gap() -> None:
    cells, (spread,), _ = judge([grouping(np.arange(200) % 2)], [share(np.ones(200))], 50, 0)
    assert spread.verdict == NONE and spread.value == 0 and all(cell.p == 1 for cell in cells)


def test_neighbours_that_hang_together_are_dealt_out_together() -> None:
    order = shuffled(103, 10, np.random.default_rng(0))
    assert sorted(order) == list(range(103))
    assert (np.diff(order) % 103 == 1).sum() >= 103 - 12


def test_largest_of_several_differences_has_an_honest_interval() -> None:
    """A percentile bootstrap lies above; this one holds the truth in at least 95 of 100 draws."""
    draw, held = np.random.default_rng(0), 0
    for _ in range(200):
        rates = draw.binomial(300, [0.5, 0.52, 0.48, 0.5]) / 300
        low, high = within(list(rates), list(np.sqrt(rates * (1 - rates) / 300)), 1)
        held += low <= 0.04 <= high
    assert held >= 190


def test_calibration_is_held_against_what_chance_shows() -> None:
    draw = np.random.default_rng(0)
    sure = draw.uniform(0.5, 1, 300)
    honest = [np.stack([sure, draw.random(300) < sure], 1) for _ in range(100)]
    beyond = sum(calibration_error(rows) > calibrated_floor(rows, 1, 200, 0) for rows in honest)
    assert beyond <= 11
    proud = np.stack([sure, draw.random(300) < sure - 0.2], 1)
    assert calibration_error(proud) > calibrated_floor(proud, 4, 200, 0)


def test_a_corner_that_nobody_named_is_found_and_none_is_invented() -> None:
    draw = np.random.default_rng(0)
    count = 9000
    columns = {
        "age": Column(draw.normal(40, 10, count), Kind.NUMBER),
        "town": Column(draw.choice(list("abcdef"), count).astype(object), Kind.CATEGORY),
        "work": Column(draw.choice(list("uvwxyz"), count).astype(object), Kind.CATEGORY),
    }
    inside = (columns["town"].values == "b") & (columns["age"].values < np.quantile(columns["age"].values, 0.25))
    rows = np.split(np.arange(count), [3000, 6000])
    for planted in (0.15, 0.0):
        harm = (draw.random(count) < 0.15 + planted * inside).astype(float)
        found = search(columns, rows[0], [(rows[1], harm[rows[1]]), (rows[2], harm[rows[2]])])
        confirmed = [one for one in found if one.confirmed]
        assert bool(confirmed) == bool(planted), confirmed
        if planted:
            assert "town = b" in confirmed[0].name and "age below" in confirmed[0].name


def test_one_column_is_no_place_to_search() -> None:
    column = {"a": Column(np.arange(100.0), Kind.NUMBER)}
    assert search(column, np.arange(100), [(np.arange(100), np.ones(100))] * 2) == []
    assert len(conditions(column, np.arange(100))) == 4


def test_rates_equal_fairlearn() -> None:
    metrics = pytest.importorskip("fairlearn.metrics")
    draw = np.random.default_rng(0)
    truth, said, codes = draw.integers(0, 2, 900), draw.integers(0, 2, 900), draw.integers(0, 3, 900)
    _, spreads, _ = judge([grouping(codes)], of_classes(("no", "yes"), said, truth), 1, 0)
    by = {one.measure.split()[0] + one.measure[-10:]: one.value for one in spreads}
    parity = metrics.demographic_parity_difference(truth, said, sensitive_features=codes)
    odds = metrics.equalized_odds_difference(truth, said, sensitive_features=codes)
    values = [one.value for one in spreads]
    assert values[0] == pytest.approx(parity, abs=1e-12), by
    assert max(values[1:]) == pytest.approx(odds, abs=1e-12)


def test_rates_are_what_their_definitions_say() -> None:
    truth, said, codes = np.array([1, 1, 0, 0, 1, 1, 0, 0]), np.array([1, 0, 1, 0, 1, 1, 0, 0]), np.repeat([0, 1], 4)
    cells, spreads, _ = judge([grouping(codes)], of_classes(("no", "yes"), said, truth), 1, 0)
    assert [(one.group, one.value) for one in cells] == [
        ("g0", 0.5), ("g1", 0.5), ("g0", 0.5), ("g1", 1.0), ("g0", 0.5), ("g1", 0.0),
    ]  # fmt: skip
    assert [one.value for one in spreads] == [0.0, 0.5, 0.5]
    many = of_classes(("a", "b", "c"), said, truth)
    assert len(many) == 9 and replace(many[0]).of == "a"
