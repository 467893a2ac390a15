"""The delta rule whose step follows the uncertainty of the weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads

from recollect.memory import KalmanDelta

DIM = 3


def memory_of(prior_deviation=1.0, drift_deviation=0.0, dim=DIM, prior_mean=0.0):
    return KalmanDelta(*(jnp.full(dim, x) for x in (prior_mean, prior_deviation, drift_deviation)))


def answers(seed, length, dim=DIM, scale=1.0):
    random = np.random.default_rng(seed)
    keys = scale * random.normal(size=(length, dim))
    values = random.random(length) < 1 / (1 + np.exp(-keys.sum(axis=1)))
    return jnp.asarray(keys, jnp.float32), jnp.asarray(values, jnp.float32)


@jax.jit
def along(memory, keys, values):
    """Every belief of a stream, stacked."""

    def step(state, pair):
        state = memory.write(state, *pair)
        return state, state

    return jax.lax.scan(step, memory.init(), (keys, values))[1]


def eigenvalues(covariance):
    return np.linalg.eigvalsh(np.asarray(covariance, np.float64))


def asymmetry(covariance):
    """Of the worst belief, as a share of its largest entry."""
    difference = np.abs(covariance - np.swapaxes(covariance, -1, -2)).max(axis=(-1, -2))
    return (difference / np.abs(covariance).max(axis=(-1, -2))).max()


def test_before_any_write_it_reads_the_prior():
    memory = KalmanDelta(jnp.array([1.0, -2.0]), jnp.array([0.5, 3.0]), jnp.zeros(2))
    found = memory.read(memory.init(), jnp.array([2.0, 1.0]))
    assert float(found.logit) == pytest.approx(0.0, abs=1e-6)
    assert float(found.variance) == pytest.approx(0.25 * 4 + 9.0, rel=1e-6)


def test_reading_and_writing_at_once_is_both():
    memory, (keys, values) = memory_of(0.8, 0.1), answers(6, 20)
    state = memory.write(memory.init(), keys[0], values[0])
    for key, value in zip(keys, values, strict=True):
        found, after = memory.read_and_write(state, key, value)
        for ours, theirs in zip(found, memory.read(state, key), strict=True):
            assert float(ours) == pytest.approx(float(theirs), rel=1e-4, abs=1e-5)
        state = memory.write(state, key, value)
        assert np.array_equal(after.mean, state.mean)
        assert np.array_equal(after.covariance, state.covariance)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_write_moves_towards_the_value_and_makes_surer(value):
    memory, key = memory_of(), jnp.array([1.0, -0.5, 2.0])
    state = memory.write(memory.init(), key, jnp.array(value))
    before, after = memory.read(memory.init(), key), memory.read(state, key)
    assert (float(after.logit) > 0) == (value > 0)
    assert 0 < float(after.variance) < float(before.variance)


@pytest.mark.parametrize(
    ("dtype", "priors", "scales"),
    [("float32", (1e-3, 0.1, 1.0), (0.01, 1.0, 3.0)), ("float64", (1.0, 100.0), (1.0, 30.0))],
)
@settings(max_examples=30, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_the_covariance_stays_symmetric_and_positive(dtype, priors, scales, data, seed):
    """In float32 while prior deviation times length of key is in the tens at most."""
    prior, scale = data.draw(st.sampled_from(priors)), data.draw(st.sampled_from(scales))
    drift = data.draw(st.sampled_from([0.0, 1e-3, 0.1]))
    columns = answers(seed, 300, scale=scale)
    with jax.enable_x64(dtype == "float64"):
        memory = jax.tree.map(lambda leaf: leaf.astype(dtype), memory_of(prior, drift))
        states = along(memory, *(column.astype(dtype) for column in columns))
        mean, covariance = np.asarray(states.mean), np.asarray(states.covariance)
    assert np.all(np.isfinite(mean))
    assert asymmetry(covariance) < 1e-5
    assert np.all(eigenvalues(covariance)[:, 0] > 0)


def test_the_covariance_survives_a_hundred_thousand_writes():
    memory = memory_of(0.5, 1e-3, dim=12)
    states = along(memory, *answers(0, 100_000, dim=12))
    every = slice(None, None, 5000)
    assert np.all(eigenvalues(states.covariance[every]) > 0)
    assert asymmetry(states.covariance) < 1e-5
    assert np.allclose(states.mean[-1], 1.0, atol=0.5)


def test_without_drift_every_write_makes_surer():
    keys, values = answers(1, 200)
    memory = memory_of(2.0)
    after = np.asarray(along(memory, keys, values).covariance)
    before = np.concatenate([memory.init().covariance[None], after[:-1]])
    assert eigenvalues(before - after).min() > -1e-5
    assert np.all(np.trace(after, axis1=1, axis2=2) < np.trace(before, axis1=1, axis2=2))


def test_drift_makes_less_sure_where_nothing_is_written():
    memory = memory_of(1.0, 0.5)
    state = memory.write(memory.init(), jnp.array([1.0, 0.0, 0.0]), jnp.array(1.0))
    variance = np.diag(state.covariance)
    assert np.allclose(variance[1:], 1.25)
    assert variance[0] < 1.25


def test_a_key_of_zeros_without_drift_moves_nothing():
    memory = memory_of(0.7)
    before = along(memory, *answers(2, 5))
    before = jax.tree.map(lambda leaf: leaf[-1], before)
    after = memory.write(before, jnp.zeros(DIM), jnp.array(1.0))
    assert np.array_equal(after.mean, before.mean)
    assert np.array_equal(after.covariance, before.covariance)


def test_a_weight_that_is_certain_never_moves():
    memory = KalmanDelta(jnp.array([0.3, 0.0]), jnp.array([0.0, 1.0]), jnp.zeros(2))
    states = along(memory, *answers(3, 100, dim=2))
    assert np.all(states.mean[:, 0] == np.float32(0.3))
    assert np.all(states.covariance[:, 0] == 0)
    assert abs(float(states.mean[-1, 1])) > 0.1


def test_a_certain_prediction_that_fails_moves_the_weights_finitely():
    memory = memory_of(1.0, dim=1, prior_mean=80.0)
    state = memory.write(memory.init(), jnp.ones(1), jnp.array(0.0))
    assert 70.0 < float(state.mean[0]) < 80.0
    assert 0.99 < float(state.covariance[0, 0]) < 1.0


def test_the_step_is_larger_while_little_is_known():
    memory = memory_of(1.0, dim=1)
    means = np.asarray(along(memory, jnp.ones((60, 1)), jnp.tile(jnp.array([1.0, 0.0]), 30)).mean)
    steps = np.abs(np.diff(means[:, 0]))
    assert steps[-1] < 0.2 * steps[0]


def test_with_drift_it_follows_a_learner_who_changes():
    """Ten thousand answers; halfway the weight turns from 2 to -2."""
    random = np.random.default_rng(4)
    true = np.where(np.arange(10_000) < 5_000, 2.0, -2.0)
    values = jnp.asarray(random.random(10_000) < 1 / (1 + np.exp(-true)), jnp.float32)
    follows = along(memory_of(1.0, 0.1, dim=1), jnp.ones((10_000, 1)), values).mean[:, 0]
    stays = along(memory_of(1.0, 0.0, dim=1), jnp.ones((10_000, 1)), values).mean[:, 0]
    assert np.abs(follows[4_000:5_000].mean() - 2.0) < 0.3
    assert np.abs(follows[9_000:].mean() + 2.0) < 0.3
    assert float(stays[-1]) > -0.5


def test_gradients_are_those_of_finite_differences():
    """Of the log loss of a stream, by everything that can be fitted."""
    with jax.enable_x64(True):
        keys, values = (column.astype("float64") for column in answers(5, 30))

        @jax.jit
        def loss(mean, log_deviation, log_drift):
            memory = KalmanDelta(mean, jnp.exp(log_deviation), jnp.exp(log_drift))

            def step(state, pair):
                logit = memory.read(state, pair[0]).logit
                return memory.write(state, *pair), jax.nn.softplus(logit) - pair[1] * logit

            return jax.lax.scan(step, memory.init(), (keys, values))[1].mean()

        start = (jnp.zeros(DIM), jnp.full(DIM, -0.5), jnp.full(DIM, -2.0))
        check_grads(loss, start, order=1, modes=("rev",), atol=1e-6, rtol=1e-6)
        slopes = jax.grad(loss, argnums=(0, 1, 2))(*start)
        assert all(float(jnp.abs(slope).max()) > 1e-5 for slope in slopes)
