"""Similarities and feature maps against their definitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import (
    Cosine,
    DeterministicParameterFree,
    Dot,
    EluPlusOne,
    Exponential,
    Gaussian,
    Identity,
    Manhattan,
    Mapped,
    Polynomial,
    PositiveRandom,
    RandomFourier,
    Unit,
)

RANDOM = np.random.default_rng(0)
KEYS, QUERY = RANDOM.normal(size=(7, 5)), RANDOM.normal(size=5)


@pytest.mark.parametrize(
    ("similarity", "definition"),
    [
        (Dot(), lambda k, q: sum(a * b for a, b in zip(k, q, strict=True))),
        (Cosine(), lambda k, q: np.dot(k, q) / np.linalg.norm(k) / np.linalg.norm(q)),
        (Gaussian(1.5), lambda k, q: np.exp(-(np.linalg.norm(k - q) ** 2) / 2 / 1.5**2)),
        (Exponential(0.7), lambda k, q: np.exp(0.7 * np.dot(k, q))),
        (Polynomial(3, 0.5), lambda k, q: (np.dot(k, q) + 0.5) ** 3),
        (Manhattan(), lambda k, q: -np.abs(k - q).sum()),
        (Mapped(Identity()), np.dot),
        (Mapped(EluPlusOne()), lambda k, q: np.dot(elu_plus_one(k), elu_plus_one(q))),
        (Mapped(Unit()), lambda k, q: np.dot(k, q) / np.linalg.norm(k) / np.linalg.norm(q)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_it_is_what_it_says(similarity, definition):
    found = similarity(jnp.asarray(KEYS, jnp.float32), jnp.asarray(QUERY, jnp.float32))
    np.testing.assert_allclose(found, [definition(k, QUERY) for k in KEYS], rtol=1e-4, atol=1e-5)


def elu_plus_one(x):
    return np.where(x > 0, x, np.exp(x) - 1) + 1


def test_binary_patterns_differ_by_their_hamming_distance():
    keys = RANDOM.integers(0, 2, (6, 20)).astype(np.float32)
    found = Manhattan()(jnp.asarray(keys), jnp.asarray(keys[2]))
    np.testing.assert_array_equal(found, -(keys != keys[2]).sum(axis=1))


def test_a_key_without_length_is_alike_to_nothing_and_has_a_finite_slope():
    keys = jnp.zeros((2, 3)).at[1].set(1.0)
    assert Cosine()(keys, jnp.ones(3)).tolist() == pytest.approx([0.0, 1.0])
    slope = jax.grad(lambda k: Cosine()(k, jnp.ones(3)).sum())(keys)
    assert np.all(np.isfinite(slope))
    assert np.isnan(Cosine()(keys.at[0, 0].set(jnp.nan), jnp.ones(3))[0])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_dpfp_features(order):
    key = np.array([1.0, -2.0, 0.5])
    halves = np.maximum(np.concatenate([key, -key]), 0)
    expected = [
        halves[i] * halves[(i - shift) % 6] for shift in range(1, order + 1) for i in range(6)
    ]
    found = DeterministicParameterFree(order)(jnp.asarray(key, jnp.float32))
    assert found.tolist() == pytest.approx(expected)


def test_random_fourier_features_near_the_gaussian():
    features = RandomFourier.draw(jax.random.key(1), 5, 20_000, 1.5)
    keys, query = jnp.asarray(KEYS, jnp.float32), jnp.asarray(QUERY, jnp.float32)
    np.testing.assert_allclose(Mapped(features)(keys, query), Gaussian(1.5)(keys, query), atol=0.03)


def test_positive_random_features_near_the_exponential():
    features = PositiveRandom.draw(jax.random.key(1), 5, 20_000)
    keys, query = (jnp.asarray(0.5 * x, jnp.float32) for x in (KEYS, QUERY))
    assert np.all(features(keys) > 0)
    np.testing.assert_allclose(Mapped(features)(keys, query), Exponential()(keys, query), rtol=0.06)
