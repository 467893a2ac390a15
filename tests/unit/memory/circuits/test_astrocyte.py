"""The neuron-astrocyte memory: where its dynamics settle, and how much it holds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory import DecayedHebbian, Polynomial, accuracy, read, retrieve, write
from recollect.memory.capacity import random_pairs
from recollect.memory.circuits import Activity, NeuronAstrocyte


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def test_it_is_a_dense_associative_memory_of_cubed_overlaps():
    memory = NeuronAstrocyte(6, 4)
    keys, values, queries = normal(0, 9, 6), normal(1, 9, 4), normal(2, 5, 6)
    found = read(memory, write(memory, memory.init(), keys, values), queries)
    np.testing.assert_allclose(
        found, retrieve(keys, values, queries, Polynomial(3)), rtol=1e-4, atol=1e-3
    )


def test_neurons_synapses_and_processes_settle_on_what_is_read():
    memory = NeuronAstrocyte(3, 2, neuron_ms=1.0, synapse_ms=2.0, process_ms=5.0)
    state = write(memory, memory.init(), normal(3, 4, 3), normal(4, 4, 2))
    query = normal(5, 3)

    def euler(_, activity):
        change = memory.flow(state, activity, query)
        return jax.tree.map(lambda now, rate: now + 0.1 * rate, activity, change)

    rest = Activity(jnp.zeros(2), jnp.zeros((2, 3)), jnp.zeros((3, 3)))
    early = jax.lax.fori_loop(0, 10, euler, rest)
    late = jax.lax.fori_loop(0, 1000, euler, rest)
    settled = memory.read(state, query)
    np.testing.assert_allclose(late.neurons, settled, rtol=1e-4, atol=1e-4)
    assert np.abs(early.neurons - settled).max() > 0.1 * np.abs(settled).max()


def recalled(memory, load):
    """Share of random pairs found at a load, mean of several draws."""
    found = []
    for seed in range(3):
        keys, values = random_pairs(memory.key_dim, memory.value_dim)(jax.random.key(seed), load)
        state = write(memory, memory.init(), keys, values)
        found.append(float(accuracy(read(memory, state, keys), values)))
    return np.mean(found)


def test_it_holds_more_than_in_proportion_to_its_neurons():
    """Twice the key neurons hold five times the pairs; Hebbian synapses could not."""
    assert recalled(NeuronAstrocyte(6, 32), 12) > 0.9
    assert recalled(NeuronAstrocyte(12, 32), 60) > 0.9
    assert recalled(DecayedHebbian(6, 32), 12) < 0.9
    assert recalled(DecayedHebbian(12, 32), 60) < 0.7


def test_patterns_are_completed_where_hebbian_synapses_fail():
    """Sixteen patterns in 24 neurons, far above 0.14 a neuron, each with one sign wrong."""
    patterns = jnp.asarray(np.random.default_rng(0).choice([-1.0, 1.0], (16, 24)), jnp.float32)
    cues = patterns.at[:, 0].multiply(-1)
    memory = NeuronAstrocyte(24, 24)
    state = write(memory, memory.init(), patterns, patterns)
    completed = jax.vmap(lambda cue: memory.complete(state, cue))(cues)
    assert np.mean(np.all(completed == patterns, axis=1)) > 0.8
    hebbian = patterns.T @ patterns * (1 - jnp.eye(24))
    assert np.mean(np.all(jnp.sign(cues @ hebbian) == patterns, axis=1)) < 0.3


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ParameterError, match="key_dim"):
        NeuronAstrocyte(0, 2)
