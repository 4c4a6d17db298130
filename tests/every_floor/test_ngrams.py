"""N-grams: probabilities add up to one, follow the formula, and know what was counted."""

import numpy as np
import pytest

from brainwright.models.ngrams import NONE, fit, following, judged, longest_order


@pytest.mark.parametrize("order", [1, 2, 4])
def test_probabilities_add_up_after_any_context(order):
    draw = np.random.default_rng(0)
    tokens = draw.integers(0, 9, 400)
    state = fit(tokens, 12, order)  # three tokens are never seen
    contexts = draw.integers(-1, 12, (200, order - 1))
    found = following(state, contexts)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    assert (found > 0).all()


def test_two_tokens_follow_the_formula():
    """Chen and Goodman 1998, by hand: c(ab) = 4, c(ac) = 1, c(ba) = 4, c(ca) = 1; usual discounts for so few counts."""
    state = fit(np.array([0, 1] * 4 + [0, 2, 0]), 3, 2)
    found = following(state, np.array([[0], [NONE]]))
    lower = np.array([2 - 1.0, 1 - 0.5, 1 - 0.5]) / 4 + (1.0 + 0.5 + 0.5) / 4 / 3  # a follows two kinds, b and c one
    np.testing.assert_allclose(found[1], lower, rtol=1e-5)
    spare = (1.5 + 0.5) / 5
    np.testing.assert_allclose(
        found[0], [spare * lower[0], 2.5 / 5 + spare * lower[1], 0.5 / 5 + spare * lower[2]], rtol=1e-5
    )


def test_a_longer_memory_helps_where_there_is_one():
    tokens = np.tile([0, 1, 0, 2, 0, 3], 60)
    contexts = np.stack([tokens[index : len(tokens) - 3 + index] for index in range(3)], 1)
    given = [judged(fit(tokens, 4, order), contexts, tokens[3:])[1] for order in (1, 2, 4)]
    assert given[0].mean() < given[1].mean() < given[2].mean()
    best, _ = judged(fit(tokens, 4, 4), contexts, tokens[3:])
    assert (best == tokens[3:]).all()


def test_no_gram_is_longer_than_its_key():
    assert longest_order(9, 70) == 9
    assert longest_order(9, 8192) == 4
    assert longest_order(1, 2) == 1
