"""The nearest keys, exactly, whatever the size of the blocks."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory import (
    Attention,
    Cosine,
    Dot,
    Gaussian,
    Manhattan,
    Softmax,
    TopK,
    nearest,
    read,
)

RANDOM = np.random.default_rng(0)
KEYS = jnp.asarray(RANDOM.normal(size=(300, 6)), jnp.float32)
VALUES = jnp.asarray(RANDOM.normal(size=(300, 2)), jnp.float32)
QUERIES = jnp.asarray(RANDOM.normal(size=(11, 6)), jnp.float32)


@pytest.mark.parametrize("similarity", [Dot(), Cosine(), Gaussian(2.0), Manhattan()])
@pytest.mark.parametrize("block", [None, 1, 4, 100])
def test_it_is_a_full_sort(similarity, block):
    found = nearest(KEYS, QUERIES, 5, similarity, block=block)
    for query, places, alike in zip(QUERIES, *found, strict=True):
        all_alike = np.asarray(similarity(KEYS, query))
        assert places.tolist() == np.argsort(-all_alike, kind="stable")[:5].tolist()
        np.testing.assert_allclose(alike, all_alike[places], rtol=1e-5, atol=1e-6)


def test_one_query_needs_no_axis():
    alone = nearest(KEYS, QUERIES[0], 3)
    assert alone.places.tolist() == nearest(KEYS, QUERIES, 3).places[0].tolist()


def test_keys_that_are_not_there_are_not_found():
    present = jnp.arange(300) % 2 == 0
    found = nearest(KEYS, QUERIES, 7, present=present)
    assert np.all(np.asarray(found.places) % 2 == 0)
    short = nearest(KEYS, QUERIES, 7, present=jnp.arange(300) < 3)
    assert np.all(np.asarray(short.similarity)[:, 3:] == -np.inf)


@pytest.mark.parametrize("count", [0, 301])
def test_a_count_that_cannot_be_is_refused(count):
    with pytest.raises(ParameterError, match="1 to 300"):
        nearest(KEYS, QUERIES, count)
    with pytest.raises(ParameterError, match="block"):
        nearest(KEYS, QUERIES, 3, block=0)


@pytest.mark.parametrize("separation", [TopK(4, 2.0), TopK(1000), Softmax(0.5)])
@pytest.mark.parametrize("entries", [1, 1000, 2**24])
def test_many_reads_in_blocks_are_each_alone(separation, entries, monkeypatch):
    monkeypatch.setattr(sys.modules["recollect.memory.nearest"], "ENTRIES", entries)
    memory = Attention(6, 2, 310, separation=separation)
    state = memory.filled(KEYS, VALUES)
    together = read(memory, state, QUERIES)
    alone = jnp.stack([memory.read(state, query) for query in QUERIES])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_reading_many_has_the_slopes_of_reading_each():
    memory = Attention(6, 2, 300, separation=TopK(4))
    state = memory.filled(KEYS, VALUES)

    def together(queries):
        return jnp.sum(jnp.square(read(memory, state, queries)))

    def apart(queries):
        return sum(jnp.sum(jnp.square(memory.read(state, query))) for query in queries)

    np.testing.assert_allclose(
        jax.grad(together)(QUERIES), jax.grad(apart)(QUERIES), rtol=1e-3, atol=1e-4
    )
