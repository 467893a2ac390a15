"""Half-life regression."""

import numpy as np
import pytest

from recollect.recall.baselines.half_life import (
    PRIOR_MEAN,
    fit_half_life,
    half_life_features,
    half_life_recall,
)
from recollect.reviews import ReviewLog


def test_half_is_left_after_one_half_life():
    features = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 1.0]])
    weights = np.array([1.0, 2.0, -1.0])
    half_lives = np.array([4.0, 16.0])
    assert half_life_recall(weights, features, half_lives) == pytest.approx([0.5, 0.5])
    assert half_life_recall(weights, features, 2 * half_lives) == pytest.approx([0.25, 0.25])


def test_features_count_what_came_before():
    day = 86_400_000
    log = ReviewLog.from_columns(
        [1, 2, 1, 1, 2], [0, day, 2 * day, 3 * day, 9 * day], [3, 1, 1, 4, 2]
    )
    expected = [[1, 1, 1], [1, 1, 1], [1, 2, 1], [1, 2, 2], [1, 1, 2]]
    assert half_life_features(log) ** 2 == pytest.approx(np.array(expected, dtype=float))


def test_the_fit_finds_the_weights_that_made_the_outcomes():
    random = np.random.default_rng(0)
    weights = np.array([0.5, 1.5, -0.7])
    features = np.column_stack([np.ones(20_000), *np.sqrt(random.integers(1, 10, (2, 20_000)))])
    elapsed = np.exp2(features @ weights) * random.uniform(0.1, 2.0, 20_000)
    recalled = random.random(20_000) < half_life_recall(weights, features, elapsed)
    assert fit_half_life(features, elapsed, recalled) == pytest.approx(weights, abs=0.08)


def test_nothing_to_learn_from_leaves_the_prior():
    fitted = fit_half_life(np.ones((0, 3)), np.ones(0), np.ones(0, dtype=bool))
    assert fitted == pytest.approx(PRIOR_MEAN)
