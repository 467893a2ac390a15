"""A graph over stored keys, so that a query looks at some hundreds of a million.

Hierarchical navigable small worlds: every key is linked to near ones, on layers that thin out
upwards; a search walks down the layers towards the query. It may miss a near key, how often is
measured by :meth:`Indexed.recall`. What it finds is compared exactly and mixed as the memory
mixes, so a value that is read differs from the exact one only where a near key was missed.

References:
    Y. A. Malkov, D. A. Yashunin, Efficient and robust approximate nearest neighbor search using
    hierarchical navigable small world graphs, IEEE TPAMI 42 (2020).
    M. Douze et al., The Faiss library, arXiv:2401.08281 (2024), which builds and searches it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from recollect.errors import MissingExtraError, OutputError, ParameterError
from recollect.memory.attention import Attention, Slots
from recollect.memory.nearest import nearest
from recollect.memory.separation import TopK
from recollect.memory.similarity import Cosine, Dot, Gaussian

__all__ = ["Indexed"]

_COMPARED = 1000
"""Keys that are compared with those of a file."""


class Indexed(eqx.Module):
    """Slots that are read through an index: ``read`` of the memory, over what the index finds.

    Make one with :meth:`build` or :meth:`load`. An index belongs to the state it was built from;
    pairs that are written later are not in it.

    Attributes:
        memory: whose slots they are; it reads its ``TopK`` nearest by dot product, cosine or
            Gaussian.
        index: the Faiss index.
        breadth: keys kept in view while searching; more finds more of the nearest, slower.
    """

    memory: Attention
    index: Any = eqx.field(static=True)
    breadth: int = eqx.field(static=True, default=128)

    @classmethod
    def build(
        cls, memory: Attention, state: Slots, *, links: int = 32, breadth: int = 200
    ) -> Indexed:
        """Index the slots that hold something.

        Args:
            memory: the memory.
            state: what it holds.
            links: of each key on a layer; twice as many on the lowest.
            breadth: keys kept in view while one is linked; more finds better links, slower.

        Raises:
            MissingExtraError: Faiss is not installed.
            ParameterError: a memory that does not read its nearest few, a similarity that an
                index cannot order by, or slots that are empty.
        """
        faiss = _faiss()
        metric = _metric(faiss, memory)
        if not bool(jnp.all(state.strength > 0)):
            raise ParameterError("an index is built of full slots; give the memory as many as used")
        if bool(jnp.any(jnp.isnan(state.keys))):
            raise ParameterError("keys that are not numbers cannot be indexed")
        index = faiss.IndexHNSWFlat(memory.key_dim, links, metric)
        index.hnsw.efConstruction = breadth
        index.add(_directions(memory, np.asarray(state.keys)))
        return cls(memory, index)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to a file, for :meth:`load`.

        Raises:
            OutputError: the file cannot be written.
        """
        unfinished = Path(f"{os.fspath(path)}.unfinished")
        try:
            _faiss().write_index(self.index, str(unfinished))
            unfinished.replace(path)
        except (OSError, RuntimeError) as error:
            unfinished.unlink(missing_ok=True)
            raise OutputError(f"{path}: the index cannot be written there") from error

    @classmethod
    def load(cls, path: str | os.PathLike[str], memory: Attention, state: Slots) -> Indexed:
        """The index of a file, for the memory and the state that it was built from.

        Some of the keys, evenly spread, are compared with those in the index.

        Raises:
            ParameterError: no such index is there, or it is of other keys or another similarity.
        """
        faiss = _faiss()
        metric = _metric(faiss, memory)
        try:
            index = faiss.read_index(os.fspath(path))
        except RuntimeError as error:
            raise ParameterError(f"{path}: no index can be read there; build one") from error
        fits = (memory.key_dim, memory.slots, metric)
        if not isinstance(index, faiss.IndexHNSWFlat):
            raise ParameterError(f"{path}: an index of another kind; build one")
        if (index.d, index.ntotal, index.metric_type) != fits:
            raise ParameterError(
                f"{path}: an index of {index.ntotal} keys of length {index.d}, where the memory "
                f"has {memory.slots} of length {memory.key_dim}, or of another similarity"
            )
        some = np.unique(np.linspace(0, memory.slots - 1, _COMPARED).astype(np.int64))
        ours = _directions(memory, np.asarray(state.keys[some]))
        if not np.allclose(index.reconstruct_batch(some), ours, rtol=1e-4, atol=1e-6):
            raise ParameterError(f"{path}: an index of other keys or another similarity; build one")
        return cls(memory, index)

    def read(self, state: Slots, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """The values of the nearest that the index finds, mixed by how well their keys match."""
        places = self._places(query)
        # The similarity carries on what is not a number; the search alone would hide it.
        alike = self.memory.similarity(state.keys[places], query)
        # The search gives -1 for what it did not find.
        missed = (places < 0) & ~jnp.isnan(alike)
        return self.memory.separation(jnp.where(missed, -jnp.inf, alike)) @ state.values[places]

    def read_all(self, state: Slots, queries: Float[Array, "q key"]) -> Float[Array, "q value"]:
        """:meth:`read` of every query."""
        return jax.vmap(self.read, in_axes=(None, 0))(state, queries)

    def recall(self, state: Slots, queries: Float[Array, "q key"]) -> float:
        """Share of the truly nearest that the index finds, 0-1."""
        count = _separation(self.memory).count
        if queries.shape[0] == 0:
            raise ParameterError("recall is measured with 1 query or more")
        exact = nearest(state.keys, queries, count, self.memory.similarity).places
        found = np.asarray(jax.vmap(self._places)(queries))
        hits = [np.intersect1d(a, b).size for a, b in zip(np.asarray(exact), found, strict=True)]
        return float(np.mean(hits)) / count

    def _places(self, query: Float[Array, " key"]) -> Int[Array, " count"]:
        count = _separation(self.memory).count
        how = _faiss().SearchParametersHNSW(efSearch=max(self.breadth, count))

        def search(queries: Any) -> np.ndarray:
            rows = np.asarray(queries)
            flat = _directions(self.memory, rows.reshape(-1, rows.shape[-1]))
            places = self.index.search(flat, count, params=how)[1]
            return places.astype(np.int32).reshape(*rows.shape[:-1], count)

        shape = jax.ShapeDtypeStruct((count,), jnp.int32)  # type: ignore[no-untyped-call]
        still = jax.lax.stop_gradient(query)
        return jax.pure_callback(search, shape, still, vmap_method="expand_dims")


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise MissingExtraError("index", "an index over stored keys") from error
    return faiss


def _separation(memory: Attention) -> TopK:
    if not isinstance(memory.separation, TopK):
        raise ParameterError("an index finds the nearest few: give the memory the separation TopK")
    return memory.separation


def _metric(faiss: Any, memory: Attention) -> int:
    _separation(memory)
    if isinstance(memory.similarity, Dot | Cosine):
        return int(faiss.METRIC_INNER_PRODUCT)
    if isinstance(memory.similarity, Gaussian):
        return int(faiss.METRIC_L2)
    raise ParameterError("an index orders keys by Dot, Cosine or Gaussian similarity, no other")


def _directions(memory: Attention, rows: np.ndarray) -> np.ndarray:
    """Rows as the index compares them; of length 1 where only the direction counts."""
    plain = np.ascontiguousarray(rows, np.float32)
    if not isinstance(memory.similarity, Cosine):
        return plain
    length = np.linalg.norm(plain, axis=1, keepdims=True)
    return plain / np.where(length == 0, 1.0, length)
