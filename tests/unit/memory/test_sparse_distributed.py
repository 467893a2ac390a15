"""Sparse distributed memory: near queries are repaired, sequences walked, nonsense refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory.general import read, write
from recollect.memory.sparse_distributed import SparseDistributed, radius_for


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


@pytest.fixture(scope="module")
def memory():
    return SparseDistributed.draw(jax.random.key(0), 128, 128, locations=4000, radius=54)


def damaged(words, bits):
    return words.at[:, :bits].multiply(-1.0)


def test_reading_again_closes_in(memory):
    words = signs(1, 12, 128)
    state = write(memory, memory.init(), words, words)
    again = SparseDistributed(128, 128, memory.addresses, memory.radius, readings=8)
    wrong = [
        float(jnp.mean(jnp.sign(read(m, state, damaged(words, 20))) != words))
        for m in (memory, again)
    ]
    assert 0 < wrong[0] < 0.05
    assert wrong[1] == 0


def test_a_far_query_finds_something_else(memory):
    words = signs(2, 40, 128)
    state = write(memory, memory.init(), words, words)
    near = jnp.mean(jnp.sign(read(memory, state, damaged(words, 10))) == words)
    far = jnp.mean(jnp.sign(read(memory, state, damaged(words, 60))) == words)
    assert near > 0.95
    assert far < 0.75


def test_values_may_be_the_next_word(memory):
    words = signs(3, 12, 128)
    state = write(memory, memory.init(), words[:-1], words[1:])
    now = words[0]
    for expected in words[1:]:
        now = jnp.sign(memory.read(state, now))
        np.testing.assert_array_equal(now, expected)


def test_at_once_is_one_after_another(memory):
    keys, values = signs(4, 9, 128), signs(5, 9, 128)
    state = memory.init()
    for key, value in zip(keys, values, strict=True):
        state = memory.write(state, key, value)
    np.testing.assert_array_equal(memory.write_all(memory.init(), keys, values), state)


def test_about_the_share_asked_for_takes_part():
    memory = SparseDistributed.draw(jax.random.key(0), 128, 2, locations=4000)
    active = jax.vmap(memory.active)(signs(6, 50, 128)).sum(axis=1)
    assert 4000 ** (1 / 3) / 2 < float(active.mean()) <= 4000 ** (1 / 3) * 1.15


def test_no_location_near_the_query_finds_nothing():
    memory = SparseDistributed(4, 2, jnp.ones((3, 4)), 0.0)
    state = memory.write(memory.init(), jnp.ones(4), jnp.ones(2))
    np.testing.assert_array_equal(memory.read(state, -jnp.ones(4)), [0.0, 0.0])
    np.testing.assert_array_equal(memory.read(state, jnp.ones(4)), [1.0, 1.0])


def test_values_have_a_slope():
    memory = SparseDistributed.draw(jax.random.key(1), 16, 2, locations=50, radius=6)
    key = signs(7, 16)
    slope = jax.grad(lambda v: memory.read(memory.write(memory.init(), key, v), key).sum())(
        jnp.ones(2)
    )
    np.testing.assert_allclose(slope, [1.0, 1.0])


@pytest.mark.parametrize(
    "make",
    [
        lambda: SparseDistributed.draw(jax.random.key(0), 0, 1),
        lambda: SparseDistributed.draw(jax.random.key(0), 4, 4, locations=0),
        lambda: SparseDistributed.draw(jax.random.key(0), 4, 3, readings=2),
        lambda: SparseDistributed.draw(jax.random.key(0), 4, 4, readings=0),
        lambda: radius_for(10, 0.0),
        lambda: radius_for(10, 1.0),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(ParameterError):
        make()
