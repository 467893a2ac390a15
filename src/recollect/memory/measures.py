"""How well a memory finds, how faithful it is, and how well its keys can be told apart.

Retrieval is judged on found values against stored ones; keys by their geometry alone. The two
are optimised for different ends, which is the point of keeping them apart (Gershman, Fiete &
Irie 2025).

References:
    O. Roy, M. Vetterli, The effective rank, EUSIPCO 2007.
    P. Gao et al., A theory of multineuronal dimensionality, bioRxiv 2017 (participation ratio).
    S. Sharma, S. Chandra, I. Fiete, Content addressable memory without catastrophic forgetting by
    heteroassociation with a fixed scaffold, ICML 2022 (information per bit).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = [
    "Discriminability",
    "accuracy",
    "bits_per_synapse",
    "bits_per_value",
    "discriminability",
    "overlap",
    "reconstruction_error",
    "synapses",
]


def accuracy(found: Float[Array, "n value"], stored: Float[Array, "n value"]) -> Float[Array, ""]:
    """Share of found values that are nearer to their own stored value than to any other one.

    A value found to be zero, or not a number, is none that was found.
    """
    score = found @ stored.T - 0.5 * jnp.sum(jnp.square(stored), axis=-1)
    right = jnp.all(stored[jnp.argmax(score, axis=-1)] == stored, axis=-1)
    known = jnp.all(jnp.isfinite(found), axis=-1) & jnp.any(found != 0, axis=-1)
    return jnp.mean((right & known).astype(found.dtype))


def overlap(found: Float[Array, "n value"], stored: Float[Array, "n value"]) -> Float[Array, ""]:
    """Mean cosine of found and stored values; 0 for a value found to be zero."""
    lengths = jnp.linalg.norm(found, axis=-1) * jnp.linalg.norm(stored, axis=-1)
    safe = jnp.where(lengths == 0, 1.0, lengths)
    cosine = jnp.where(lengths == 0, 0.0, jnp.sum(found * stored, axis=-1) / safe)
    return jnp.mean(cosine)


def reconstruction_error(
    found: Float[Array, "n value"], stored: Float[Array, "n value"]
) -> Float[Array, ""]:
    """Mean squared error over the variance of the stored values: 0 faithful, 1 no better than
    the mean."""
    spread = jnp.mean(jnp.square(stored - jnp.mean(stored, axis=0)))
    return jnp.mean(jnp.square(found - stored)) / jnp.where(spread == 0, 1.0, spread)


def bits_per_value(
    found: Float[Array, "n value"], stored: Float[Array, "n value"]
) -> Float[Array, ""]:
    """Information in the signs of a found component about a stored ``±1``, 0 to 1 bit.

    A binary symmetric channel with the error rate found: ``1 - H(error)``, and 0 where errors are
    more than half.
    """
    right = (jnp.sign(found) == jnp.sign(stored)).astype(found.dtype)
    error = 1.0 - jnp.mean(right)
    return 1.0 - _entropy(jnp.minimum(error, 0.5))


def _entropy(chance: Float[Array, ""]) -> Float[Array, ""]:
    both = jnp.stack([chance, 1.0 - chance])
    safe = jnp.where(both > 0, both, 1.0)
    return -jnp.sum(both * jnp.log2(safe))


def synapses(state: Any) -> int:
    """How many numbers a state holds."""
    return sum(leaf.size for leaf in jax.tree.leaves(state))


def bits_per_synapse(
    found: Float[Array, "n value"], stored: Float[Array, "n value"], state: Any
) -> Float[Array, ""]:
    """Information about all stored ``±1`` values over the size of the state."""
    return bits_per_value(found, stored) * stored.size / synapses(state)


class Discriminability(NamedTuple):
    """How well keys can be told apart.

    Attributes:
        margin: mean over keys of 1 minus the cosine with the most similar other key.
        effective_rank: exponential of the entropy of the normalised singular values.
        participation_ratio: ``(Σλ)² / Σλ²`` of the variances along principal axes.
    """

    margin: Float[Array, ""]
    effective_rank: Float[Array, ""]
    participation_ratio: Float[Array, ""]


def discriminability(keys: Float[Array, "n key"]) -> Discriminability:
    """Geometry of some keys, at least two."""
    lengths = jnp.linalg.norm(keys, axis=-1, keepdims=True)
    unit = keys / jnp.where(lengths == 0, 1.0, lengths)
    cosine = jnp.where(jnp.eye(keys.shape[0], dtype=bool), -jnp.inf, unit @ unit.T)
    singular = jnp.linalg.svd(keys, compute_uv=False)
    share = singular / jnp.sum(singular)
    entropy = -jnp.sum(share * jnp.log(jnp.where(share > 0, share, 1.0)))
    centred = jnp.linalg.svd(keys - jnp.mean(keys, axis=0), compute_uv=False)
    variance = jnp.square(centred)
    return Discriminability(
        1.0 - jnp.mean(jnp.max(cosine, axis=-1)),
        jnp.exp(entropy),
        jnp.square(jnp.sum(variance)) / jnp.sum(jnp.square(variance)),
    )
