"""How alike a query is to each stored key: the S of the general form ``σ(S(K, q)) V``.

A similarity takes ``keys [n, key]`` and ``query [key]`` and gives ``[n]``; larger is more alike.
Which memory a similarity makes, together with a separation, is the taxonomy of Millidge et al.

References:
    B. Millidge et al., Universal Hopfield networks, ICML 2022.
    S. J. Gershman, I. Fiete, K. Irie, Key-value memory in the brain, Neuron 2025.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.memory.feature_maps import FeatureMap

__all__ = [
    "Cosine",
    "Dot",
    "Exponential",
    "Gaussian",
    "Manhattan",
    "Mapped",
    "Polynomial",
    "Similarity",
]


@runtime_checkable
class Similarity(Protocol):
    """How alike a query is to each of some keys."""

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``."""
        ...


class Dot(eqx.Module):
    """``k · q``: linear attention, the classical Hopfield network."""

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``."""
        return keys @ query


def _length(vectors: Float[Array, "*n key"]) -> Float[Array, "*n"]:
    """Lengths ``[...]`` with a finite slope at 0."""
    square = jnp.sum(jnp.square(vectors), axis=-1)
    return jnp.where(square == 0, 0.0, jnp.sqrt(jnp.where(square == 0, 1.0, square)))


class Cosine(eqx.Module):
    """``k · q / (‖k‖ ‖q‖)``; a key or query of length 0 is alike to nothing."""

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``, -1 to 1."""
        # A root for each: the product of the squares would leave the range of numbers sooner.
        of_keys, of_query = _length(keys), _length(query)
        none = (of_keys == 0) | (of_query == 0)
        lengths = jnp.where(of_keys == 0, 1.0, of_keys) * jnp.where(of_query == 0, 1.0, of_query)
        return jnp.where(none, 0.0, keys @ query / lengths)


class Gaussian(eqx.Module):
    """``exp(-‖k - q‖² / 2 width²)``.

    Attributes:
        width: distance at which the similarity has fallen to ``exp(-1/2)``.
    """

    width: float | Float[Array, ""] = 1.0

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``, 0 to 1."""
        distance = jnp.sum(jnp.square(keys - query), axis=-1)
        return jnp.exp(-0.5 * distance / jnp.square(self.width))


class Exponential(eqx.Module):
    """``exp(β k · q)``: softmax attention before its normalisation, the modern Hopfield network.

    Attributes:
        inverse_temperature: β.
    """

    inverse_temperature: float | Float[Array, ""] = 1.0

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``, above 0."""
        return jnp.exp(self.inverse_temperature * (keys @ query))


class Polynomial(eqx.Module):
    """``(k · q + offset)ⁿ``: the dense associative memory of order n + 1.

    Attributes:
        degree: n.
        offset: added before the power.
    """

    degree: int = eqx.field(static=True, default=2)
    offset: float | Float[Array, ""] = 0.0

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``."""
        return (keys @ query + self.offset) ** self.degree


class Manhattan(eqx.Module):
    """``-Σ |k - q|``; of binary patterns, minus the Hamming distance."""

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``, at most 0."""
        return -jnp.sum(jnp.abs(keys - query), axis=-1)


class Mapped(eqx.Module):
    """``φ(k) · φ(q)`` for a feature map φ; what a fast-weight memory of mapped keys compares.

    Attributes:
        feature_map: φ.
    """

    feature_map: FeatureMap

    def __call__(
        self, keys: Float[Array, "n key"], query: Float[Array, " key"]
    ) -> Float[Array, " n"]:
        """Similarities ``[n]``."""
        return self.feature_map(keys) @ self.feature_map(query)
