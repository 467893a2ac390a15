"""Separations against what defines them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.errors import ParameterError
from recollect.memory import (
    Linear,
    Normalised,
    Power,
    Softmax,
    Sparsemax,
    Threshold,
    TopK,
)

# A few lengths only: each is compiled for itself.
SIMILARITIES = st.sampled_from([1, 2, 5, 12]).flatmap(
    lambda n: st.lists(st.floats(-20, 20, width=32), min_size=n, max_size=n)
)
ALL = [Linear(), Normalised(), Power(3), Softmax(2.0), Sparsemax(0.5), Threshold(0.5), TopK(2)]
MIXING = [Softmax(2.0), Sparsemax(0.5), TopK(2), TopK(50)]


def names(modules):
    return [type(one).__name__ for one in modules]


@settings(max_examples=80, deadline=None)
@given(SIMILARITIES)
def test_sparsemax_is_the_nearest_point_of_the_simplex(numbers):
    """By bisection on the threshold that makes the weights sum to 1."""
    z = np.array(numbers, np.float64)
    low, high = z.min() - 1, z.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(z - middle, 0).sum() > 1 else (low, middle)
    found = Sparsemax()(jnp.asarray(z, jnp.float32))
    np.testing.assert_allclose(found, np.maximum(z - low, 0), atol=2e-4)


@settings(max_examples=50, deadline=None)
@given(SIMILARITIES, st.floats(0.1, 5.0))
def test_softmax_is_softmax(numbers, beta):
    z = np.array(numbers, np.float64) * beta
    expected = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    found = Softmax(beta)(jnp.asarray(numbers, jnp.float32))
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-6)


def test_top_k_is_a_softmax_over_the_best():
    found = TopK(2, 3.0)(jnp.array([0.1, 0.9, -2.0, 0.7]))
    share = 1 / (1 + np.exp(-3.0 * 0.2))
    np.testing.assert_allclose(found, [0, share, 0, 1 - share], rtol=1e-5)


@pytest.mark.parametrize("separation", MIXING, ids=names(MIXING))
def test_weights_of_a_mixture_sum_to_one_and_keep_the_order(separation):
    z = jnp.asarray(np.random.default_rng(0).normal(size=(5, 9)), jnp.float32)
    weight = np.asarray(separation(z))
    np.testing.assert_allclose(weight.sum(axis=-1), 1.0, rtol=1e-5)
    order = np.argsort(z, axis=-1)
    assert np.all(np.diff(np.take_along_axis(weight, order, axis=-1), axis=-1) >= -1e-7)


@pytest.mark.parametrize("separation", ALL, ids=names(ALL))
def test_empty_slots_weigh_nothing(separation):
    some = jnp.array([0.3, 1.2, 0.7])
    gaps = jnp.array([-jnp.inf, 0.3, -jnp.inf, 1.2, 0.7])
    full = separation(some)
    np.testing.assert_allclose(separation(gaps), [0, full[0], 0, full[1], full[2]], rtol=1e-6)
    np.testing.assert_array_equal(separation(jnp.full(4, -jnp.inf)), np.zeros(4))


@pytest.mark.parametrize("separation", ALL, ids=names(ALL))
def test_what_is_not_a_number_is_not_hidden(separation):
    weight = separation(jnp.array([0.3, jnp.nan, 0.7]))
    assert np.isnan(weight).any()


@pytest.mark.parametrize("beta", [0.5, 2.0])
@pytest.mark.parametrize("kind", [Softmax, Sparsemax, lambda beta: TopK(2, beta)])
def test_the_slope_by_temperature_is_finite_with_empty_slots(kind, beta):
    z = jnp.array([0.3, -jnp.inf, 0.9, 0.5])

    def loss(beta):
        return jnp.sum(jnp.arange(4.0) * kind(beta)(z))

    slope = float(jax.grad(loss)(beta))
    step = 1e-3
    expected = (float(loss(beta + step)) - float(loss(beta - step))) / (2 * step)
    assert slope == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("size", [1e3, 1e5, 5e7, 1e8])
def test_sparsemax_of_large_numbers_sums_to_1(size):
    assert Sparsemax()(jnp.array([size, size, 0.0])).tolist() == [0.5, 0.5, 0.0]
    assert Sparsemax()(jnp.array([size, -jnp.inf])).tolist() == [1.0, 0.0]
    spread = jnp.asarray(size + np.random.default_rng(0).random(50), jnp.float32)
    assert float(Sparsemax()(spread).sum()) == pytest.approx(1.0, abs=1e-5)


def test_what_would_weigh_empty_slots_is_refused():
    assert Threshold(-jnp.inf)(jnp.array([-jnp.inf, 0.0])).tolist() == [0.0, 1.0]
    with pytest.raises(ParameterError, match="degree"):
        Power(0)
    with pytest.raises(ParameterError, match="most similar"):
        TopK(0)
