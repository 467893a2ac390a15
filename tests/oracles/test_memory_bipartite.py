"""The bipartite circuit against its equations in plain NumPy, in small explicit steps.

``τ_h dh/dt = K q + ρ V y - h`` and ``τ_y dy/dt = Vᵀ softmax(β h) - y`` (Krotov & Hopfield 2021,
model B with the key part of the features held), and what is known of them in closed form.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import write
from recollect.memory.circuits import Bipartite, Neurons

pytest.importorskip("diffrax", reason="diffrax is not installed")
KEY_DIM, VALUE_DIM, SLOTS = 4, 3, 8
SHARES = np.array([0.01, 0.05, 0.2, 0.5, 1.0])


def pairs(seed, n):
    random = np.random.default_rng(seed)
    return (random.normal(size=(n, dim)) for dim in (KEY_DIM, VALUE_DIM))


def normal(seed, n):
    return np.random.default_rng(seed).normal(size=n)


def softmax(drive):
    weight = np.exp(drive - drive.max())
    return weight / weight.sum()


def stepped(circuit, keys, values, query, steps=5000):
    """Features and memories at the shares of the duration, by the midpoint rule."""
    step_ms = circuit.duration_ms / steps

    def speed(features, memories):
        fired = softmax(circuit.inverse_temperature * memories)
        driven = keys @ query + circuit.feedback * (values @ features)
        return (fired @ values - features) / circuit.feature_ms, (
            driven - memories
        ) / circuit.memory_ms

    now, path = (np.zeros(VALUE_DIM), np.zeros(len(keys))), []
    due = set(np.round(SHARES * steps).astype(int).tolist())
    for step in range(1, steps + 1):
        half = [x + 0.5 * step_ms * v for x, v in zip(now, speed(*now), strict=True)]
        now = tuple(x + step_ms * v for x, v in zip(now, speed(*half), strict=True))
        if step in due:
            path.append(now)
    return [np.array(column) for column in zip(*path, strict=True)]


@eqx.filter_jit
def settled(circuit, state, query):
    return circuit.settle(state, query, jnp.asarray(SHARES)), circuit.read(state, query)


def found(circuit, keys, values, query):
    """Features and memories on the way, and what is read; compiled once for all circuits."""
    with jax.enable_x64(True):
        as_arrays = jax.tree.map(jnp.asarray, circuit)
        state = write(as_arrays, circuit.init(), jnp.asarray(keys), jnp.asarray(values))
        path, answer = settled(as_arrays, state, jnp.asarray(query))
    return np.asarray(path.features), np.asarray(path.memories), np.asarray(answer)


@pytest.mark.parametrize(
    "circuit",
    [
        Bipartite(KEY_DIM, VALUE_DIM, SLOTS, 1.5),
        Bipartite(KEY_DIM, VALUE_DIM, SLOTS, 1.5, 0.6, duration_ms=400.0),
        Bipartite(KEY_DIM, VALUE_DIM, SLOTS, 0.8, -0.3, feature_ms=3.0, memory_ms=20.0),
    ],
    ids=["no feedback", "feedback", "slow memory neurons, negative feedback"],
)
def test_the_path_is_that_of_small_steps_and_silent_neurons_take_no_part(circuit):
    keys, values = pairs(0, 6)
    query = normal(1, KEY_DIM)
    features, memories, answer = found(circuit, keys, values, query)
    expected_features, expected_memories = stepped(circuit, keys, values, query)
    np.testing.assert_allclose(features, expected_features, atol=2e-4)
    np.testing.assert_allclose(memories[:, :6], expected_memories, atol=2e-4)
    np.testing.assert_array_equal(memories[:, 6:], 0.0)
    np.testing.assert_allclose(answer, expected_features[-1], atol=2e-4)


def test_without_feedback_the_memory_neurons_charge_like_capacitors():
    """``h(t) = K q (1 - exp(-t / τ_h))``, whatever the features do."""
    circuit = Bipartite(KEY_DIM, VALUE_DIM, SLOTS, 2.0)
    keys, values = pairs(2, SLOTS)
    query = normal(3, KEY_DIM)
    _, memories, _ = found(circuit, keys, values, query)
    passed_ms = SHARES * circuit.duration_ms
    charged = np.outer(1.0 - np.exp(-passed_ms / circuit.memory_ms), keys @ query)
    np.testing.assert_allclose(memories, charged, atol=1e-4)


def test_the_neuron_recruited_longest_ago_is_recruited_anew():
    keys, values = pairs(4, 11)
    query = normal(5, KEY_DIM)
    _, _, answer = found(Bipartite(KEY_DIM, VALUE_DIM, SLOTS, 1.2), keys, values, query)
    kept = slice(11 - SLOTS, None)
    expected = softmax(1.2 * keys[kept] @ query) @ values[kept]
    np.testing.assert_allclose(answer, expected, atol=2e-4)


def test_the_energy_falls_at_the_rate_of_its_equation():
    """``dE/dt = -ρ τ_y |dy/dt|² - τ_h dh/dt · J dh/dt`` with J the slope of the softmax."""
    circuit = Bipartite(KEY_DIM, VALUE_DIM, SLOTS, 1.5, 0.6)
    keys, values = pairs(6, SLOTS)
    query, features, memories = normal(7, KEY_DIM), normal(8, VALUE_DIM), normal(9, SLOTS)
    fired = softmax(1.5 * memories)
    speed_y = (fired @ values - features) / circuit.feature_ms
    speed_h = (keys @ query + 0.6 * (values @ features) - memories) / circuit.memory_ms
    slope = 1.5 * (np.diag(fired) - np.outer(fired, fired))
    expected = -0.6 * circuit.feature_ms * speed_y @ speed_y
    expected -= circuit.memory_ms * speed_h @ slope @ speed_h
    with jax.enable_x64(True):
        state = write(circuit, circuit.init(), jnp.asarray(keys), jnp.asarray(values))
        now = Neurons(jnp.asarray(features), jnp.asarray(memories))
        moves = circuit.flow(state, now, jnp.asarray(query))
        _, falls = jax.jvp(
            lambda neurons: circuit.energy(state, neurons, jnp.asarray(query)), (now,), (moves,)
        )
    np.testing.assert_allclose(moves.features, speed_y, rtol=1e-9)
    np.testing.assert_allclose(moves.memories, speed_h, rtol=1e-9)
    assert float(falls) == pytest.approx(expected, rel=1e-9)
    assert expected < 0
