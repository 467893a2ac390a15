"""Adam, the optimiser, as a pure step; with decoupled weight decay where asked.

References:
    D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
    I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["Moments", "adam_start", "adam_step"]

_MEAN_KEPT, _SQUARE_KEPT, _SMALL = 0.9, 0.999, 1e-8


class Moments(NamedTuple):
    """Weights, and what is kept of their slopes.

    Attributes:
        weights: a PyTree of arrays.
        mean: running mean of the slopes.
        square: running mean of their squares.
        steps: how many were made.
    """

    weights: Any
    mean: Any
    square: Any
    steps: Float[Array, ""]


def adam_start(weights: Any) -> Moments:
    """Before the first step."""
    return Moments(
        weights,
        jax.tree.map(jnp.zeros_like, weights),
        jax.tree.map(jnp.zeros_like, weights),
        jnp.zeros(()),
    )


def adam_step(
    moments: Moments, slope: Any, rate: float | Float[Array, ""], decay: float = 0.0
) -> Moments:
    """One step down a slope.

    Args:
        moments: so far.
        slope: of the loss by the weights.
        rate: learning rate.
        decay: share of the weights, times the rate, that each step takes away.
    """
    steps = moments.steps + 1.0
    mean = jax.tree.map(lambda m, g: _MEAN_KEPT * m + (1 - _MEAN_KEPT) * g, moments.mean, slope)
    square = jax.tree.map(
        lambda s, g: _SQUARE_KEPT * s + (1 - _SQUARE_KEPT) * g * g, moments.square, slope
    )

    def move(weight: Array, m: Array, s: Array) -> Array:
        root = jnp.sqrt(s / (1 - _SQUARE_KEPT**steps)) + _SMALL
        return weight - rate * (m / (1 - _MEAN_KEPT**steps) / root + decay * weight)

    return Moments(jax.tree.map(move, moments.weights, mean, square), mean, square, steps)
