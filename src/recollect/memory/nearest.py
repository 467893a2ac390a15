"""The nearest of many stored keys, exactly, in bounded memory.

Queries are taken a block at a time, so that no more than ``block`` rows of similarities are kept;
the keys are never copied. Up to some hundred thousand keys this is as quick as anything; beyond
that :class:`~recollect.memory.indexed.Indexed` looks at a few of them only.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from recollect.errors import ParameterError
from recollect.memory.similarity import Cosine, Dot, Similarity

__all__ = ["ENTRIES", "Found", "block_size", "nearest"]

ENTRIES = 2**24
"""Numbers kept at a time, unless a block is asked for: 64 MiB."""


class Found(NamedTuple):
    """The nearest keys of each query, most similar first.

    Attributes:
        places: ``[..., count]`` positions among the keys.
        similarity: ``[..., count]``; minus infinity where fewer than ``count`` keys are there.
    """

    places: Int[Array, "*q count"]
    similarity: Float[Array, "*q count"]


def block_size(keys: Float[Array, "n key"], similarity: Similarity) -> int:
    """Queries to take at a time so that about ``ENTRIES`` numbers are kept."""
    # Products need a number a key; differences may need one for each of its components.
    product = isinstance(similarity, Dot | Cosine)
    return max(1, ENTRIES // max(1, keys.shape[0] if product else keys.size))


def nearest(
    keys: Float[Array, "n key"],
    queries: Float[Array, "*q key"],
    count: int,
    similarity: Similarity | None = None,
    *,
    present: Bool[Array, " n"] | None = None,
    block: int | None = None,
) -> Found:
    """The ``count`` keys that are most similar to each query.

    Args:
        keys: stored.
        queries: one ``[key]`` or many ``[q, key]``.
        count: how many to find, at most the number of keys.
        similarity: the dot product by default.
        present: keys that may be found; all by default.
        block: queries taken at a time; by default as many as keep about 2²⁴ numbers.

    Raises:
        ParameterError: fewer keys than asked for, or a block or count below 1.
    """
    if not 1 <= count <= keys.shape[0]:
        raise ParameterError(f"count lies in 1 to {keys.shape[0]}, the number of keys, not {count}")
    if block is not None and block < 1:
        raise ParameterError(f"a block has 1 query or more, not {block}")
    alike = Dot() if similarity is None else similarity

    def one(query: Float[Array, " key"]) -> Found:
        similarities = alike(keys, query)
        if present is not None:
            similarities = jnp.where(present, similarities, -jnp.inf)
        best, places = jax.lax.top_k(similarities, count)
        return Found(places, best)

    if queries.ndim == 1:
        return one(queries)
    size = block_size(keys, alike) if block is None else block
    if size >= queries.shape[0]:
        return jax.vmap(one)(queries)
    return jax.lax.map(one, queries, batch_size=size)
