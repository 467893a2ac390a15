"""The general form of a key-value memory, ``v̂ = σ(S(K, q)) V``, and its use in bulk.

:func:`retrieve` is the form itself, for any similarity and any separation. :func:`write` and
:func:`read` use any memory on many pairs and many queries.

References:
    S. J. Gershman, I. Fiete, K. Irie, Key-value memory in the brain, Neuron 2025, eq. 1-3.
    B. Millidge et al., Universal Hopfield networks, ICML 2022.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError
from recollect.memory.contract import Memory, Readable
from recollect.memory.separation import Linear, Separation
from recollect.memory.similarity import Dot, Similarity

__all__ = ["read", "retrieve", "write"]


def retrieve(
    keys: Float[Array, "n key"],
    values: Float[Array, "n value"],
    queries: Float[Array, "*q key"],
    similarity: Similarity | None = None,
    separation: Separation | None = None,
) -> Float[Array, "*q value"]:
    """``σ(S(K, q)) V`` for every query.

    Args:
        keys: stored.
        values: stored, one a key.
        queries: one ``[key]`` or many ``[q, key]``.
        similarity: S; the dot product by default.
        separation: σ; none by default.
    """
    if keys.shape[0] == 0:
        return jnp.zeros((*queries.shape[:-1], values.shape[-1]), values.dtype)
    alike = Dot() if similarity is None else similarity
    apart = Linear() if separation is None else separation

    def one(query: Float[Array, " key"]) -> Float[Array, " value"]:
        return apart(alike(keys, query)) @ values

    return one(queries) if queries.ndim == 1 else jax.vmap(one)(queries)


def _check(memory: Readable, what: str, size: str, rows: Array) -> None:
    """Refuse sizes that would fail deep inside, or worse, be stretched to fit."""
    wanted = getattr(memory, size, None)
    if rows.ndim not in (1, 2) or (isinstance(wanted, int) and rows.shape[-1] != wanted):
        shape = "[" + ", ".join(map(str, rows.shape)) + "]"
        raise ParameterError(f"{what} are {shape}, where the memory has {size} {wanted}")
    if not jnp.issubdtype(rows.dtype, jnp.floating):
        raise ParameterError(f"{what} are {rows.dtype}; give floating-point numbers")


def write(memory: Memory, state: Any, keys: Array, values: Array) -> Any:
    """Store pairs, in order.

    Args:
        memory: any.
        state: what it holds so far.
        keys: one ``[key]`` or many ``[n, key]``.
        values: one or many, as the memory takes them.

    Returns:
        The state after the last pair. A memory with a ``write_all`` of its own (a batch rule,
        such as the pseudo-inverse) is given all pairs at once.

    Raises:
        ParameterError: keys or values of other sizes than the memory's, or whole numbers.
    """
    _check(memory, "keys", "key_dim", keys)
    if getattr(memory, "value_dim", None) is not None and values.ndim == keys.ndim:
        _check(memory, "values", "value_dim", values)
    if keys.ndim == 1:
        return memory.write(state, keys, values)
    if keys.shape[0] != values.shape[0]:
        raise ParameterError(f"{keys.shape[0]} keys and {values.shape[0]} values make no pairs")
    at_once = getattr(memory, "write_all", None)
    if at_once is not None:
        return at_once(state, keys, values)

    def step(state: Any, pair: tuple[Array, Array]) -> tuple[Any, None]:
        return memory.write(state, *pair), None

    return jax.lax.scan(step, state, (keys, values))[0]


def read(memory: Readable, state: Any, queries: Array) -> Any:
    """What a state holds for one query ``[key]`` or many ``[q, key]``.

    A memory with a ``read_all`` of its own (one that holds so much that queries are best taken
    in blocks) is given all queries at once.
    """
    _check(memory, "queries", "key_dim", queries)
    if queries.ndim == 1:
        return memory.read(state, queries)
    at_once = getattr(memory, "read_all", None)
    if at_once is not None:
        return at_once(state, queries)
    return jax.vmap(memory.read, in_axes=(None, 0))(state, queries)
