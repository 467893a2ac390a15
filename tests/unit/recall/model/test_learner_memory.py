"""The learner memory: against a plain Kalman filter, and never much worse than an average."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recollect.recall.model.keys import CURVE_SIGN
from recollect.recall.model.learner import (
    GUARD_SHARE,
    GUARD_START,
    PLASTICITIES,
    PRIOR_DEVIATION,
    curve_weights,
    guard_weight,
    learn_curve,
    learn_instant,
    untaught_curve,
    untaught_instant,
)

learn = jax.jit(lambda prior, *columns: learn_instant(untaught_instant(prior), *columns))
learn_lasting = jax.jit(lambda prior, *columns: learn_curve(untaught_curve(prior), *columns))
N, KEY = 128, 3


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def f32(values):
    return jnp.asarray(values, jnp.float32)


def run(prior, keys, average, recalled, real=None):
    real = np.ones(len(keys)) if real is None else real
    return learn(*(f32(x) for x in (prior, keys, average, recalled, real)))


def case(seed, n=N):
    random = np.random.default_rng(seed)
    return (
        random.normal(size=KEY),
        random.normal(size=(n, KEY)),
        random.normal(1.0, 0.5, n),
        random.integers(0, 2, n).astype(float),
    )


def filtered(prior, deviation, drift, keys, recalled):
    """The extended Kalman filter of logistic regression, as textbooks have it."""
    mean, covariance = prior.copy(), np.eye(prior.size) * deviation**2
    logits, variances, means = [], [], []
    for key, outcome in zip(keys, recalled, strict=True):
        logits.append(key @ mean)
        variances.append(key @ covariance @ key)
        chance = sigmoid(key @ mean)
        predicted = covariance + np.eye(prior.size) * drift**2
        slope = chance * (1 - chance) * key
        gain = predicted @ slope / (chance * (1 - chance) + slope @ predicted @ slope)
        mean = mean + gain * (outcome - chance)
        covariance = predicted - np.outer(gain, slope) @ predicted
        means.append(mean)
    return np.array(logits), np.array(variances), np.array(means), covariance


@pytest.mark.parametrize("seed", range(3))
def test_the_instant_memories_are_kalman_filters_whose_recall_is_averaged(seed):
    prior, keys, average, recalled = case(seed)
    found = run(prior, keys, average, recalled)
    each = [filtered(prior, PRIOR_DEVIATION, drift, keys, recalled) for drift in PLASTICITIES]
    learned = np.mean([sigmoid(logit) for logit, *_ in each], axis=0)
    guard, odds = [], GUARD_START / (1 - GUARD_START)
    own = sigmoid(average)
    for mine, other, outcome in zip(own, learned, recalled, strict=True):
        weight = GUARD_SHARE + (1 - 2 * GUARD_SHARE) * odds / (1 + odds)
        guard.append(weight)
        ratio = mine / other if outcome else (1 - mine) / (1 - other)
        odds = weight / (1 - weight) * ratio
    guard = np.array(guard)
    np.testing.assert_allclose(found.guard, guard, rtol=2e-3)
    np.testing.assert_allclose(found.probability, (1 - guard) * learned + guard * own, rtol=1e-3)
    spread = np.mean([variance for _, variance, *_ in each], axis=0)
    spread += np.var([logit for logit, *_ in each], axis=0)
    np.testing.assert_allclose(found.deviation, np.sqrt(spread), rtol=2e-3)
    for i, (_, _, means, covariance) in enumerate(each):
        np.testing.assert_allclose(found.states.mean[i], means[-1], rtol=2e-3, atol=1e-4)
        np.testing.assert_allclose(found.states.covariance[i], covariance, rtol=5e-3, atol=1e-5)


def test_the_memory_of_the_curve_is_a_kalman_filter_without_drift():
    prior, keys, _, recalled = case(5)
    untaught, _ = learn_lasting(f32(prior), f32(0 * keys), f32(recalled))
    np.testing.assert_array_equal(untaught.mean, f32(prior))
    deviation = float(np.sqrt(untaught.covariance[0, 0]))
    state, means = learn_lasting(f32(prior), f32(keys), f32(recalled))
    *_, expected, covariance = filtered(prior, deviation, 0.0, keys, recalled)
    np.testing.assert_allclose(means, expected, rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(state.mean, expected[-1], rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(state.covariance, covariance, rtol=5e-3, atol=1e-6)


def test_padding_changes_nothing():
    prior, keys, average, recalled = case(7, 100)

    def pad(values):
        return np.concatenate([values, np.zeros((28, *values.shape[1:]))])

    real = pad(np.ones(100))
    plain = run(prior, keys, average, recalled)
    wide = run(prior, pad(keys), pad(average), pad(recalled), real)
    for name in ("probability", "deviation", "guard"):
        np.testing.assert_allclose(getattr(wide, name)[:100], getattr(plain, name), rtol=1e-5)
    for one, other in zip(jax.tree.leaves(plain[3:]), jax.tree.leaves(wide[3:]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    lasting, _ = learn_lasting(f32(prior), f32(keys), f32(recalled))
    padded, _ = learn_lasting(f32(prior), f32(pad(keys)), f32(pad(recalled)))
    for one, other in zip(lasting, padded, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_learning_in_two_parts_is_learning_at_once():
    prior, *columns = case(9)
    columns.append(np.ones(N))
    whole = run(prior, *columns)
    first = run(prior, *(column[:50] for column in columns))
    rest = jax.jit(learn_instant)(
        (first.states, first.guard_evidence), *(f32(column[50:]) for column in columns)
    )
    both = np.r_[first.probability, rest.probability]
    np.testing.assert_allclose(both, whole.probability, rtol=1e-5)
    np.testing.assert_allclose(rest.states.covariance, whole.states.covariance, rtol=1e-4)
    keys, recalled = columns[0], columns[2]
    lasting, _ = learn_lasting(f32(prior), f32(keys), f32(recalled))
    half, _ = learn_lasting(f32(prior), f32(keys[:50]), f32(recalled[:50]))
    again, _ = jax.jit(learn_curve)(half, f32(keys[50:]), f32(recalled[50:]))
    np.testing.assert_allclose(again.mean, lasting.mean, rtol=1e-5)


def test_a_row_is_read_before_its_outcome_is_stored():
    prior, keys, average, recalled = case(8)
    flipped = recalled.copy()
    flipped[60:] = 1 - flipped[60:]
    before, after = run(prior, keys, average, recalled), run(prior, keys, average, flipped)
    np.testing.assert_array_equal(before.probability[:61], after.probability[:61])
    assert before.probability[61] != after.probability[61]


def regret(found, average, recalled):
    """Log loss beyond that of the average, over the whole stream."""
    mine, own = np.asarray(found.probability, np.float64), sigmoid(average)

    def loss(chance):
        return -np.log(np.where(recalled > 0.5, chance, 1 - chance))

    return float(np.sum(loss(mine) - loss(own)))


def bound(n):
    return -np.log(GUARD_START) - n * np.log(1 - GUARD_SHARE)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 100_000),
    st.floats(0.0, 6.0),
    st.floats(0.0, 1.0),
    st.sampled_from(["against", "with", "random", "alternating"]),
)
@example(0, 6.0, 1.0, "against")
@example(76, 3.0, 0.0, "against")
def test_the_loss_exceeds_that_of_the_average_by_no_more_than_was_promised(
    seed, size, level, stream
):
    random = np.random.default_rng(seed)
    prior = size * random.normal(size=KEY)
    keys = random.normal(size=(N, KEY))
    average = np.clip(random.normal(0, 2) + random.normal(0, 1, N), -7, 7)
    recalled = (random.random(N) < level).astype(float)
    against = (keys @ prior < 0).astype(float)
    if stream == "against":
        recalled = against
    elif stream == "with":
        recalled = 1 - against
    elif stream == "alternating":
        recalled = np.where(np.arange(N) // 16 % 2 == 0, against, 1 - against)
    found = run(prior, keys, average, recalled)
    assert regret(found, average, recalled) <= bound(N) + 1e-3


def test_the_promise_holds_where_the_memories_are_certain_and_wrong_again_and_again():
    """Right for a while, so that the guard sleeps; then certain of the wrong outcome."""
    n = 768
    keys = np.zeros((n, KEY))
    wrong = np.arange(n) % 32 == 31
    keys[~wrong, 0] = 1.0
    keys[wrong, 1] = 1.0
    prior, average, recalled = np.array([16.0, -16.0, 0.0]), np.zeros(n), np.ones(n)
    found = run(prior, keys, average, recalled)
    excess = np.cumsum(
        -np.log(np.asarray(found.probability, np.float64)) + np.log(sigmoid(average))
    )
    assert np.all(excess <= bound(np.arange(1, n + 1)) + 1e-3)


def test_the_guard_starts_small_and_never_sleeps():
    assert float(guard_weight(f32(-100.0))) == pytest.approx(GUARD_SHARE, rel=1e-3)
    assert float(guard_weight(f32(100.0))) == pytest.approx(1 - GUARD_SHARE, rel=1e-3)
    weight = guard_weight(f32(np.linspace(-9, 9, 50)))
    assert np.all(np.diff(weight) > 0)


def test_weights_that_would_let_the_curve_rise_are_set_to_zero():
    mean = np.random.default_rng(0).normal(size=(40, CURVE_SIGN.size))
    used = curve_weights(mean)
    assert np.all(used * CURVE_SIGN >= 0)
    allowed = (CURVE_SIGN == 0) | (mean * CURVE_SIGN >= 0)
    np.testing.assert_array_equal(used[allowed], mean[allowed])
    assert np.all(used[~allowed] == 0)
    assert np.any(~allowed)
