"""Axes with round ticks, paths that stay on the paper, gaps where values are missing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from brainwright.deliver.drawings import HEIGHT, WIDTH, Axis, Plane, brief, squares

numbers = some.floats(-1e9, 1e9, allow_nan=False).map(lambda x: float(f"{x:.6g}"))


@given(some.lists(numbers | some.none(), max_size=8))
def test_ticks_rise_and_stand_on_the_axis(values):
    axis = Axis.over(values).rounded()
    places = [place for place, _ in axis.ticks()]
    assert 2 <= len(places) <= 12
    assert places == sorted(set(places))
    assert places[0] >= -1e-6 and places[-1] <= 1 + 1e-6
    assert all(axis.low <= value <= axis.high for value in values if value is not None)


@given(some.lists(some.floats(1e-8, 1e8), min_size=2, max_size=8))
def test_logarithmic_ticks_too(values):
    axis = Axis.over(values, log=True)
    places = [place for place, _ in axis.ticks()]
    assert places == sorted(set(places)) and len(places) <= 12
    assert not axis.log or all(-0.01 <= place <= 1.01 for place in places)


def test_an_axis_is_logarithmic_only_where_it_may_be():
    assert Axis.over([0.001, 5], log=True).log
    assert not Axis.over([0, 5], log=True).log
    assert not Axis.over([1, 5], log=True).log
    assert [word for _, word in Axis(0.01, 100, log=True).ticks()] == ["0.01", "0.1", "1", "10", "100"]


@given(some.lists(some.tuples(numbers, numbers | some.none()), min_size=1, max_size=30))
def test_paths_stay_on_the_paper(points):
    xs, ys = [x for x, _ in points], [y for _, y in points]
    plane = Plane(Axis.over(xs), Axis.over(ys))
    for path in (plane.line(xs, ys), plane.dots(xs, ys)):
        found = re.findall(r"([-\d.e]+) ([-\d.e]+)", path)
        assert len(found) == sum(y is not None for y in ys)
        assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in found)


def test_a_missing_value_breaks_the_line():
    plane = Plane(Axis(0, 3), Axis(0, 1))
    assert plane.line([0, 1, 2, 3], [0, 1, None, 1]).count("M") == 2
    assert plane.line([0, 1], [None, None]) == ""
    assert plane.line([0, 1], [float("nan"), 1.0]).count("M") == 1


def test_fuller_squares_are_stronger():
    marks = squares([[0, 0, 1], [1, 1, 1000]], 4)
    assert len(marks) == 2
    assert marks[0].strength < marks[1].strength == 1
    assert not squares([], 4)


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (0.25, "0.25"), (12500, "12.5k"), (2e6, "2M"), (-3e9, "−3G"), (1e-5, "1e−5")]
)
def test_brief_numbers(value, words):
    assert brief(value) == words


def test_a_histogram_stands_on_the_ground():
    plane = Plane(Axis(0, 2), Axis(0, 5))
    path = plane.stairs([0, 1, 2], [3, 5])
    ground = [float(y) for y in re.findall(r" ([\d.]+)", path)]
    assert ground[0] == ground[-1] == max(ground)
