"""Baselines against slow, plain computations, and against the programs they stand for."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.recall.baselines import half_life
from recollect.recall.baselines.act_r_activation import CLOCK_RATE, Cards, activation
from recollect.recall.baselines.fsrs6_equations import Fsrs6Parameters, fsrs6_states
from recollect.recall.baselines.fsrs7_batches import training_batches
from recollect.recall.baselines.fsrs7_equations import fsrs7_recall
from recollect.recall.baselines.fsrs7_fit import loss_gradient
from recollect.recall.baselines.fsrs7_parameters import DEFAULTS, LOWER, UPPER, Fsrs7Parameters
from recollect.reviews import ReviewLog


def random_log(seed, n=400, cards=40, long_gaps=True):
    random = np.random.default_rng(seed)
    hours = np.cumsum(random.exponential(6.0 if long_gaps else 0.05, n))
    times = np.round(hours * 3_600_000).astype(np.int64)
    return ReviewLog.from_columns(random.integers(0, cards, n), times, random.integers(1, 5, n))


def histories(log):
    for card in np.unique(log.card_id):
        yield np.flatnonzero(log.card_id == card)


def random_fsrs6(seed):
    """The defaults, each moved by up to 30 %, within what FSRS tools allow."""
    random = np.random.default_rng(seed)
    values = np.array(Fsrs6Parameters().to_list()) * random.uniform(0.7, 1.3, 21)
    values[7], values[16] = max(values[7], 0.001), max(values[16], 1.0)
    return Fsrs6Parameters.from_list(values)


@pytest.mark.parametrize("seed", range(4))
def test_fsrs6_states_are_those_of_fsrs_rs(seed):
    fsrs = pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    parameters = Fsrs6Parameters() if seed == 0 else random_fsrs6(seed)
    log = random_log(seed)
    states = fsrs6_states(log, parameters)
    model = fsrs.FSRS(parameters=parameters.to_list())
    for rows in histories(log):
        gaps = np.maximum(log.elapsed_days[rows], 0).tolist()
        item = [fsrs.FSRSReview(int(r), d) for r, d in zip(log.rating[rows], gaps, strict=True)]
        theirs = model.historical_memory_states(fsrs.FSRSItem(item))
        assert states.stability_days[rows] == pytest.approx([s.stability for s in theirs], rel=2e-4)
        assert states.difficulty[rows] == pytest.approx([s.difficulty for s in theirs], rel=2e-5)


def test_fsrs6_defaults_are_those_of_fsrs_rs():
    fsrs = pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    assert Fsrs6Parameters().to_list() == pytest.approx(fsrs.DEFAULT_PARAMETERS, rel=1e-6)


def plain_fsrs7(w, gaps, ratings):
    """Recall before each review of one card but the first, one number at a time."""

    def clip(value, low, high):
        return min(max(value, low), high)

    def difficulty_at_first(grade):
        return w[4] - math.exp(w[5] * (grade - 1)) + 1

    def fast_curve(t):
        a = clip(w[23] * fast ** (w[33] - 0.3), 0.01, 0.95)
        return (1 + (w[25] ** (-1 / a) - 1) * t / fast) ** -a

    def curve(t):
        b = clip(w[24], 0.01, 0.95)
        speed = math.exp((d - 5) * (w[32] - 0.3))
        slow_part = (1 + (w[26] ** (-1 / b) - 1) * speed * t / slow) ** -b
        first = w[27] * fast ** -w[29]
        second = w[28] * slow ** w[30] * math.exp((d - 5) * (w[31] - 0.5))
        return (first * fast_curve(t) + second * slow_part) / (first + second) * (1 - 2e-5) + 1e-5

    def updated(s, r, grade, k):
        lapse = min(s, w[k + 3] * ((s + 1) ** w[k + 4] - 1) * math.exp(w[k + 5] * (1 - r)))
        if grade == 1:
            return lapse
        gain = math.exp(w[k] - 1.5) * (11 - d) * s ** -w[k + 1] * (math.exp(w[k + 2] * (1 - r)) - 1)
        gain *= {2: w[k + 6], 3: 1.0, 4: w[k + 7]}[grade]
        return max(lapse, s * (1 + gain))

    slow, fast = w[ratings[0] - 1], 0.8 * w[ratings[0] - 1]
    d = clip(difficulty_at_first(ratings[0]), 1, 10)
    found = []
    for gap, grade in zip(gaps[1:], ratings[1:], strict=True):
        r, r1 = curve(gap), fast_curve(gap)
        found.append(r)
        new_slow, new_fast = updated(slow, r, grade, 7), updated(fast, r1, grade, 15)
        if grade == 1:
            new_fast = min(new_fast, 0.8 * new_slow)
        step = -w[6] * (grade - 3) * (r + 0.1 if grade == 1 else 1.0)
        d = clip(0.01 * difficulty_at_first(4) + 0.99 * (d + step * (10 - d) / 9), 1, 10)
        slow, fast = clip(new_slow, 1e-4, 36500), clip(new_fast, 1e-4, 36500)
    return found


def random_fsrs7(seed):
    random = np.random.default_rng(seed)
    values = np.array(DEFAULTS.to_list()) * random.uniform(0.8, 1.2, 34)
    return np.clip(values, LOWER, UPPER).astype(float)


@pytest.mark.parametrize("seed", range(4))
def test_fsrs7_recall_is_that_of_the_plain_equations(seed):
    values = np.array(DEFAULTS.to_list()) if seed == 0 else random_fsrs7(seed)
    log = random_log(seed)
    elapsed = np.maximum(log.elapsed_seconds / 86_400, 0)
    rows = np.flatnonzero(log.review_index > 0)
    recall = np.zeros(len(log))
    recall[rows] = fsrs7_recall(log, Fsrs7Parameters.from_list(values), rows, elapsed)
    for of_card in histories(log):
        plain = plain_fsrs7(
            values.tolist(), elapsed[of_card].tolist(), log.rating[of_card].tolist()
        )
        assert recall[of_card[1:]] == pytest.approx(plain, rel=1e-9)


def test_fsrs7_gradient_is_that_of_finite_differences():
    log = random_log(5)
    elapsed = np.maximum(log.elapsed_seconds / 86_400, 0)
    rows = np.flatnonzero(log.review_index > 0)
    weights = np.random.default_rng(0).uniform(0.2, 1.0, rows.size)
    start = random_fsrs7(6)

    def loss(values):
        p = fsrs7_recall(log, Fsrs7Parameters.from_list(values), rows, elapsed)
        return -np.sum(weights * np.log(np.where(log.recalled[rows], p, 1 - p)))

    (batch,) = training_batches(log, rows, elapsed, weights)
    gradient = np.asarray(jax.jit(loss_gradient)(jnp.asarray(start, dtype=jnp.float32), batch))
    for index in range(34):
        step = np.zeros(34)
        step[index] = 1e-5 * max(start[index], 0.1)
        slope = (loss(start + step) - loss(start - step)) / (2 * step[index])
        assert gradient[index] == pytest.approx(slope, rel=5e-3, abs=5e-3), index


@pytest.mark.parametrize("long_gaps", [True, False])
def test_activation_is_that_of_the_plain_sum(long_gaps):
    log = random_log(7, long_gaps=long_gaps)
    decay, spacing = 0.18, 0.22
    found = activation(Cards.of(log), decay, spacing)
    for rows in histories(log):
        seconds = log.review_time_ms[rows] / 1000 * CLOCK_RATE
        rates = [decay]
        for k in range(1, rows.size):
            gaps = [max(seconds[k] - seconds[j], 1.0) for j in range(k)]
            strength = sum(gap**-rate for gap, rate in zip(gaps, rates, strict=True))
            rates.append(spacing * strength + decay)
            assert found.level[rows[k]] == pytest.approx(math.log(strength), abs=1e-7)


def test_activation_gradient_is_that_of_finite_differences():
    log = random_log(8)
    cards = Cards.of(log)
    found = activation(cards, 0.2, 0.3)
    step = 1e-6
    by_decay = activation(cards, 0.2 + step, 0.3).level - activation(cards, 0.2 - step, 0.3).level
    by_spacing = activation(cards, 0.2, 0.3 + step).level - activation(cards, 0.2, 0.3 - step).level
    assert found.by_decay == pytest.approx(by_decay / (2 * step), rel=1e-4, abs=1e-6)
    assert found.by_spacing == pytest.approx(by_spacing / (2 * step), rel=1e-4, abs=1e-6)


def test_half_life_fit_is_where_the_loss_is_least():
    log = random_log(9, n=800)
    rows = np.flatnonzero(log.review_index > 0)
    features = half_life.half_life_features(log)[rows]
    elapsed, recalled = log.elapsed_seconds[rows] / 86_400, log.recalled[rows]

    def loss(weights):
        p = half_life.half_life_recall(weights, features, elapsed)
        prior = (weights - half_life.PRIOR_MEAN) / half_life.PRIOR_SPREAD
        return -np.sum(np.log(np.where(recalled, p, 1 - p))) + 0.5 * prior @ prior

    best = half_life.fit_half_life(features, elapsed, recalled)
    random = np.random.default_rng(0)
    for size in (0.01, 0.1, 1.0):
        for direction in random.normal(size=(20, 3)):
            assert loss(best + size * direction) > loss(best)
