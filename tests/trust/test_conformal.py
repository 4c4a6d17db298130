"""Sets and intervals hold the truth as often as they promise: by hand, by simulation, and as MAPIE does."""

import numpy as np
import pytest
import torch

from brainwright.trust import conformal


def drawn(count: int, seed: int, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are wrong in a way that differs between classes, and truths."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, count)
    logits = draw.normal(size=(count, classes))
    logits[np.arange(count), truth] += np.array([2.5, 1.0, 0.2])[truth]
    return torch.from_numpy(logits * 2).softmax(-1).numpy(), truth


def test_the_bound_by_hand() -> None:
    """Of 9 scores the 9th bounds 90 %: ceil(10 * .9) = 9; of 8 none does; of 19 the 18th (ceil(20 * .9))."""
    assert conformal.cut(np.arange(9.0), 0.9) == 8.0
    assert conformal.cut(np.arange(8.0), 0.9) == np.inf
    assert conformal.cut(np.arange(19.0)[::-1], 0.9) == 17.0
    assert conformal.rank(99, 0.95) == 95  # (99 + 1) * .95 is 95 exactly, though not in binary
    assert conformal.rank(18, 0.95) == 19


def test_a_set_by_hand() -> None:
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    cuts, rare = conformal.class_cuts(scores, np.array([0, 0, 1, 1]), 0.5)
    np.testing.assert_allclose(cuts, [0.2, 0.4])  # the 2nd of two each: ceil(3 * .5) = 2
    assert not rare.any()
    found = conformal.sets(np.array([[0.7, 0.3], [0.85, 0.15], [0.35, 0.65]]), cuts)
    assert found.tolist() == [[False, False], [True, False], [False, True]]


def test_rare_classes_take_the_bound_of_all() -> None:
    scores, truth = drawn(300, 0)
    truth[truth == 2] = 0
    truth[:4] = 2
    cuts, rare = conformal.class_cuts(scores, truth, 0.9)
    assert rare.tolist() == [False, False, True]
    assert cuts[2] == conformal.cut(1 - scores[np.arange(300), truth], 0.9)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_sets_cover_every_class_in_many_splits(level: float) -> None:
    covered = []
    for seed in range(200):
        scores, truth = drawn(800, seed)
        cuts, _ = conformal.class_cuts(scores[:400], truth[:400], level)
        hit = conformal.sets(scores[400:], cuts)[np.arange(400), truth[400:]]
        covered.append([hit[truth[400:] == place].mean() for place in range(3)])
    means = np.mean(covered, 0)
    assert (means > level - 0.008).all()  # promised; 200 splits leave an error of about .003
    assert (means < level + 0.018).all()  # not bought by sets that are too large: at most 1 / (n + 1) more
    pooled = [np.mean([c[place] for c in covered]) for place in range(3)]
    assert max(pooled) - min(pooled) < 0.02


def test_one_bound_for_all_would_betray_a_class() -> None:
    scores, truth = drawn(4000, 1)
    one = conformal.cut(1 - scores[:2000][np.arange(2000), truth[:2000]], 0.9)
    hit = conformal.sets(scores[2000:], np.full(3, one))[np.arange(2000), truth[2000:]]
    assert hit[truth[2000:] == 2].mean() < 0.87 < 0.93 < hit[truth[2000:] == 0].mean()


def test_intervals_cover_and_widen_with_the_number() -> None:
    covered = []
    for seed in range(100):
        draw = np.random.default_rng(seed)
        said = draw.uniform(1, 10, 1200)
        truth = said + said * draw.normal(size=1200)
        found = conformal.widths(said[:600], truth[:600], 0.9)
        hit = np.abs(truth[600:] - said[600:]) <= found.of(said[600:])
        covered.append([hit.mean(), hit[said[600:] < 3].mean(), hit[said[600:] > 8].mean()])
    assert np.mean(covered, 0) == pytest.approx([0.9, 0.9, 0.9], abs=0.03)
    assert found.cuts[-1] > 3 * found.cuts[0]


def test_series_keep_their_level_through_a_shift() -> None:
    """The noise doubles in the middle; fixed bounds fall to two thirds, adaptive ones come back to 90 %."""
    draw = np.random.default_rng(0)
    count, known = 3000, 500
    scale = np.where(np.arange(count) < 1200, 1.0, 2.0)[:, None, None]
    errors = np.abs(draw.normal(size=(count, 3, 2))) * scale
    errors[700, 1, 0] = np.nan  # a truth that is unknown
    rolling = conformal.Adaptive(errors[:known], 0.9)
    bounds = np.stack(list(rolling.roll(errors)))
    hit = errors[known:] <= bounds
    fixed = errors[known:] <= conformal.cut(errors[:known], 0.9)
    assert hit[:700].mean() == pytest.approx(0.9, abs=0.02)
    assert hit[900:].mean() == pytest.approx(0.9, abs=0.02)
    assert fixed[900:].mean() < 0.75


def test_no_forecast_is_judged_before_its_time() -> None:
    """What happens h steps ahead of a forecast cannot have moved its bounds."""
    draw = np.random.default_rng(0)
    errors = np.abs(draw.normal(size=(700, 4, 1)))
    one = np.stack(list(conformal.Adaptive(errors[:500], 0.9).roll(errors)))
    changed = errors.copy()
    changed[600] += 100  # the forecast made at 600: its first step comes true at 601, its fourth at 604
    other = np.stack(list(conformal.Adaptive(changed[:500], 0.9).roll(changed)))
    for step in range(4):
        differ = np.flatnonzero((one[:, step] != other[:, step]).any(-1)) + 500
        assert differ.min() == 601 + step


def test_answers_that_are_given_keep_the_promised_risk() -> None:
    broken, every = 0, []
    for seed in range(100):
        draw = np.random.default_rng(seed)
        sure = draw.uniform(0.5, 1, 2000)
        wrong = draw.random(2000) > sure
        least = conformal.threshold(sure[:1000], wrong[:1000], 0.1)
        every.append(least)
        broken += (1 - (least + 1) / 2) > 0.1  # of answers given, from `least` to 1, the mean is right
    assert 0.8 < np.median(every) < 0.93  # answers given with 80 % and more are wrong in 10 %
    assert broken <= 11  # promised in 95 of 100
    assert conformal.threshold(np.ones(50), np.zeros(50, bool), 0.01) == np.inf  # fifty cannot prove one in a hundred


def test_the_curve_by_hand() -> None:
    answered, risk = conformal.curve(np.array([0.9, 0.6, 0.8]), np.array([False, True, True]))
    np.testing.assert_allclose(answered, [1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(risk, [0, 1 / 2, 2 / 3])


def test_pooled_bounds_are_those_of_mapie() -> None:
    classification = pytest.importorskip("mapie.classification")

    class Net:
        """Probabilities as they are given, in the form that MAPIE asks for."""

        classes_ = np.arange(3)
        n_features_in_ = 3

        def fit(self, given: np.ndarray, truth: np.ndarray) -> "Net":
            return self

        def predict(self, given: np.ndarray) -> np.ndarray:
            return given.argmax(1)

        def predict_proba(self, given: np.ndarray) -> np.ndarray:
            return given

        def __sklearn_is_fitted__(self) -> bool:
            return True

    scores, truth = drawn(500, 3)
    theirs = classification.SplitConformalClassifier(Net(), confidence_level=0.9, conformity_score="lac", prefit=True)
    theirs.conformalize(scores[:250], truth[:250])
    _, wanted = theirs.predict_set(scores[250:])
    one = conformal.cut(1 - scores[:250][np.arange(250), truth[:250]], 0.9)
    np.testing.assert_array_equal(conformal.sets(scores[250:], np.full(3, one)), wanted[:, :, 0])
