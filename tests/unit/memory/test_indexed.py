"""An index in front of slots: what it finds is what the memory reads."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import OutputError, ParameterError
from recollect.memory import Attention, Cosine, Gaussian, Indexed, Manhattan, Softmax, TopK, read

faiss = pytest.importorskip("faiss", reason="the extra index is not installed")

RANDOM = np.random.default_rng(0)
KEYS = jnp.asarray(RANDOM.normal(size=(2000, 8)), jnp.float32)
VALUES = jnp.asarray(RANDOM.normal(size=(2000, 3)), jnp.float32)
QUERIES = jnp.asarray(RANDOM.normal(size=(20, 8)), jnp.float32)
MEMORY = Attention(8, 3, 2000, separation=TopK(10, 2.0))


@pytest.fixture(scope="module")
def state():
    return MEMORY.filled(KEYS, VALUES)


@pytest.fixture(scope="module")
def indexed(state):
    return Indexed.build(MEMORY, state)


def test_it_reads_what_the_memory_reads(indexed, state):
    assert indexed.recall(state, QUERIES) == 1.0
    exact = read(MEMORY, state, QUERIES)
    np.testing.assert_allclose(read(indexed, state, QUERIES), exact, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(read(indexed, state, QUERIES[0]), exact[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("similarity", [Cosine(), Gaussian(2.0)])
def test_other_similarities_are_found_by(similarity, state):
    memory = dataclasses.replace(MEMORY, similarity=similarity)
    indexed = Indexed.build(memory, state)
    assert indexed.recall(state, QUERIES) > 0.99
    np.testing.assert_allclose(
        read(indexed, state, QUERIES), read(memory, state, QUERIES), rtol=1e-3, atol=1e-4
    )


def test_it_compiles_batches_and_has_slopes(indexed, state):
    together = jax.jit(lambda queries: read(indexed, state, queries))(QUERIES)
    np.testing.assert_allclose(together, read(indexed, state, QUERIES), rtol=1e-5, atol=1e-6)

    def loss(reader, query):
        return jnp.sum(jnp.square(reader.read(state, query)))

    np.testing.assert_allclose(
        jax.grad(lambda query: loss(indexed, query))(QUERIES[0]),
        jax.grad(lambda query: loss(MEMORY, query))(QUERIES[0]),
        rtol=1e-3,
        atol=1e-4,
    )


def test_keeping_less_in_view_finds_less(state):
    narrow = dataclasses.replace(Indexed.build(MEMORY, state, links=4, breadth=4), breadth=1)
    assert narrow.recall(state, QUERIES) < 0.95
    wide = dataclasses.replace(narrow, breadth=2000)
    assert wide.recall(state, QUERIES) > narrow.recall(state, QUERIES)


def test_it_is_saved_and_loaded(indexed, state, tmp_path):
    file = tmp_path / "keys.index"
    indexed.save(file)
    again = Indexed.load(file, MEMORY, state)
    assert np.array_equal(read(again, state, QUERIES), read(indexed, state, QUERIES))
    assert [path.name for path in tmp_path.iterdir()] == ["keys.index"]


def test_what_cannot_be_indexed_is_refused(state):
    with pytest.raises(ParameterError, match="TopK"):
        Indexed.build(dataclasses.replace(MEMORY, separation=Softmax()), state)
    with pytest.raises(ParameterError, match="Dot, Cosine or Gaussian"):
        Indexed.build(dataclasses.replace(MEMORY, similarity=Manhattan()), state)
    with pytest.raises(ParameterError, match="full slots"):
        Indexed.build(MEMORY, MEMORY.init())


def test_files_that_do_not_fit_are_refused(indexed, state, tmp_path):
    (tmp_path / "noise").write_bytes(b"noise" * 20)
    with pytest.raises(ParameterError, match="no index can be read"):
        Indexed.load(tmp_path / "noise", MEMORY, state)
    with pytest.raises(ParameterError, match="no index can be read"):
        Indexed.load(tmp_path / "missing", MEMORY, state)
    with pytest.raises(OutputError, match="cannot be written"):
        indexed.save(tmp_path / "no folder" / "keys.index")
    indexed.save(tmp_path / "keys.index")
    with pytest.raises(ParameterError, match="2000 keys of length 8"):
        Indexed.load(tmp_path / "keys.index", dataclasses.replace(MEMORY, slots=1000), state)
    for similarity in (Cosine(), Gaussian(1.0)):
        other = dataclasses.replace(MEMORY, similarity=similarity)
        with pytest.raises(ParameterError, match="similarity"):
            Indexed.load(tmp_path / "keys.index", other, state)
    with pytest.raises(ParameterError, match="other keys"):
        Indexed.load(tmp_path / "keys.index", MEMORY, MEMORY.filled(2 * KEYS, VALUES))
    faiss.write_index(faiss.IndexFlatIP(8), str(tmp_path / "flat"))
    with pytest.raises(ParameterError, match="another kind"):
        Indexed.load(tmp_path / "flat", MEMORY, state)


def test_what_is_not_a_number_is_never_hidden(indexed, state):
    query = QUERIES[0].at[0].set(jnp.nan)
    assert np.all(np.isnan(read(indexed, state, query)))
    with pytest.raises(ParameterError, match="not numbers"):
        Indexed.build(MEMORY, MEMORY.filled(KEYS.at[3, 0].set(jnp.nan), VALUES))
    with pytest.raises(ParameterError, match="1 query or more"):
        indexed.recall(state, QUERIES[:0])
