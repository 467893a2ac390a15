"""The hippocampal index: fast at first, not needed after replay."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory import accuracy, read, write
from recollect.memory.circuits import HippocampalIndex


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.fixture(scope="module")
def index():
    return HippocampalIndex.draw(jax.random.key(0), 32, 8)


@pytest.fixture(scope="module")
def pairs():
    return normal(0, 16, 32), normal(1, 16, 8)


def test_an_episode_is_found_at_once_and_only_by_the_hippocampus(index, pairs):
    keys, values = pairs
    state = write(index, index.init(), keys, values)
    np.testing.assert_allclose(read(index, state, keys), values, atol=0.05)
    assert not np.any(state.cortex)
    np.testing.assert_array_equal(read(index, index.lesion(state), keys), jnp.zeros((16, 8)))


def test_after_replay_the_cortex_answers_without_the_hippocampus(index, pairs):
    keys, values = pairs
    state = write(index, index.init(), keys, values)
    errors = []
    for rounds in (0, 1, 10, 200):
        alone = index.lesion(index.replay(state, rounds))
        found = read(index, alone, keys)
        errors.append(float(jnp.mean(jnp.square(found - values))))
    assert errors[0] > errors[1] > errors[2] > errors[3]
    assert errors[3] < 1e-3
    assert accuracy(found, values) == 1


def test_replay_keeps_the_episodes_and_older_knowledge(index, pairs):
    keys, values = pairs
    known = index.lesion(index.replay(write(index, index.init(), keys[:4], values[:4]), 200))
    state = index.replay(write(index, known, keys[4:8], values[4:8]))
    np.testing.assert_array_equal(state.episodes.values[:4, :32], keys[4:8])
    old = read(index, index.lesion(state), keys[:4])
    assert jnp.mean(jnp.square(old - values[:4])) < 0.1 * jnp.mean(jnp.square(values[:4]))


def test_codes_are_sparse_and_less_alike_than_their_keys(index, pairs):
    keys, _ = pairs
    near = keys + 0.5 * normal(2, 16, 32)
    codes, others = jax.vmap(index.code)(keys), jax.vmap(index.code)(near)
    assert np.all((codes > 0).sum(axis=1) == 10)

    def cosine(a, b):
        lengths = jnp.linalg.norm(a, axis=1) * jnp.linalg.norm(b, axis=1)
        return float(jnp.mean(jnp.sum(a * b, axis=1) / lengths))

    assert cosine(codes, others) < cosine(keys, near) - 0.1
    assert cosine(codes, others) > cosine(codes, jnp.roll(codes, 1, axis=0)) + 0.2


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_codes_do_not_depend_on_the_length_of_keys(index, pairs, scale):
    keys, values = pairs
    codes = jax.vmap(index.code)(scale * keys)
    np.testing.assert_array_equal((codes > 0).sum(axis=1), 10)
    np.testing.assert_allclose(codes, jax.vmap(index.code)(keys), atol=1e-5)
    state = write(index, index.init(), scale * keys, values)
    assert accuracy(read(index, state, scale * keys), values) == 1.0


def test_a_key_of_zeros_has_no_code_and_finds_nothing(index, pairs):
    np.testing.assert_array_equal(index.code(jnp.zeros(32)), jnp.zeros(512))
    state = write(index, index.init(), *pairs)
    np.testing.assert_array_equal(index.read(state, jnp.zeros(32)), jnp.zeros(8))


def test_a_noisy_cue_is_completed(index, pairs):
    keys, values = pairs
    state = write(index, index.init(), keys, values)
    found = read(index, state, keys + 0.15 * normal(3, 16, 32))
    np.testing.assert_allclose(found, values, atol=0.1)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ParameterError, match="active"):
        HippocampalIndex.draw(jax.random.key(0), 4, 2, code_dim=8, active=9)
    with pytest.raises(ParameterError, match="slots"):
        HippocampalIndex.draw(jax.random.key(0), 4, 2, slots=0)
