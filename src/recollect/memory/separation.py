"""How similarities become weights: the σ of the general form ``σ(S(K, q)) V``.

A separation takes similarities ``[..., n]`` and gives weights of the same shape. The sharper it
is, the more the best match stands out, and the more pairs a memory can hold apart.

References:
    B. Millidge et al., Universal Hopfield networks, ICML 2022.
    A. F. T. Martins, R. F. Astudillo, From softmax to sparsemax, ICML 2016.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError

__all__ = [
    "Linear",
    "Normalised",
    "Power",
    "Separation",
    "Softmax",
    "Sparsemax",
    "Threshold",
    "TopK",
]


@runtime_checkable
class Separation(Protocol):
    """Weights of the stored values."""

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]``; a similarity of minus infinity (an empty slot) has weight 0."""
        ...


def _present(similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
    """Similarities with those of empty slots set to 0, so that no infinity is multiplied."""
    return jnp.where(similarity == -jnp.inf, 0.0, similarity)


def _scaled(
    inverse_temperature: float | Array, similarity: Float[Array, "*q n"]
) -> Float[Array, "*q n"]:
    """``β s``, minus infinity for empty slots, with a finite slope by β."""
    return jnp.where(similarity == -jnp.inf, -jnp.inf, inverse_temperature * _present(similarity))


class Linear(eqx.Module):
    """The similarity itself: linear attention, the linear associator."""

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]``."""
        return _present(similarity)


class Normalised(eqx.Module):
    """The similarity divided by the sum of all: a weighted mean, for similarities above 0."""

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]`` that sum to 1; all 0 where the similarities sum to 0."""
        weight = _present(similarity)
        total = jnp.sum(weight, axis=-1, keepdims=True)
        safe = jnp.where(total != 0, total, 1.0)
        return jnp.where(total != 0, weight / safe, 0.0)


class Threshold(eqx.Module):
    """1 where the similarity reaches the threshold, else 0: what a location's radius selects.

    Attributes:
        threshold: least similarity that counts.
    """

    threshold: float | Float[Array, ""] = 0.0

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]``, 0 or 1."""
        reached = (similarity >= self.threshold) & (similarity > -jnp.inf)
        chosen = reached.astype(similarity.dtype)
        return jnp.where(jnp.isnan(similarity), similarity, chosen)


class TopK(eqx.Module):
    """A softmax over the k most similar; all others weigh 0.

    Attributes:
        count: k.
        inverse_temperature: of the softmax.
    """

    count: int = eqx.field(static=True, default=1)
    inverse_temperature: float | Float[Array, ""] = 1.0

    def __check_init__(self) -> None:
        """Refuse to choose none."""
        if self.count < 1:
            raise ParameterError(f"the most similar are 1 or more, not {self.count}")

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]`` that sum to 1."""
        count = min(self.count, similarity.shape[-1])
        best, place = jax.lax.top_k(similarity, count)
        weight = _softmax(_scaled(self.inverse_temperature, best))
        return jnp.put_along_axis(jnp.zeros_like(similarity), place, weight, axis=-1, inplace=False)


class Power(eqx.Module):
    """The similarity, if above 0, to a power: the dense associative memory's separation.

    Attributes:
        degree: exponent.
    """

    degree: int = eqx.field(static=True, default=2)

    def __check_init__(self) -> None:
        """Refuse a power that would give weight to empty slots."""
        if self.degree < 1:
            raise ParameterError(f"the degree of a power is 1 or more, not {self.degree}")

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]``."""
        return jax.nn.relu(_present(similarity)) ** self.degree


class Softmax(eqx.Module):
    """``softmax(β s)``: attention, the modern Hopfield network.

    Attributes:
        inverse_temperature: β; the larger, the nearer to taking the best match alone.
    """

    inverse_temperature: float | Float[Array, ""] = 1.0

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]`` that sum to 1; all 0 where every slot is empty."""
        return _softmax(_scaled(self.inverse_temperature, similarity))


def _softmax(scaled: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
    most = jnp.max(scaled, axis=-1, keepdims=True)
    weight = jnp.exp(scaled - jnp.where(most == -jnp.inf, 0.0, jax.lax.stop_gradient(most)))
    total = jnp.sum(weight, axis=-1, keepdims=True)
    return weight / jnp.where(total == 0, 1.0, total)


class Sparsemax(eqx.Module):
    """The nearest point of the simplex to ``β s``: like softmax, but exactly 0 for poor matches.

    Attributes:
        inverse_temperature: β.
    """

    inverse_temperature: float | Float[Array, ""] = 1.0

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        """Weights ``[..., n]`` that sum to 1; all 0 where every slot is empty."""
        scaled = _scaled(self.inverse_temperature, similarity)
        present = scaled > -jnp.inf
        most = jnp.max(scaled, axis=-1, keepdims=True)
        below = scaled - jnp.where(most == -jnp.inf, 0.0, jax.lax.stop_gradient(most))
        # What lies 1 or more below the best is never in the support; so large numbers stay exact.
        filled = jnp.where(present | jnp.isnan(scaled), jnp.maximum(below, -2.0), -2.0)
        ordered = -jnp.sort(-filled, axis=-1)
        rank = jnp.arange(1, filled.shape[-1] + 1, dtype=filled.dtype)
        total = jnp.cumsum(ordered, axis=-1) - 1.0
        size = jnp.sum(rank * ordered > total, axis=-1, keepdims=True)
        at = jnp.maximum(size - 1, 0)
        threshold = jnp.take_along_axis(total, at, axis=-1) / (at + 1).astype(filled.dtype)
        weight = jax.nn.relu(filled - threshold)
        return jnp.where(jnp.any(present, axis=-1, keepdims=True) | jnp.isnan(filled), weight, 0.0)
