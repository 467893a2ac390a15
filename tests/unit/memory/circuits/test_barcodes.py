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


@jax.jit
def stored_and_read(memory, keys, values):
    return read(memory, write(memory, memory.init(), keys, values), keys)


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
    recalled = jax.vmap(lambda key: memory.recalled(state, key))(keys)
    np.testing.assert_allclose(recalled.sum(axis=1), 1.0, atol=1e-4)
    own = (recalled * memory.barcodes).sum(axis=1)
    neighbours = (recalled * jnp.roll(memory.barcodes, 1, axis=0)).sum(axis=1)
    assert own.mean() > 3 * neighbours.mean()
    between = (memory.barcodes * jnp.roll(memory.barcodes, 1, axis=0)).sum(axis=1) / 20
    assert between.mean() < 0.05


def test_barcodes_are_sparse_and_seeded(memory):
    np.testing.assert_array_equal(memory.barcodes.sum(axis=1), 20)
    assert set(np.unique(memory.barcodes)) == {0.0, 1.0}
    again = Barcodes.draw(jax.random.key(0), 100, 40, 30, 4096, 20)
    np.testing.assert_array_equal(again.barcodes, memory.barcodes)
    assert len({row.tobytes() for row in np.asarray(memory.barcodes)}) == 30


def test_the_same_place_twice_gives_the_mean_of_both_events():
    """With other events besides, whose barcodes share units with theirs."""
    memory = Barcodes.draw(jax.random.key(1), 10, 4, 8, 2048, 10)
    random = np.random.default_rng(2)
    keys = jnp.asarray(random.normal(size=(6, 10)), jnp.float32).at[3].set(jnp.ones(10))
    keys = keys.at[4].set(jnp.ones(10))
    values = jnp.asarray(random.choice([-1.0, 1.0], (6, 4)), jnp.float32)
    state = write(memory, memory.init(), keys, values)
    found = memory.read(state, jnp.ones(10))
    np.testing.assert_allclose(found, 0.5 * (values[3] + values[4]), atol=0.2)
    assert not np.array_equal(values[3], values[4])


@pytest.mark.parametrize(
    ("events", "cosine", "least"),
    [(20, 0.5, 1.0), (20, 0.9, 1.0), (100, 0.9, 0.99), (256, 0.5, 0.9)],
)
def test_events_with_similar_content_are_kept_apart_at_the_default_size(events, cosine, least):
    random = np.random.default_rng(3)
    shared, own = random.normal(size=32) / 32**0.5, random.normal(size=(events, 32)) / 32**0.5
    keys = jnp.asarray(cosine**0.5 * shared + (1 - cosine) ** 0.5 * own, jnp.float32)
    values = jnp.asarray(random.choice([-1.0, 1.0], (events, 16)), jnp.float32)
    found = stored_and_read(Barcodes.draw(jax.random.key(4), 32, 16), keys, values)
    assert accuracy(found, values) >= least


def test_how_alike_contents_may_be_is_set_by_the_competition():
    """Sixty sites, neighbours at a cosine of 0.993: too much for the default, not for β = 1000."""
    keys = place_codes(np.linspace(0, 1, 60))
    values = jnp.asarray(np.random.default_rng(5).choice([-1.0, 1.0], (60, 40)), jnp.float32)
    memory = Barcodes.draw(jax.random.key(6), 100, 40)
    sharp = eqx.tree_at(lambda m: m.inverse_temperature, memory, 1000.0)
    assert overlap(stored_and_read(memory, keys, values), values) < 0.85
    found = stored_and_read(sharp, keys, values)
    assert overlap(found, values) > 0.9
    assert accuracy(found, values) == 1.0


def test_no_content_brings_back_nothing(memory, caches):
    for share in (0.0, 0.5):
        mixed = eqx.tree_at(lambda m: m.content_share, memory, share)
        state = write(mixed, mixed.init(), *caches)
        np.testing.assert_array_equal(mixed.read(state, jnp.zeros(100)), jnp.zeros(40))


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ParameterError, match="active"):
        Barcodes.draw(jax.random.key(0), 4, 2, code_dim=8, active=9)
    with pytest.raises(ParameterError, match="events"):
        Barcodes.draw(jax.random.key(0), 4, 2, events=0)
