"""Behavioural time scale plasticity: one shot, binary synapses, recall from part of a key."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory import read, write
from recollect.memory.circuits import BehaviouralTimeScale


def sparse(seed, n, dim, active):
    random = np.random.default_rng(seed)
    keys = np.zeros((n, dim), np.float32)
    for key in keys:
        key[random.choice(dim, active, replace=False)] = 1
    return jnp.asarray(keys)


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


@pytest.fixture(scope="module")
def stored():
    memory = BehaviouralTimeScale(400, 20, 1000, 0.01)
    keys, values = sparse(0, 60, 400, 40), signs(1, 60, 20)
    return memory, write(memory, memory.init(), keys, values), keys, values


def test_synapses_stay_binary(stored):
    _, state, _, _ = stored
    for synapses in (state.inputs, state.on, state.off):
        assert set(np.unique(synapses)) == {0.0, 1.0}


def test_one_shot_is_enough(stored):
    memory, state, keys, values = stored
    found = jnp.sign(read(memory, state, keys))
    assert np.mean(found == values) > 0.98


def test_it_recalls_from_a_partial_cue(stored):
    """A third of the active inputs missing: the trace is nearly that of the whole key."""
    memory, state, keys, values = stored
    part = keys * (np.random.default_rng(2).random(keys.shape) > 1 / 3)
    whole = jax.vmap(lambda key: memory.trace(state, key))(keys)
    masked = jax.vmap(lambda key: memory.trace(state, key))(part)
    shared = (whole * masked).sum(axis=1) / np.sqrt(whole.sum(axis=1) * masked.sum(axis=1))
    strange = (whole * jnp.roll(masked, 1, axis=0)).sum(axis=1) / whole.sum(axis=1)
    assert shared.mean() > 0.9
    assert strange.mean() < 0.1
    assert np.mean(jnp.sign(read(memory, state, part)) == values) > 0.95


def test_a_synapse_flips_only_where_input_and_plateau_meet():
    memory = BehaviouralTimeScale(50, 4, 200, 0.2)
    key = sparse(3, 1, 50, 10)[0]
    once = memory.write(memory.init(), key, jnp.ones(4))
    plateau = once.on[:, 0] == 1
    assert 0.1 < plateau.mean() < 0.3
    assert np.all(once.inputs[~plateau] == 0)
    assert np.all(once.inputs[:, key == 0] == 0)
    # 40 neurons with a plateau and 10 active inputs: 400 coins.
    assert abs(once.inputs[plateau][:, key == 1].mean() - 0.5) < 0.08


def test_strong_synapses_weaken():
    """With plateaus and flips that are certain, a second presentation undoes the first."""
    memory = BehaviouralTimeScale(10, 2, 5, 1.0, 1.0)
    key = sparse(4, 1, 10, 3)[0]
    once = memory.write(memory.init(), key, jnp.ones(2))
    np.testing.assert_array_equal(once.inputs, jnp.broadcast_to(key, (5, 10)))
    twice = memory.write(once, key, jnp.ones(2))
    assert not np.any(twice.inputs)


def test_where_nothing_fires_nothing_is_found(stored):
    memory, state, _, _ = stored
    np.testing.assert_array_equal(memory.read(state, jnp.zeros(400)), np.zeros(20))


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ParameterError, match="neurons"):
        BehaviouralTimeScale(3, 2, 0)
