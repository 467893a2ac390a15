"""Least squares one pair at a time and all at once; and Oja's rule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory import LeastSquares, Oja, read, write


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def f32(values):
    return jnp.asarray(values, jnp.float32)


def stepwise(memory, state, keys, values):
    for key, value in zip(keys, values, strict=True):
        state = memory.write(state, key, value)
    return state


@pytest.mark.parametrize("pairs", [3, 12])
def test_both_ways_are_ridge_regression(pairs):
    keys, values = normal(0, pairs, 6), normal(1, pairs, 2)
    memory = LeastSquares(6, 2, 0.5)
    expected = np.linalg.solve(keys.T @ keys + 0.5 * np.eye(6), keys.T @ values)
    at_once = write(memory, memory.init(), f32(keys), f32(values))
    np.testing.assert_allclose(at_once.weights, expected, rtol=1e-3, atol=1e-4)
    by_steps = stepwise(memory, memory.init(), f32(keys), f32(values))
    np.testing.assert_allclose(by_steps.weights, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(by_steps.inverse, at_once.inverse, rtol=1e-3, atol=1e-4)


def test_a_second_batch_goes_on_where_the_first_ended():
    keys, values = f32(normal(2, 10, 6)), f32(normal(3, 10, 2))
    memory = LeastSquares(6, 2, 0.1)
    whole = write(memory, memory.init(), keys, values)
    half = write(memory, memory.init(), keys[:4], values[:4])
    rest = write(memory, half, keys[4:], values[4:])
    np.testing.assert_allclose(rest.weights, whole.weights, rtol=1e-3, atol=1e-4)


def test_with_hardly_any_ridge_independent_keys_are_recalled_as_by_the_pseudo_inverse():
    keys, values = normal(4, 12, 20), normal(5, 12, 3)
    with jax.enable_x64(True):
        memory = LeastSquares(20, 3, 1e-9)
        state = write(memory, memory.init(), jnp.asarray(keys), jnp.asarray(values))
        np.testing.assert_allclose(read(memory, state, jnp.asarray(keys)), values, atol=1e-5)
        np.testing.assert_allclose(state.weights, np.linalg.pinv(keys) @ values, atol=1e-5)


def test_oja_finds_the_prototype_of_noisy_keys():
    random = np.random.default_rng(6)
    prototype = random.normal(size=8)
    keys = prototype + 0.5 * random.normal(size=(4000, 8))
    memory = Oja(8, 1, 0.005)
    state = write(memory, memory.init(), f32(keys), jnp.ones((4000, 1)))
    np.testing.assert_allclose(state[:, 0], prototype, atol=0.1)


def test_oja_turns_to_the_principal_axis():
    """With its own output as the value it is the classical rule."""
    random = np.random.default_rng(7)
    axis = random.normal(size=6)
    axis /= np.linalg.norm(axis)
    keys = 2.0 * random.normal(size=(6000, 1)) * axis + 0.3 * random.normal(size=(6000, 6))
    memory = Oja(6, 1, 0.01)

    def step(weights, key):
        return memory.write(weights, key, memory.read(weights, key)), None

    weights, _ = jax.lax.scan(step, f32(random.normal(size=(6, 1))), f32(keys))
    assert float(jnp.linalg.norm(weights)) == pytest.approx(1.0, abs=0.1)
    assert abs(float(weights[:, 0] @ f32(axis))) > 0.97


@pytest.mark.parametrize(("length", "different"), [(0.2, 4000), (1.0, 4000), (1.0, 4), (10.0, 4)])
def test_many_writes_in_turn_stay_exact(length, different):
    """In single precision, against the closed form in double precision."""
    random = np.random.default_rng(0)
    keys = np.tile(length * random.normal(size=(different, 32)), (4000 // different, 1))
    values = np.tile(random.normal(size=(different, 3)), (4000 // different, 1))
    wanted = np.linalg.solve(keys.T @ keys + 1e-2 * np.eye(32), keys.T @ values)
    memory = LeastSquares(32, 3)
    pairs = jnp.asarray(keys, jnp.float32), jnp.asarray(values, jnp.float32)
    turns = jax.lax.scan(
        lambda state, pair: (memory.write(state, *pair), None), memory.init(), pairs
    )[0]
    for state in (turns, write(memory, memory.init(), *pairs)):
        apart = np.linalg.norm(keys[:4] @ (np.asarray(state.weights, np.float64) - wanted))
        assert apart < 0.04 * np.linalg.norm(keys[:4] @ wanted)


def test_a_ridge_that_is_not_above_0_is_refused():
    with pytest.raises(ParameterError, match="above 0"):
        LeastSquares(4, 1, 0.0)
