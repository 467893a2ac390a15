"""Least-squares fast weights: the best linear memory there is of the pairs that were stored.

The ridge solution ``W = (KᵀK + λ)⁻¹ KᵀV`` recalls independent keys exactly as the ridge goes to 0
(the pseudo-inverse). It can be kept up to date one pair at a time: recursive least squares, a
delta rule whose step follows what is known of each direction.

References:
    T. Kohonen, Correlation matrix memories, IEEE Trans. Computers C-21 (1972).
    L. Personnaz, I. Guyon, G. Dreyfus, Collective computational properties of neural networks,
    Phys. Rev. A 34 (1986).
    R. L. Plackett, Some theorems in least squares, Biometrika 37 (1950).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["LeastSquares", "LeastSquaresState"]


class LeastSquaresState(NamedTuple):
    """Weights, and what is left to learn in every direction.

    Attributes:
        weights: ``[key, value]``.
        inverse: ``[key, key]`` inverse of ``KᵀK + λ``.
    """

    weights: Float[Array, "key value"]
    inverse: Float[Array, "key key"]


class LeastSquares(eqx.Module):
    """Ridge regression from keys to values, one pair at a time or all at once, the same either way.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        ridge: λ above 0. The smaller, the nearer to the pseudo-inverse and the more precision is
            asked for; single precision wants 1e-4 or more for keys of length 1.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True, default=1)
    ridge: float | Float[Array, ""] = 1e-2

    def init(self) -> LeastSquaresState:
        """Zero weights, nothing known."""
        return LeastSquaresState(
            jnp.zeros((self.key_dim, self.value_dim)), jnp.eye(self.key_dim) / self.ridge
        )

    def write(
        self, state: LeastSquaresState, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> LeastSquaresState:
        """One step of recursive least squares."""
        weights, inverse = state
        direction = inverse @ key
        step = direction / (1.0 + key @ direction)
        return LeastSquaresState(
            weights + step[:, None] * (value - key @ weights)[None, :],
            inverse - step[:, None] * direction[None, :],
        )

    def write_all(
        self,
        state: LeastSquaresState,
        keys: Float[Array, "n key"],
        values: Float[Array, "n value"],
    ) -> LeastSquaresState:
        """All pairs at once (Woodbury's identity)."""
        weights, inverse = state
        across = keys @ inverse
        inner = jnp.eye(keys.shape[0], dtype=keys.dtype) + across @ keys.T
        step = jnp.linalg.solve(inner, across)
        return LeastSquaresState(
            weights + step.T @ (values - keys @ weights), inverse - across.T @ step
        )

    def read(self, state: LeastSquaresState, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """What the weights hold for a query, ``queryᵀ W``."""
        return query @ state.weights
