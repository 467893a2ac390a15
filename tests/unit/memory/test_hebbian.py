"""Hebbian fast weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import DecayedHebbian, ScalarHebbian, read_traces

MEMORY = DecayedHebbian(4, 3)


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def written(keys, values):
    state = MEMORY.init()
    for key, value in zip(keys, values, strict=True):
        state = MEMORY.write(state, key, value)
    return state


def test_orthonormal_keys_do_not_disturb_one_another():
    keys = jnp.linalg.qr(normal(0, 4, 4))[0]
    values = normal(1, 4, 3)
    state = written(keys, values)
    for key, value in zip(keys, values, strict=True):
        assert np.allclose(MEMORY.read(state, key), value, atol=1e-5)


def test_similar_keys_blend():
    """What is found under one key is its value plus the other's, by their similarity."""
    keys = jnp.array([[1.0, 0, 0, 0], [0.6, 0.8, 0, 0]])
    values = normal(2, 2, 3)
    found = MEMORY.read(written(keys, values), keys[0])
    assert np.allclose(found, values[0] + 0.6 * values[1], atol=1e-6)


def test_a_pair_written_again_counts_again():
    key, value = normal(3, 4), normal(4, 3)
    once, twice = written([key], [value]), written([key, key], [value, value])
    assert np.allclose(twice, 2 * once, rtol=1e-6)


def test_without_decay_the_order_does_not_matter():
    keys, values = normal(5, 20, 4), normal(6, 20, 3)
    order = np.random.default_rng(7).permutation(20)
    assert np.allclose(written(keys, values), written(keys[order], values[order]), atol=1e-5)


def test_decay_is_a_share_of_each_row():
    state = normal(8, 4, 3)
    faded = MEMORY.decay(state, jnp.array([1.0, 0.5, 0.25, 0.0]))
    assert np.array_equal(faded[0], state[0])
    assert np.array_equal(faded[2], state[2] / 4)
    assert np.array_equal(faded[3], np.zeros(3))


def test_decay_in_two_steps_is_decay_in_one():
    state, scales = normal(9, 4, 3), jnp.array([0.1, 1.0, 10.0, 100.0])

    def after(state, days):
        return MEMORY.decay(state, jnp.exp(-days / scales))

    assert np.allclose(after(after(state, 0.4), 1.1), after(state, 1.5), rtol=1e-5)


def test_traces_wholly_kept_are_a_weighted_sum_of_values():
    keys, values, query = normal(10, 5, 4), normal(11, 5, 3), normal(12, 4)
    found = read_traces(keys, values, jnp.ones((5, 4)), query)
    assert np.allclose(found, (np.asarray(keys) @ query) @ values, atol=1e-5)


def test_no_traces_give_nothing():
    nothing = read_traces(jnp.zeros((0, 4)), jnp.zeros((0, 3)), jnp.zeros((0, 4)), normal(0, 4))
    assert np.array_equal(nothing, np.zeros(3))


def test_the_gradient_of_a_read_is_that_of_the_dual():
    """By retained share: the two forms are one function, so their slopes are one too."""
    key, value, query = normal(13, 4), normal(14, 3), normal(15, 4)

    def weights(share):
        faded = MEMORY.decay(MEMORY.write(MEMORY.init(), key, value), share)
        return MEMORY.read(faded, query).sum()

    def traces(share):
        return read_traces(key[None], value[None], share[None], query).sum()

    share = jnp.array([0.9, 0.5, 0.1, 0.0])
    assert np.allclose(jax.grad(weights)(share), jax.grad(traces)(share), atol=1e-6)
    assert np.abs(jax.grad(weights)(share)).max() > 0.01


@pytest.mark.parametrize(
    ("key", "value"), [((3,), (3,)), ((4,), (2,)), ((4, 1), (3,)), ((4,), (3, 1))]
)
def test_a_pair_of_another_shape_is_refused(key, value):
    with pytest.raises(TypeError):
        MEMORY.write(MEMORY.init(), jnp.ones(key), jnp.ones(value))


def test_plain_numbers_are_values_of_one_component():
    plain, one = ScalarHebbian(4), DecayedHebbian(4)
    key, share, query = normal(16, 4), jnp.array([0.9, 0.5, 0.1, 0.0]), normal(17, 4)
    state = plain.write(plain.decay(normal(18, 4), share), key, jnp.asarray(0.7))
    column = one.write(one.decay(normal(18, 4)[:, None], share), key, jnp.array([0.7]))
    assert np.allclose(state, column[:, 0])
    assert np.allclose(plain.read(state, query), one.read(column, query)[0])


def test_memories_side_by_side_are_as_each_alone():
    memory = ScalarHebbian(4)
    state, key, share = normal(19, 4, 3, 5), normal(20, 4, 3, 5), jnp.abs(normal(21, 4, 1, 5))
    query, value = normal(22, 4, 3, 1), normal(23, 3, 5)
    written = memory.write(memory.decay(state, share), key, value)
    found = memory.read(written, query)
    assert found.shape == (3, 5)
    alone = memory.write(memory.decay(state[:, 2, 4], share[:, 0, 4]), key[:, 2, 4], value[2, 4])
    assert np.allclose(written[:, 2, 4], alone)
    assert np.allclose(found[2, 4], memory.read(alone, query[:, 2, 0]), atol=1e-5)
