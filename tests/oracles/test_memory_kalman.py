"""The Kalman memory against Bayes' rule written out, ridge regression and a logistic fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from recollect.memory import KalmanDelta

LEAST_VARIANCE = 1e-4


def answers(seed, length, dim, true, scale=1.0):
    random = np.random.default_rng(seed)
    keys = scale * random.normal(size=(length, dim))
    return keys, (random.random(length) < expit(keys @ true)).astype(float)


def remembered(keys, values, mean, deviation, drift):
    """The memory's last belief, in float64."""
    with jax.enable_x64(True):
        memory = KalmanDelta(*(jnp.asarray(x, "float64") for x in (mean, deviation, drift)))
        state = last_belief(memory, jnp.asarray(keys), jnp.asarray(values))
        return np.asarray(state.mean), np.asarray(state.covariance)


@jax.jit
def last_belief(memory, keys, values):
    def step(state, pair):
        return memory.write(state, *pair), None

    return jax.lax.scan(step, memory.init(), (keys, values))[0]


def information_filter(keys, values, mean, deviation, drift):
    """The same belief by precisions: add drift to the covariance, information to its inverse."""
    mean, covariance = np.array(mean, float), np.diag(np.square(deviation))
    for key, value in zip(keys, values, strict=True):
        covariance = covariance + np.diag(np.square(drift))
        probability = expit(key @ mean)
        information = max(probability * (1 - probability), LEAST_VARIANCE)
        precision = np.linalg.inv(covariance) + information * np.outer(key, key)
        covariance = np.linalg.inv(precision)
        mean = mean + covariance @ key * (value - probability)
    return mean, covariance


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    dim=st.integers(1, 5),
    drift=st.sampled_from([0.0, 0.05, 1.0]),
    scale=st.sampled_from([0.1, 1.0, 5.0]),
)
def test_it_is_the_extended_kalman_filter(seed, dim, drift, scale):
    random = np.random.default_rng(seed)
    prior = random.normal(size=dim), random.uniform(0.2, 3.0, dim), np.full(dim, drift)
    keys, values = answers(seed + 1, 40, dim, random.normal(size=dim), scale)
    mean, covariance = remembered(keys, values, *prior)
    their_mean, their_covariance = information_filter(keys, values, *prior)
    assert mean == pytest.approx(their_mean, rel=1e-6, abs=1e-8)
    assert covariance == pytest.approx(their_covariance, rel=1e-6, abs=1e-8)


def test_small_logits_give_ridge_regression():
    """While probabilities stay near a half the filter is recursive least squares, and that is
    ridge regression on all data at once: targets 4 (value - 1/2), noise variance 4."""
    dim, deviation = 4, 0.02
    keys, values = answers(0, 500, dim, np.zeros(dim))
    mean, covariance = remembered(keys, values, np.zeros(dim), np.full(dim, deviation), np.zeros(4))
    precision = keys.T @ keys / 4 + np.eye(dim) / deviation**2
    ridge = np.linalg.solve(precision, keys.T @ (values - 0.5))
    assert mean == pytest.approx(ridge, rel=0.02)
    assert covariance == pytest.approx(np.linalg.inv(precision), rel=0.02, abs=1e-7)


def logistic_fit(keys, values, deviation):
    """Maximum a posteriori weights and the inverse curvature there."""

    def loss(weights):
        logit = keys @ weights
        penalty = 0.5 * np.sum(np.square(weights / deviation))
        return np.sum(np.logaddexp(0, logit) - values * logit) + penalty

    def slope(weights):
        return keys.T @ (expit(keys @ weights) - values) + weights / deviation**2

    weights = minimize(loss, np.zeros(keys.shape[1]), jac=slope, method="BFGS", tol=1e-10).x
    probability = expit(keys @ weights)
    curvature = (keys * (probability * (1 - probability))[:, None]).T @ keys
    return weights, np.linalg.inv(curvature + np.diag(1 / deviation**2))


@pytest.mark.parametrize("seed", range(3))
def test_one_pass_over_many_answers_comes_to_the_logistic_fit(seed):
    """Within half a standard error of what a fit to all answers at once finds."""
    true, deviation = np.array([1.0, -0.7, 0.2]), np.full(3, 0.7)
    keys, values = answers(seed, 6_000, 3, true)
    mean, covariance = remembered(keys, values, np.zeros(3), deviation, np.zeros(3))
    fitted, uncertainty = logistic_fit(keys, values, deviation)
    error = np.sqrt(np.diag(uncertainty))
    assert np.abs(mean - fitted).max() < 0.5 * error.min()
    assert np.sqrt(np.diag(covariance)) == pytest.approx(error, rel=0.05)
    assert np.linalg.norm(mean - true) < 4 * np.linalg.norm(error)


def test_the_more_answers_the_closer_to_the_logistic_fit():
    true, deviation = np.array([1.0, -0.7, 0.2]), np.full(3, 0.7)
    distance = []
    for length in (50, 500, 5_000):
        gaps = []
        for seed in range(10):
            keys, values = answers(seed, length, 3, true)
            mean, _ = remembered(keys, values, np.zeros(3), deviation, np.zeros(3))
            gaps.append(np.linalg.norm(mean - logistic_fit(keys, values, deviation)[0]))
        distance.append(np.mean(gaps))
    assert distance[2] < 0.3 * distance[1] < 0.3 * distance[0]


def test_its_intervals_hold_the_truth_as_often_as_they_say():
    """Weights drawn from the prior: 95 % intervals of the logit hold 95 % of the true ones."""
    random = np.random.default_rng(0)
    inside = []
    for seed in range(200):
        true = random.normal(size=2) * 0.8
        keys, values = answers(seed, 100, 2, true)
        mean, covariance = remembered(keys, values, np.zeros(2), np.full(2, 0.8), np.zeros(2))
        query = random.normal(size=2)
        error = np.sqrt(query @ covariance @ query)
        inside.append(abs(query @ (mean - true)) < 1.96 * error)
    assert 0.90 < np.mean(inside) < 0.99
