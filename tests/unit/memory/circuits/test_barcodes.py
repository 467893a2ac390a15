"""Barcodes: what was cached in similar places is not confused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory import accuracy, overlap, read, write
from recollect.memory.circuits import Barcodes


def place_codes(places, cells=100, width=0.1):
    """Gaussian place fields along a track of length 1."""
    centres = np.linspace(-0.2, 1.2, cells)
    fields = np.exp(-np.square(places[:, None] - centres) / (2 * width**2))
    return jnp.asarray(fields, jnp.float32)


@pytest.fixture(scope="module")
def caches():
    """Thirty sites on a track: neighbours have nearly the same place code."""
    keys = place_codes(np.linspace(0, 1, 30))
    unit = keys / jnp.linalg.norm(keys, axis=1, keepdims=True)
    assert np.sum(unit[0] * unit[1]) > 0.95
    values = jnp.asarray(np.random.default_rng(0).choice([-1.0, 1.0], (30, 40)), jnp.float32)
    return keys, values


@pytest.fixture(scope="module")
def memory():
    return Barcodes.draw(jax.random.key(0), 100, 40, 30, 4096, 20)


def test_similar_places_are_confused_less_than_by_content_codes(memory, caches):
    keys, values = caches
    content = eqx.tree_at(lambda m: m.content_share, memory, 1.0)
    state = write(memory, memory.init(), keys, values)
    with_barcodes, without = read(memory, state, keys), read(content, state, keys)
    assert accuracy(with_barcodes, values) >= accuracy(without, values) + 0.3
    assert accuracy(with_barcodes, values) > 0.9
    assert overlap(with_barcodes, values) > overlap(without, values) + 0.3


def test_the_barcode_of_the_event_comes_back(memory, caches):
    """Neighbouring sites have unrelated barcodes, and each brings back its own."""
    keys, values = caches
    state = write(memory, memory.init(), keys, values)
    recalled = jax.vmap(lambda key: memory.recalled(state, key))(keys) > 0
    own = (recalled * memory.barcodes).sum(axis=1) / 20
    neighbours = (recalled * jnp.roll(memory.barcodes, 1, axis=0)).sum(axis=1) / 20
    assert own.mean() > 3 * neighbours.mean()
    between = (memory.barcodes * jnp.roll(memory.barcodes, 1, axis=0)).sum(axis=1) / 20
    assert between.mean() < 0.05


def test_barcodes_are_sparse_and_seeded(memory):
    np.testing.assert_array_equal(memory.barcodes.sum(axis=1), 20)
    assert set(np.unique(memory.barcodes)) == {0.0, 1.0}
    again = Barcodes.draw(jax.random.key(0), 100, 40, 30, 4096, 20)
    np.testing.assert_array_equal(again.barcodes, memory.barcodes)
    assert len({row.tobytes() for row in np.asarray(memory.barcodes)}) == 30


def test_the_same_place_twice_gives_both_events():
    memory = Barcodes.draw(jax.random.key(1), 10, 4, 8, 512, 10)
    key = jnp.ones(10)
    values = jnp.asarray([[1.0, 1, 1, 1], [1, -1, 1, -1]])
    state = write(memory, memory.init(), jnp.stack([key, key]), values)
    assert np.all(state.barcode_to_value[memory.barcodes[1] > 0][:, 1] < 1)
    assert state.writes == 2


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ParameterError, match="active"):
        Barcodes.draw(jax.random.key(0), 4, 2, code_dim=8, active=9)
    with pytest.raises(ParameterError, match="events"):
        Barcodes.draw(jax.random.key(0), 4, 2, events=0)
