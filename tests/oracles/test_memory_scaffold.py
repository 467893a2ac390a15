"""Scaffold memories against their equations in NumPy: pseudo-inverses, winners and signs."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory.general import read, write
from recollect.memory.mesh import MeshScaffold
from recollect.memory.scaffold import ScaffoldMemory
from recollect.memory.vector_hash import GridScaffold


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def plain(memory, book, hidden_of, enter, clean, keys, values, queries):
    """What is found for queries: in by pseudo-inverse, cleaned, out by pseudo-inverse."""
    hidden = np.array([hidden_of(label) for label in book[: len(keys)]])
    inward = np.linalg.pinv(keys) @ hidden
    outward = np.linalg.pinv(hidden) @ values
    found = []
    for query in queries:
        h = enter(query @ inward)
        for _ in range(memory.steps):
            h = hidden_of(clean(h))
        found.append(h @ outward)
    return np.array(found)


def content(random, n, key_dim, value_dim):
    keys = random.choice([-1.0, 1.0], (n, key_dim))
    queries = keys.copy()
    queries[:, :3] *= -1
    return keys, random.choice([-1.0, 1.0], (n, value_dim)), np.concatenate([keys, queries])


def compare(memory, keys, values, queries, expected):
    state = write(memory, memory.init(), jnp.asarray(keys), jnp.asarray(values))
    found = read(memory, state, jnp.asarray(queries))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("load", [5, 25])
def test_mesh(steps, load):
    random = np.random.default_rng(0)
    scaffold = MeshScaffold.draw(jax.random.key(0), labels=8, active=3, hidden=60)
    book, weights = np.asarray(scaffold.labels), np.asarray(scaffold.projection)
    chosen = {tuple(np.flatnonzero(label)) for label in book}
    assert chosen == set(combinations(range(8), 3))
    states = np.sign(book @ weights)
    back = sum(np.outer(h, g) for h, g in zip(states, book, strict=True))

    def clean(h):
        label = np.zeros(8)
        label[np.argsort(h @ back)[-3:]] = 1.0
        return label

    memory = ScaffoldMemory(scaffold, 40, 7, steps=steps, ridge=1e-10)
    keys, values, queries = content(random, load, 40, 7)
    expected = plain(
        memory, book, lambda g: np.sign(g @ weights), np.sign, clean, keys, values, queries
    )
    compare(memory, keys, values, queries, expected)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("load", [5, 25])
def test_vector_hash(steps, load):
    random = np.random.default_rng(1)
    scaffold = GridScaffold.draw(
        jax.random.key(1), periods=(2, 3), hidden=80, threshold=0.4, connected=0.7
    )
    weights = np.asarray(scaffold.projection)
    book = np.zeros((36, 13))
    for place in range(36):
        book[place, place % 4] = book[place, 4 + place % 9] = 1.0
    states = np.maximum(book @ weights - 0.4, 0.0)
    back = sum(np.outer(h, g) for h, g in zip(states, book, strict=True))

    def clean(h):
        label, drive = np.zeros(13), h @ back
        label[np.argmax(drive[:4])] = label[4 + np.argmax(drive[4:])] = 1.0
        return label

    memory = ScaffoldMemory(scaffold, 40, 7, steps=steps, ridge=1e-10)
    keys, values, queries = content(random, load, 40, 7)
    expected = plain(
        memory,
        book,
        lambda g: np.maximum(g @ weights - 0.4, 0.0),
        lambda drive: np.maximum(drive, 0.0),
        clean,
        keys,
        values,
        queries,
    )
    compare(memory, keys, values, queries, expected)
