"""The circuits against their equations in plain NumPy, one number or one vector at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import read, write
from recollect.memory.circuits import (
    Barcodes,
    BehaviouralTimeScale,
    HippocampalIndex,
    NeuronAstrocyte,
    ThreeFactor,
)


def pairs(seed, n, key_dim, value_dim):
    random = np.random.default_rng(seed)
    return (random.normal(size=(n, dim)).astype(np.float32) for dim in (key_dim, value_dim))


def found(memory, keys, values, queries):
    def both(keys, values, queries):
        state = write(memory, memory.init(), keys, values)
        return state, read(memory, state, queries)

    state, answers = jax.jit(both)(jnp.asarray(keys), jnp.asarray(values), jnp.asarray(queries))
    return state, np.asarray(answers)


def softmax(drive):
    weight = np.exp(drive - drive.max())
    return weight / weight.sum()


def winners(drive, count):
    """A softmax over the most driven, 0 elsewhere."""
    best = np.argsort(-drive, kind="stable")[:count]
    code = np.zeros_like(drive)
    code[best] = softmax(drive[best])
    return code


@pytest.mark.parametrize("choice", ["sequential", "random"])
def test_three_factor(choice):
    keys, values = pairs(0, 9, 6, 3)
    memory = ThreeFactor(6, 3, 7, choice, 1.3, plastic_slots=3.0, seed=5.0)
    ours, theirs = np.zeros((7, 6)), np.zeros((7, 3))
    for n, (key, value) in enumerate(zip(keys, values, strict=True)):
        if choice == "sequential":
            plastic = np.arange(7) == n % 7
        else:  # each slot with chance 3/7, drawn from the seed and the number of writes
            seeded = jax.random.fold_in(jax.random.key(5), n)
            plastic = np.asarray(jax.random.uniform(seeded, (7,))) < 3 / 7
        ours[plastic] = key
        hidden = softmax(1.3 * ours @ key)
        theirs[plastic] = hidden[plastic, None] * value
    written, answers = found(memory, keys, values, keys)
    np.testing.assert_allclose(written.keys, ours, atol=1e-6)
    np.testing.assert_allclose(written.values, theirs, atol=1e-5)
    expected = [softmax(1.3 * ours @ key) @ theirs for key in keys]
    np.testing.assert_allclose(answers, expected, atol=1e-5)


def test_astrocyte():
    keys, values = pairs(1, 6, 4, 3)
    queries = np.random.default_rng(2).normal(size=(5, 4)).astype(np.float32)
    _, answers = found(NeuronAstrocyte(4, 3), keys, values, queries)
    expected = np.zeros((5, 3))
    for q, query in enumerate(queries):
        for key, value in zip(keys, values, strict=True):
            expected[q] += value * np.dot(key, query) ** 3
    np.testing.assert_allclose(answers, expected, rtol=1e-3, atol=1e-3)


def test_behavioural_time_scale():
    """With plateaus everywhere and certain flips, nothing is left to chance."""
    keys, values = pairs(3, 5, 12, 3)
    memory = BehaviouralTimeScale(12, 3, 4, 1.0, 1.0, 0.2)
    queries = np.concatenate([keys, -keys])
    synapses, on, off = np.zeros(12), np.zeros(3), np.zeros(3)
    for key, value in zip(keys, values, strict=True):
        for j in range(12):
            if key[j] > 0:
                synapses[j] = 1 - synapses[j]
        on, off = np.maximum(on, value > 0), np.maximum(off, value < 0)
    state, answers = found(memory, keys, values, queries)
    np.testing.assert_array_equal(state.inputs, np.tile(synapses, (4, 1)))
    fires = [synapses[query > 0].sum() > 0.2 * (query > 0).sum() for query in queries]
    np.testing.assert_allclose(answers, np.outer(fires, on - off), atol=1e-6)


def test_hippocampal_index():
    keys, values = pairs(4, 6, 8, 3)
    memory = HippocampalIndex.draw(jax.random.key(0), 8, 3, 40, 10, 5)

    def drive(key):
        return np.asarray(memory.projection) @ (key / np.linalg.norm(key))

    queries = np.concatenate([keys, np.random.default_rng(5).normal(size=(4, 8))]).astype("float32")
    state = memory.replay(write(memory, memory.init(), jnp.asarray(keys), jnp.asarray(values)), 3)
    cortex = np.zeros((8, 3))
    for _ in range(3):
        for key, value in zip(keys, values, strict=True):
            cortex += 0.1 * np.outer(key, value - key @ cortex) / np.dot(key, key)
    np.testing.assert_allclose(state.cortex, cortex, atol=1e-5)
    codes = np.array([winners(drive(key), 5) for key in keys])
    answers = read(memory, state, jnp.asarray(queries))
    for query, answer in zip(queries, answers, strict=True):
        code = winners(drive(query), 5)
        cosine = codes @ code / np.linalg.norm(codes, axis=1) / np.linalg.norm(code)
        indexed = softmax(30.0 * cosine) @ values
        expected = indexed if cosine.max() >= 0.5 else query @ cortex
        np.testing.assert_allclose(answer, expected, atol=1e-3)


def test_barcodes():
    keys, values = pairs(6, 7, 5, 3)
    memory = Barcodes.draw(jax.random.key(1), 5, 3, 4, 30, 6, 0.25)
    queries = keys + 0.3
    codes = np.asarray(memory.barcodes, float)
    to_code, to_value, direct = np.zeros((5, 30)), np.zeros((30, 3)), np.zeros((5, 3))
    for n, (key, value) in enumerate(zip(keys, values, strict=True)):
        content, barcode = key / np.linalg.norm(key), codes[n % 4]
        to_code += np.outer(content, barcode)
        to_value += np.outer(barcode, value)
        direct += np.outer(content, value)
    state, answers = found(memory, keys, values, queries)
    np.testing.assert_allclose(state.content_to_barcode, to_code, atol=1e-5)
    for query, answer in zip(queries, answers, strict=True):
        content = query / np.linalg.norm(query)
        # The competition in small steps, until it rests.
        alike = np.zeros(4)
        for _ in range(3000):
            alike += 0.02 * (codes @ (content @ to_code) - codes @ codes.T @ alike - 6e-4 * alike)
        recalled = softmax(100.0 * alike) @ codes / 6
        expected = 0.75 * recalled @ to_value + 0.25 * content @ direct
        np.testing.assert_allclose(answer, expected, atol=2e-3)
