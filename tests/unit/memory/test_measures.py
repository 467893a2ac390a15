"""Measures on cases whose answer is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import (
    Attention,
    DecayedHebbian,
    accuracy,
    bits_per_synapse,
    bits_per_value,
    discriminability,
    overlap,
    reconstruction_error,
    synapses,
)

VALUES = jax.random.rademacher(jax.random.key(0), (40, 30), jnp.float32)


def test_what_is_found_whole():
    assert float(accuracy(VALUES, VALUES)) == 1
    assert float(overlap(3 * VALUES, VALUES)) == pytest.approx(1)
    assert float(bits_per_value(0.1 * VALUES, VALUES)) == pytest.approx(1)
    assert float(reconstruction_error(VALUES, VALUES)) == 0


def test_what_is_not_found():
    nothing = jnp.zeros_like(VALUES)
    assert float(overlap(nothing, VALUES)) == 0
    assert float(bits_per_value(nothing, VALUES)) == 0
    assert float(bits_per_value(-VALUES, VALUES)) == 0
    mean = jnp.broadcast_to(VALUES.mean(axis=0), VALUES.shape)
    assert float(reconstruction_error(mean, VALUES)) == pytest.approx(1, rel=1e-4)
    assert float(accuracy(jnp.full_like(VALUES, jnp.nan), VALUES)) == 0


def test_accuracy_counts_values_nearest_to_their_own():
    stored = jnp.array([[0.0, 0], [1, 0], [0, 10]])
    found = jnp.array([[0.4, 0], [0.4, 0], [0, 6]])
    assert float(accuracy(found, stored)) == pytest.approx(2 / 3)


@pytest.mark.parametrize("flips", [0.1, 0.25])
def test_bits_are_those_of_a_channel_that_flips(flips):
    wrong = np.zeros(VALUES.size, bool)
    wrong[: int(flips * VALUES.size)] = True
    found = jnp.where(wrong.reshape(VALUES.shape), -VALUES, VALUES)
    entropy = -flips * np.log2(flips) - (1 - flips) * np.log2(1 - flips)
    assert float(bits_per_value(found, VALUES)) == pytest.approx(1 - entropy, rel=1e-4)


def test_synapses_are_the_numbers_of_a_state():
    state = DecayedHebbian(5, 30).init()
    assert synapses(state) == 150
    assert float(bits_per_synapse(VALUES, VALUES, state)) == pytest.approx(40 * 30 / 150)
    assert synapses(Attention(5, 3, 10).init()) == 100


def test_discriminability_of_orthogonal_and_of_alike_keys():
    apart = discriminability(jnp.eye(6))
    assert float(apart.margin) == pytest.approx(1)
    assert float(apart.effective_rank) == pytest.approx(6, rel=1e-4)
    assert float(apart.participation_ratio) == pytest.approx(5, rel=1e-4)
    alike = discriminability(jnp.ones((6, 4)) + 0.01 * jnp.eye(6, 4))
    assert float(alike.margin) < 1e-3
    assert float(alike.effective_rank) < 1.2


def test_participation_ratio_is_the_dimension_of_an_even_cloud():
    cloud = jax.random.normal(jax.random.key(1), (20_000, 3)) @ jnp.eye(3, 10)
    assert float(discriminability(cloud[:4000]).participation_ratio) == pytest.approx(3, rel=0.02)


def test_nothing_found_is_never_right():
    for count in (1, 5):
        stored = jnp.asarray(np.random.default_rng(0).choice([-1.0, 1.0], (count, 8)))
        assert float(accuracy(jnp.zeros_like(stored), stored)) == 0.0
