"""Bucketing: every example once an epoch, alike in length within a batch, and the same whatever was asked before."""

import numpy as np

from brainwright.data.bucketing import Bucketed

LENGTHS = np.random.default_rng(0).integers(1, 60, 1000)


def test_an_epoch_holds_every_example_once():
    rows = Bucketed(LENGTHS, 50, 3)
    assert sorted(np.concatenate([rows(step) for step in range(20)])) == list(range(1000))


def test_little_is_padding():
    rows = Bucketed(LENGTHS, 50, 3)
    chosen = [LENGTHS[rows(step)] for step in range(20)]
    assert sum(len(one) * one.max() for one in chosen) < 1.1 * LENGTHS.sum()


def test_batches_are_mixed_anew_each_epoch_and_not_in_order_of_length():
    rows = Bucketed(LENGTHS, 50, 3)
    first, second = [set(rows(step)) for step in range(20)], [set(rows(20 + step)) for step in range(20)]
    assert not any(one in second for one in first)
    longest = [LENGTHS[rows(step)].max() for step in range(20)]
    assert longest != sorted(longest)


def test_a_pure_function_of_seed_and_step():
    fresh, used = Bucketed(LENGTHS, 50, 3), Bucketed(LENGTHS, 50, 3)
    for step in (45, 2, 21, 0):
        used(step)
    np.testing.assert_array_equal(fresh(45), used(45))
    assert not np.array_equal(fresh(45), Bucketed(LENGTHS, 50, 4)(45))


def test_more_asked_for_than_there_are():
    assert sorted(Bucketed(LENGTHS[:7], 50, 3)(1)) == list(range(7))
