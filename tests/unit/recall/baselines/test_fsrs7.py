"""FSRS-7: parameters, known states, properties of its curve, and the fit."""

import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.recall.baselines.fsrs7_batches import MAX_PRIOR_REVIEWS, training_batches
from recollect.recall.baselines.fsrs7_equations import (
    Fsrs7State,
    fsrs7_recall,
    fsrs7_states,
    recall,
)
from recollect.recall.baselines.fsrs7_fit import fit_fsrs7, recency_weights
from recollect.recall.baselines.fsrs7_parameters import DEFAULTS, LOWER, UPPER, Fsrs7Parameters
from recollect.recall.baselines.support import fractional_days
from recollect.reviews import ReviewLog


def test_parameters_go_to_a_list_and_back():
    values = [round(0.1 * i, 1) for i in range(34)]
    parameters = Fsrs7Parameters.from_list(values)
    assert parameters.to_list() == values
    assert parameters.slow.log_gain == 0.7
    assert parameters.fast.easy_factor == 2.2
    assert parameters.fast_decay_exponent == 3.3


def test_a_list_of_another_length_is_refused():
    with pytest.raises(ParameterError):
        Fsrs7Parameters.from_list([1.0] * 35)


def test_defaults_lie_within_their_bounds():
    values = np.array(DEFAULTS.to_list(), dtype=np.float32)
    assert np.all((values >= LOWER) & (values <= UPPER))


# Histories and the states that the reference implementations reach after them.
@pytest.mark.parametrize(
    ("elapsed_days", "ratings", "slow", "fast", "difficulty"),
    [
        ([0, 0, 1, 3, 8, 21], [1, 3, 3, 3, 3, 3], 25.98571, 700.5589, 5.877549),
        ([0, 0.99791664, 0.82361114, 1.0388889], [1, 1, 1, 1], 0.0329967, 0.00074975, 9.098294),
        (
            [0, 0.001, 0.25, 0, 1.5, 2.75, 100.5],
            [4, 2, 1, 3, 4, 2, 1],
            2.316326,
            0.894785,
            9.615686,
        ),
    ],
)
def test_states_of_the_reference(elapsed_days, ratings, slow, fast, difficulty):
    elapsed = np.array(elapsed_days, dtype=float)
    times = np.arange(len(ratings)) * 86_400_000
    log = ReviewLog.from_columns(np.ones(len(ratings), int), times, ratings)
    states = fsrs7_states(log, DEFAULTS, elapsed)
    last = [column[-1] for column in states]
    assert last == pytest.approx([slow, fast, difficulty], rel=1e-4)


@pytest.mark.parametrize(
    ("elapsed_days", "expected"), [(0, 0.99999), (0.5, 0.9641064), (21, 0.8774615)]
)
def test_recall_of_the_reference(elapsed_days, expected):
    state = Fsrs7State(np.array([10.0]), np.array([8.0]), np.array([5.0]))
    assert recall(DEFAULTS, state, np.array([elapsed_days]), np) == pytest.approx(
        [expected], abs=1e-6
    )


def test_recall_falls_with_time():
    state = Fsrs7State(*(np.full(50, value) for value in (3.0, 20.0, 7.0)))
    curve = recall(DEFAULTS, state, np.geomspace(1e-4, 1e4, 50), np)
    assert np.all(np.diff(curve) < 0)


def test_recency_weights_rise_to_one():
    weights = recency_weights(100)
    assert weights[0] == pytest.approx(0.0667)
    assert weights[-1] == pytest.approx(1.0)
    assert np.all(np.diff(weights) >= 0)


def test_batches_hold_every_train_row_once(make_log):
    log = make_log(seed=2, cards=150, reviews=100)
    rows = np.flatnonzero(log.elapsed_days > 0)
    weights = np.random.default_rng(0).uniform(0.1, 1.0, rows.size)
    batches = list(training_batches(log, rows, fractional_days(log), weights))
    short = log.review_index[rows] <= MAX_PRIOR_REVIEWS
    assert not np.all(short)
    found = np.concatenate([batch.weight[batch.weight > 0] for batch in batches])
    assert np.sort(found) == pytest.approx(np.sort(weights[short]))
    assert sum(batch.share for batch in batches) == pytest.approx(1.0)
    for batch in batches:
        assert np.count_nonzero(batch.weight) <= 512
        assert not np.any(batch.weight[batch.length :])
        assert not np.any(batch.weight[0])


def test_a_fit_beats_the_defaults_on_who_it_was_fitted_to(make_log):
    log = make_log(cards=32, reviews=60)
    rows = np.flatnonzero(log.elapsed_days > 0)
    elapsed = fractional_days(log)
    fitted = fit_fsrs7(log, rows, elapsed, np.ones(rows.size))

    def loss(parameters):
        p = fsrs7_recall(log, parameters, rows, elapsed)
        return -np.mean(np.log(np.where(log.recalled[rows], p, 1 - p)))

    assert loss(fitted) < loss(DEFAULTS) - 0.01
    values = np.array(fitted.to_list(), dtype=np.float32)
    assert np.all((values >= LOWER) & (values <= UPPER))
    assert np.all(np.diff(values[:4]) >= 0)
    assert fitted.slow_base >= fitted.fast_base


def test_weights_decide_what_is_learned(make_log):
    """Reviews of no weight might as well be missing."""
    log = make_log(cards=32)
    rows = np.flatnonzero(log.elapsed_days > 0)
    elapsed = fractional_days(log)
    weights = (log.card_id[rows] < 16).astype(float)
    rating = log.rating.copy()
    rating[log.card_id >= 16] = 1
    other = ReviewLog.from_columns(log.card_id, log.review_time_ms, rating)
    first = fit_fsrs7(log, rows, elapsed, weights).to_list()
    second = fit_fsrs7(other, rows, elapsed, weights).to_list()
    assert first == pytest.approx(second, rel=1e-4)


def test_nothing_to_learn_from_leaves_the_defaults(log):
    none = np.zeros(0, dtype=np.int64)
    assert fit_fsrs7(log, none, fractional_days(log), np.ones(0)) == DEFAULTS
