"""The budget: kept at any pace, a slow start forgiven, never more steps than were asked for."""

import pytest

from brainwright.config import made
from brainwright.training.budget import Plan, plan
from brainwright.training.options import Training


def driven(first: float, later: float, seconds: float, wanted: int = 1000) -> tuple[int, float]:
    """Steps and seconds of a run whose first 20 steps take `first` seconds each and the others `later`."""
    laid, done, elapsed = Plan(wanted, 100, 100, wanted, 10), 0, 0.0
    while done < laid.total:
        done += 1
        elapsed += first if done <= 20 else later
        if done % 5 == 0:
            laid = laid.fitted(done, elapsed, seconds)
    return done, elapsed


@pytest.mark.parametrize(("first", "later"), [(1.0, 1.0), (10.0, 0.5), (0.1, 2.0), (30.0, 0.01)])
def test_the_budget_is_kept_and_used(first: float, later: float) -> None:
    done, elapsed = driven(first, later, 600)
    assert elapsed <= 600 + 20 * max(first, later)
    assert done == 1000 or elapsed >= 0.85 * 600


def test_a_slow_start_does_not_cut_a_run_that_fits() -> None:
    assert driven(5.0, 0.1, 600) == (1000, pytest.approx(198.0))


def test_looks_keep_their_number() -> None:
    laid = Plan(1000, 100, 100, 1000, 10)
    for done, elapsed in ((5, 50.0), (10, 55.0), (15, 300.0)):
        laid = laid.fitted(done, elapsed, 600)
        assert laid.total <= 1000
        assert 10 <= laid.total / laid.every < 20


def test_looks_fall_on_whole_epochs() -> None:
    laid = plan(made(Training, {"epochs": 40, "batch_size": 10, "evaluations": 20}), 1000)
    assert (laid.total, laid.per_epoch, laid.every) == (4000, 100, 200)
    assert laid.look(4000)
    assert not laid.look(100)


def test_a_spent_budget_ends_the_run() -> None:
    """Looks take time too: when the last step is made, no further one is laid, one at a time."""
    laid, done, elapsed, looks = Plan(1000, 100, 100, 1000, 10), 0, 0.0, 0
    while done < laid.total:
        done, elapsed = done + 1, elapsed + 1.0
        if laid.look(done):
            elapsed, looks = elapsed + 20.0, looks + 1
        laid = laid.fitted(done, elapsed, 600)
    assert done < 1000
    assert looks <= 20
