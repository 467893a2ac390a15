"""Three-factor slots: what the two third factors allow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError, UnknownNameError
from recollect.memory import read, write
from recollect.memory.circuits import ThreeFactor


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


def test_slots_take_turns_and_the_first_is_overwritten_first():
    memory = ThreeFactor(30, 10, 5)
    keys, values = signs(0, 7, 30), signs(1, 7, 10)
    state = write(memory, memory.init(), keys, values)
    np.testing.assert_array_equal(state.keys, keys[jnp.array([5, 6, 2, 3, 4])])
    found = read(memory, state, keys)
    np.testing.assert_allclose(found[2:], values[2:], atol=1e-3)
    assert np.abs(found[0] - values[0]).max() > 0.5


def test_an_incomplete_cue_is_enough():
    memory = ThreeFactor(60, 60, 40)
    patterns = signs(2, 40, 60)
    state = write(memory, memory.init(), patterns, patterns)
    known = np.random.default_rng(3).random((40, 60)) < 0.4
    found = read(memory, state, jnp.where(known, patterns, 0.0))
    np.testing.assert_array_equal(jnp.sign(found), patterns)


def test_a_closed_gate_leaves_the_state_alone():
    memory = ThreeFactor(8, 4, 5)
    state = write(memory, memory.init(), signs(4, 3, 8), signs(5, 3, 4))
    shut = memory.write(state, signs(6, 8), signs(7, 4), 0.0)
    np.testing.assert_array_equal(shut.keys, state.keys)
    np.testing.assert_array_equal(shut.values, state.values)
    assert shut.writes == 3
    skipped = write(memory, shut, signs(6, 1, 8), signs(7, 1, 4))
    np.testing.assert_array_equal(skipped.keys[3], signs(6, 1, 8)[0])
    assert memory.write(state, signs(6, 8), signs(7, 4), 0.5).writes == 4


def test_random_plasticity_has_its_mean_and_is_repeatable():
    memory = ThreeFactor(4, 4, 100, "random", plastic_slots=6.0)
    state = memory.init()
    factors = jax.vmap(lambda n: memory.local_factor(state._replace(writes=n)))(jnp.arange(400.0))
    assert set(np.unique(factors)) == {0.0, 1.0}
    # 400 sums of 100 coins of chance 0.06: three standard errors of their mean.
    assert abs(factors.sum(axis=1).mean() - 6) < 3 * (100 * 0.06 * 0.94 / 400) ** 0.5
    assert not np.array_equal(factors[0], factors[1])
    np.testing.assert_array_equal(memory.local_factor(state), factors[0])
    other = ThreeFactor(4, 4, 100, "random", plastic_slots=6.0, seed=1.0)
    assert not np.array_equal(other.local_factor(state), factors[0])


def test_what_makes_no_sense_is_refused():
    with pytest.raises(UnknownNameError, match="choice"):
        ThreeFactor(3, 2, choice="loudest")
    with pytest.raises(ParameterError, match="slots"):
        ThreeFactor(3, 2, 0)
