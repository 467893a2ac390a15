"""The normalised delta rule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.memory import NormalisedDelta


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def error(memory, state, key, value):
    return np.asarray(value - memory.read(state, key))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    dims=st.sampled_from([(1, 1), (3, 2), (8, 1)]),
    log_size=st.floats(-6, 6),
)
def test_a_pair_written_twice_at_rate_one_changes_nothing(seed, dims, log_size):
    memory = NormalisedDelta(*dims)
    size = 10.0**log_size
    key, value = size * normal(seed, dims[0]), normal(seed + 1, dims[1])
    start = normal(seed + 2, *dims) / size
    once = memory.write(start, key, value)
    twice = memory.write(once, key, value)
    # Rounding is as large as the old weights, however small the new ones.
    room = 1e-5 * float(jnp.abs(start).max() + jnp.abs(once).max())
    assert np.abs(twice - once).max() <= room
    assert np.abs(once - start).max() > room
    reach = float(jnp.linalg.norm(key)) * room
    assert np.abs(error(memory, once, key, value)).max() <= reach + 1e-5


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0, 1.7, 2.0])
def test_a_write_leaves_one_less_the_rate_of_the_error(rate):
    memory, key, value = NormalisedDelta(5, 3, rate), normal(0, 5), normal(1, 3)
    start = normal(2, 5, 3)
    before = error(memory, start, key, value)
    after = error(memory, memory.write(start, key, value), key, value)
    assert np.allclose(after, (1 - rate) * before, atol=1e-5)


def test_what_is_orthogonal_to_the_key_stays():
    memory, start = NormalisedDelta(3, 2), normal(0, 3, 2)
    after = memory.write(start, jnp.array([0.0, 4.0, 0.0]), jnp.array([5.0, 6.0]))
    assert np.array_equal(after[jnp.array([0, 2])], start[jnp.array([0, 2])])
    assert np.allclose(memory.read(after, jnp.array([0.0, 4.0, 0.0])), [5.0, 6.0])


def test_the_size_of_a_key_does_not_matter_to_what_it_finds():
    memory, key, value = NormalisedDelta(4, rate=0.5), normal(3, 4), jnp.array([2.0])
    for size in (1e-3, 1.0, 1e3):
        state = memory.write(memory.init(), size * key, value)
        assert memory.read(state, size * key)[0] == pytest.approx(1.0, rel=1e-5)


def test_each_value_has_a_rate_of_its_own():
    rates = jnp.array([0.0, 0.25, 1.0, 2.0])
    memory, key, value = NormalisedDelta(3, 4, rates), normal(4, 3), normal(5, 4)
    found = memory.read(memory.write(memory.init(), key, value), key)
    assert np.allclose(found, rates * value, atol=1e-6)
    for column, rate in enumerate(rates):
        alone = NormalisedDelta(3, 1, float(rate))
        single = alone.write(alone.init(), key, value[column : column + 1])
        together = memory.write(memory.init(), key, value)
        assert np.allclose(together[:, column], single[:, 0], atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.05, 1.0, 1.95, 2.0])
@pytest.mark.parametrize("spread", [0.0, 4.0])
def test_no_rate_up_to_two_can_blow_up(rate, spread):
    """20,000 keys of very different sizes with values that follow some weights: the distance to
    those weights never grows, and falls where the rate is inside the interval."""
    dim = 6
    random = np.random.default_rng(0)
    keys = random.normal(size=(20_000, dim)) * np.exp(spread * random.normal(size=(20_000, 1)))
    true = normal(1, dim, 2)
    memory = NormalisedDelta(dim, 2, rate)

    def step(state, key):
        state = memory.write(state, key, key @ true)
        return state, jnp.linalg.norm(state - true)

    _, distance = jax.lax.scan(step, memory.init(), jnp.asarray(keys, jnp.float32))
    start = float(jnp.linalg.norm(true))
    assert float(distance.max()) <= start * (1 + 1e-3)
    if 0 < rate < 2:
        assert float(distance[-1]) < 0.02 * start


@pytest.mark.parametrize("rate", [0.1, 1.0, 1.9])
def test_noisy_values_keep_it_bounded(rate):
    memory = NormalisedDelta(4, 1, rate)
    random = np.random.default_rng(2)
    keys = jnp.asarray(random.normal(size=(50_000, 4)), jnp.float32)
    values = jnp.asarray(random.choice([-1.0, 1.0], size=(50_000, 1)), jnp.float32)

    def step(state, pair):
        state = memory.write(state, *pair)
        return state, jnp.abs(memory.read(state, pair[0])).max()

    _, found = jax.lax.scan(step, memory.init(), (keys, values))
    half = found.size // 2
    assert float(found.max()) < 1e4
    # No drift to larger answers: the second half is as the first.
    assert float(jnp.median(found[half:])) < 1.5 * float(jnp.median(found[:half]))


def test_a_rate_above_two_does_blow_up():
    """The bound that the rule promises is the true one."""
    memory = NormalisedDelta(1, rate=2.5)
    state = jnp.ones((1, 1))
    for _ in range(60):
        state = memory.write(state, jnp.ones(1), jnp.zeros(1))
    assert float(jnp.abs(state).max()) > 1e9


def test_a_key_of_zeros_writes_nothing_and_has_a_gradient():
    memory, state = NormalisedDelta(3, 2), normal(6, 3, 2)
    assert np.array_equal(memory.write(state, jnp.zeros(3), jnp.ones(2)), state)

    def loss(key):
        return memory.write(state, key, jnp.ones(2)).sum()

    assert np.all(np.isfinite(jax.grad(loss)(jnp.zeros(3))))


def test_the_gradient_by_the_rate_is_the_step():
    key, value, state = normal(7, 3), normal(8, 2), normal(9, 3, 2)

    def found(rate):
        memory = NormalisedDelta(3, 2, rate)
        return memory.read(memory.write(state, key, value), key).sum()

    slope = jax.grad(found)(jnp.array(0.4))
    assert float(slope) == pytest.approx(float(jnp.sum(value - key @ state)), rel=1e-4)
