"""What more data would bring: known curves are continued as they go on, and far guesses are refused."""

import numpy as np
import pytest

from brainwright.trust.learning_curves import fitted, looked_back

SIZES = np.geomspace(50, 800, 7)


def seen(truth, seed=0, noise=0.03):
    draw = np.random.default_rng(seed)
    return truth(SIZES) * np.exp(noise * draw.normal(size=len(SIZES)))


@pytest.mark.parametrize("power", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("floor", [0.0, 0.05])
def test_known_curves_are_continued(power, floor):
    def truth(size):
        return floor + 2 * size**-power

    missed, within = [], 0
    for seed in range(20):
        middle, low, high = fitted(SIZES, seen(truth, seed), np.full(7, 0.03)).at(3200)
        missed.append(middle / truth(3200) - 1)
        within += low <= truth(3200) <= high
    assert abs(np.median(missed)) < 0.2
    assert within >= 16


def test_how_many_are_needed():
    def truth(size):
        return 2 * size**-0.5

    curve = fitted(SIZES, seen(truth, noise=0.005), np.full(7, 0.005))
    middle, low, high = curve.needed(truth(2400))
    assert middle == pytest.approx(2400, rel=0.25)
    assert low < middle < high
    assert curve.needed(truth(80_000))[0] == np.inf  # a hundred times as many: not to be said


def test_the_past_is_told_before_the_future_is():
    assert abs(looked_back(SIZES, seen(lambda n: 2 * n**-0.5), np.full(7, 0.03))) < 0.15
    broken = seen(lambda n: 2 * n**-0.5)
    broken[-1] *= 2
    assert looked_back(SIZES, broken, np.full(7, 0.03)) < -0.3
