"""Causal softmax attention over long sequences, block by block, in bounded memory.

Every step attends to itself and to what came before. Scores are worked out for a block of
queries and a block of keys at a time and never kept: a running maximum and sum make the softmax
exact, and the gradient works the scores out again.

References:
    M. N. Rabe, C. Staats, Self-attention does not need O(n²) memory, arXiv:2112.05682 (2021).
    T. Dao et al., FlashAttention, NeurIPS 2022.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError

__all__ = ["causal_attention"]

_Kept = tuple[Array, Array, Array, Array, Array, Array]


def causal_attention(
    keys: Float[Array, "step key"],
    values: Float[Array, "step value"],
    queries: Float[Array, "step key"],
    *,
    inverse_temperature: float | Float[Array, ""] | None = None,
    block: int = 512,
) -> Float[Array, "step value"]:
    """``softmax(β K q) V`` over the steps up to each.

    Args:
        keys: of each step.
        values: of each step.
        queries: of each step.
        inverse_temperature: β; one over the root of the key's length by default.
        block: steps that are compared at a time; memory grows with its square and with the
            length of the sequence, not with the square of that.

    Returns:
        What each step found; of numbers, none that comes later counts, but what is not a number
        spreads over its block. Gradients need no more memory than that; there is no forward-mode
        derivative.

    Raises:
        ParameterError: a block of no steps.
    """
    if block < 1:
        raise ParameterError(f"a block has 1 step or more, not {block}")
    count, key_dim = keys.shape
    if count == 0:
        return jnp.zeros_like(values)
    beta = key_dim**-0.5 if inverse_temperature is None else inverse_temperature
    size = min(block, max(count, 1))
    blocks = -(-count // size)

    def cut(column: Array) -> Array:
        padded = jnp.pad(column, [(0, blocks * size - count), (0, 0)])
        return padded.reshape(blocks, size, column.shape[-1])

    # Padding comes last, where no step looks.
    found = _attend(cut(keys), cut(values), cut(queries * beta))
    return found.reshape(blocks * size, -1)[:count]


def _scores(query: Array, key: Array, on_diagonal: Array) -> Array:
    scores = query @ key.T
    at = jnp.arange(scores.shape[0])
    later = at[None, :] > at[:, None]
    return jnp.where(on_diagonal & later, -jnp.inf, scores)


def _attend_forward(
    keys: Float[Array, "block step key"],
    values: Float[Array, "block step value"],
    queries: Float[Array, "block step key"],
) -> tuple[Float[Array, "block step value"], _Kept]:
    size, value_dim = values.shape[1:]

    def for_queries(i: Array) -> tuple[Array, Array, Array]:
        query = queries[i]

        def add(j: Array, so_far: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            most, total, mixed = so_far
            scores = _scores(query, keys[j], i == j)
            new_most = jnp.maximum(most, jnp.max(scores, axis=-1))
            weight = jnp.exp(scores - new_most[:, None])
            shrink = jnp.exp(most - new_most)
            return (
                new_most,
                total * shrink + jnp.sum(weight, axis=-1),
                mixed * shrink[:, None] + weight @ values[j],
            )

        start = (
            jnp.full(size, -jnp.inf, queries.dtype),
            jnp.zeros(size, queries.dtype),
            jnp.zeros((size, value_dim), queries.dtype),
        )
        most, total, mixed = jax.lax.fori_loop(0, i + 1, add, start)
        return mixed / total[:, None], most, total

    found, most, total = jax.lax.map(for_queries, jnp.arange(queries.shape[0]))
    return found, (keys, values, queries, found, most, total)


def _attend_backward(
    kept: _Kept, slope: Float[Array, "block step value"]
) -> tuple[Array, Array, Array]:
    keys, values, queries, found, most, total = kept
    shared = jnp.sum(slope * found, axis=-1)
    blocks = keys.shape[0]

    def for_keys(query_slopes: Array, j: Array) -> tuple[Array, tuple[Array, Array]]:
        def add(i: Array, so_far: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            of_queries, of_keys, of_values = so_far
            # Not the logarithm of the total: added to a large score it would be rounded away.
            scores = _scores(queries[i], keys[j], i == j) - most[i][:, None]
            weight = jnp.exp(scores) / total[i][:, None]
            of_scores = weight * (slope[i] @ values[j].T - shared[i][:, None])
            return (
                of_queries.at[i].add(of_scores @ keys[j]),
                of_keys + of_scores.T @ queries[i],
                of_values + weight.T @ slope[i],
            )

        start = (query_slopes, jnp.zeros_like(keys[0]), jnp.zeros_like(values[0]))
        query_slopes, of_keys, of_values = jax.lax.fori_loop(j, blocks, add, start)
        return query_slopes, (of_keys, of_values)

    of_queries, (of_keys, of_values) = jax.lax.scan(
        for_keys, jnp.zeros_like(queries), jnp.arange(blocks)
    )
    return of_keys, of_values, of_queries


@jax.custom_vjp
def _attend(keys: Array, values: Array, queries: Array) -> Array:
    return _attend_forward(keys, values, queries)[0]


_attend.defvjp(_attend_forward, _attend_backward)
