"""Hopfield memories against their equations, written out in NumPy over single units."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory.general import read, write
from recollect.memory.hopfield import BidirectionalHopfield, Hopfield
from recollect.memory.hopfield_dense import DenseHopfield
from recollect.memory.hopfield_dynamics import settle_in_turn
from recollect.memory.hopfield_modern import ModernHopfield
from recollect.memory.hopfield_pseudo_inverse import PseudoInverseHopfield

UNITS = 30


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def random():
    return np.random.default_rng(0)


def signs(random, *shape):
    return random.choice([-1.0, 1.0], shape)


def stored(memory, keys, values=None):
    values = keys if values is None else values
    return write(memory, memory.init(), jnp.asarray(keys), jnp.asarray(values))


def settled(weights, query, steps=100):
    now = query
    for _ in range(steps):
        after = np.sign(weights @ now)
        if np.array_equal(after, now):
            break
        now = after
    return now


def outer_weights(patterns):
    weights = np.zeros((UNITS, UNITS))
    for x in patterns:
        for i in range(UNITS):
            for j in range(UNITS):
                weights[i, j] += x[i] * x[j] / UNITS * (i != j)
    return weights


def test_classical(random):
    patterns, queries = signs(random, 5, UNITS), signs(random, 20, UNITS)
    memory, weights = Hopfield(UNITS), outer_weights(patterns)
    state = stored(memory, patterns)
    np.testing.assert_allclose(state, weights, atol=1e-12)
    np.testing.assert_array_equal(
        read(memory, state, jnp.asarray(queries)), [settled(weights, q) for q in queries]
    )
    expected = -sum(
        weights[i, j] * queries[0][i] * queries[0][j] for i in range(UNITS) for j in range(i)
    )
    assert float(memory.energy(state, jnp.asarray(queries[0]))) == pytest.approx(expected)


def test_pseudo_inverse(random):
    patterns, queries = signs(random, 12, UNITS), signs(random, 20, UNITS)
    weights = np.linalg.pinv(patterns) @ patterns
    np.fill_diagonal(weights, 0.0)
    memory = PseudoInverseHopfield(UNITS, ridge=1e-10)
    state = stored(memory, patterns)
    np.testing.assert_allclose(np.asarray(state.weights) * (1 - np.eye(UNITS)), weights, atol=1e-6)
    np.testing.assert_array_equal(
        read(memory, state, jnp.asarray(queries)), [settled(weights, q) for q in queries]
    )
    energy = float(memory.energy(state, jnp.asarray(queries[0])))
    assert energy == pytest.approx(-0.5 * queries[0] @ weights @ queries[0], abs=1e-6)


def test_two_layers(random):
    keys, values, queries = signs(random, 4, UNITS), signs(random, 4, 11), signs(random, 9, UNITS)
    weights = sum(np.outer(k, v) for k, v in zip(keys, values, strict=True))
    memory = BidirectionalHopfield(UNITS, 11)
    state = stored(memory, keys, values)
    for query in queries:
        x, y = query, None
        for _ in range(100):
            y = np.sign(x @ weights)
            after = np.sign(weights @ y)
            if np.array_equal(after, x):
                break
            x = after
        np.testing.assert_array_equal(memory.read(state, jnp.asarray(query)), y)


@pytest.mark.parametrize("degree", [2, 3, 5])
def test_dense_one_unit_at_a_time(random, degree):
    """A unit takes the sign with the lower energy, the energies being computed whole."""
    patterns, start = signs(random, 8, UNITS), signs(random, UNITS)
    memory = DenseHopfield(UNITS, UNITS, 10, degree=degree)
    state = stored(memory, patterns)
    order = random.integers(0, UNITS, 60)

    def energy(x):
        return -sum(max(k @ x / UNITS, 0.0) ** degree for k in patterns)

    now, energies = start.copy(), []
    for unit in order:
        up, down = now.copy(), now.copy()
        up[unit], down[unit] = 1.0, -1.0
        if energy(up) != energy(down):
            now = up if energy(up) < energy(down) else down
        energies.append(energy(now))
    found, ours = settle_in_turn(memory, state, jnp.asarray(start), jnp.asarray(order))
    np.testing.assert_array_equal(found, now)
    np.testing.assert_allclose(ours, energies, atol=1e-12)
    fields = memory.field(state, jnp.asarray(start))
    alone = [memory.unit_field(state, jnp.asarray(start), jnp.asarray(i)) for i in range(UNITS)]
    np.testing.assert_allclose(fields, alone, atol=1e-12)


def test_dense_finds_values_by_the_slope_of_its_energy(random):
    keys, values = signs(random, 8, UNITS), random.normal(size=(8, 3))
    memory = DenseHopfield(UNITS, 3, 8, degree=4)
    x = keys[2]
    weights = np.maximum(keys @ x, 0.0) ** 3
    found = memory.read(stored(memory, keys, values), jnp.asarray(x))
    np.testing.assert_allclose(found, weights @ values / weights.sum(), atol=1e-12)


@pytest.mark.parametrize("updates", [0, 1, 4])
def test_modern(random, updates):
    keys, values, query = (
        random.normal(size=(7, 5)),
        random.normal(size=(7, 3)),
        random.normal(size=5),
    )
    memory = ModernHopfield(5, 3, 9, 0.7, updates)
    state = stored(memory, keys, values)

    def softmax(x):
        weight = np.exp(0.7 * keys @ x)
        return weight / weight.sum()

    x = query
    for _ in range(updates):
        x = softmax(x) @ keys
    np.testing.assert_allclose(
        memory.read(state, jnp.asarray(query)), softmax(x) @ values, atol=1e-12
    )
    expected = -np.log(np.exp(0.7 * keys @ x).sum()) / 0.7 + 0.5 * x @ x
    assert float(memory.energy(state, jnp.asarray(x))) == pytest.approx(expected)
