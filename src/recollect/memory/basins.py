"""How much of a pattern may be wrong and the memory still find it: the size of its basin.

A pattern's basin is the largest number of flipped bits from which it is still recovered in a
given share of trials, found by bisection. Any auto-associative memory of ``±1`` patterns can be
measured: what it reads is compared with the pattern by its signs.

References:
    J. J. Hopfield, Neural networks and physical systems with emergent collective computational
    abilities, PNAS 79 (1982).
    I. Kanter, H. Sompolinsky, Associative recall of memory without errors, Phys. Rev. A 35 (1987).
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray

from recollect.errors import ParameterError
from recollect.memory.contract import Memory

__all__ = ["basin_bits", "flip"]


def flip(
    random_key: PRNGKeyArray, pattern: Float[Array, " key"], bits: int | Int[Array, ""]
) -> Float[Array, " key"]:
    """The pattern with so many components, drawn at random, of the other sign.

    The same random key flips the same components and more as ``bits`` grows.
    """
    place = jax.random.permutation(random_key, pattern.shape[-1])
    return jnp.where(place < bits, -pattern, pattern)


def basin_bits(
    memory: Memory,
    state: Any,
    patterns: Float[Array, "n key"],
    *,
    key: PRNGKeyArray,
    trials: int = 16,
    criterion: float = 0.5,
) -> Int[Array, " n"]:
    """Largest number of flipped bits from which each pattern is still recovered.

    Args:
        memory: auto-associative; what it reads for a pattern has the pattern's length.
        state: what it holds.
        patterns: ``[n, key]`` of ``±1``, to recover.
        key: random key; the same key gives the same flips.
        trials: draws of flipped bits at each number of them.
        criterion: least share of trials that must recover the whole pattern, above 0 up to 1.

    Returns:
        Bits ``[n]``, from 0 to half the length; -1 for a pattern that is not even kept unflipped.

    Raises:
        ParameterError: no trials, or a criterion out of range.
    """
    if trials < 1 or not 0.0 < criterion <= 1.0:
        raise ParameterError("a basin needs 1 trial or more and a criterion above 0, up to 1")
    return _bisect(memory, state, patterns, jax.random.split(key, trials), criterion)


@eqx.filter_jit
def _bisect(
    memory: Memory,
    state: Any,
    patterns: Float[Array, "n key"],
    random_keys: Key[Array, " trial"],
    criterion: float,
) -> Int[Array, " n"]:
    half = patterns.shape[-1] // 2

    def holds(pattern: Array, bits: Array) -> Array:
        cues = jax.vmap(flip, in_axes=(0, None, None))(random_keys, pattern, bits)
        found = jax.vmap(memory.read, in_axes=(None, 0))(state, cues)
        recovered = jnp.all(jnp.sign(found) == pattern, axis=-1)
        return jnp.mean(recovered.astype(pattern.dtype)) >= criterion

    def halve(_: Array, ends: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        low, high, pattern = ends
        middle = (low + high) // 2
        held = holds(pattern, middle) & (middle > low)
        return jnp.where(held, middle, low), jnp.where(held, high, middle), pattern

    def one(pattern: Array) -> Array:
        # Bisection between -1, taken for held, and one above half, taken for lost.
        ends = jnp.array(-1), jnp.array(half + 1), pattern
        return jax.lax.fori_loop(0, (half + 2).bit_length(), halve, ends)[0]

    return jax.lax.map(one, patterns)
