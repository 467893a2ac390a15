"""Least-squares fast weights: the best linear memory there is of the pairs that were stored.

The ridge solution ``W = (KᵀK + λ)⁻¹ KᵀV`` recalls independent keys exactly as the ridge goes to 0
(the pseudo-inverse). It can be kept up to date one pair at a time: recursive least squares, a
delta rule whose step follows what is known of each direction.

References:
    T. Kohonen, Correlation matrix memories, IEEE Trans. Computers C-21 (1972).
    L. Personnaz, I. Guyon, G. Dreyfus, Collective computational properties of neural networks,
    Phys. Rev. A 34 (1986).
    R. L. Plackett, Some theorems in least squares, Biometrika 37 (1950).
    G. J. Bierman, Factorization methods for discrete sequential estimation (1977): Joseph's form.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError

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
            asked for. In single precision some thousand writes in turn keep the weights to a
            tenth of a per cent where it is a hundredth of the squared length of the keys, to two
            per cent where it is a three-thousandth; far below that they are lost. Written all at
            once they are a hundred times as exact.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True, default=1)
    ridge: float | Float[Array, ""] = 1e-2

    def __check_init__(self) -> None:
        """Refuse a ridge by which nothing can be divided."""
        if isinstance(self.ridge, float | int) and not self.ridge > 0:
            raise ParameterError(f"the ridge lies above 0, such as 1e-2, and is not {self.ridge}")

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
        # Joseph's form of the update: rounding errors shrink with what they are errors of.
        half = inverse - step[:, None] * direction[None, :]
        other_half = (half @ key - step)[:, None] * step[None, :]
        return LeastSquaresState(
            weights + step[:, None] * (value - key @ weights)[None, :], half - other_half
        )

    def write_all(
        self,
        state: LeastSquaresState,
        keys: Float[Array, "n key"],
        values: Float[Array, "n value"],
    ) -> LeastSquaresState:
        """All pairs at once, by Woodbury's identity in blocks of about as many as keys are long."""
        count, size = keys.shape[0], max(self.key_dim, 64)
        if count <= size:
            return self._write_block(state, keys, values)
        blocks = -(-count // size)

        def cut(rows: Array) -> Array:
            padded = jnp.pad(rows, [(0, blocks * size - count), (0, 0)])  # keys of 0 teach nothing
            return padded.reshape(blocks, size, rows.shape[1])

        def step(state: LeastSquaresState, block: tuple[Array, Array]) -> tuple[Any, None]:
            return self._write_block(state, *block), None

        return jax.lax.scan(step, state, (cut(keys), cut(values)))[0]

    def _write_block(
        self, state: LeastSquaresState, keys: Array, values: Array
    ) -> LeastSquaresState:
        weights, inverse = state
        across = keys @ inverse
        inner = jnp.eye(keys.shape[0], dtype=keys.dtype) + across @ keys.T
        step = jnp.linalg.solve(inner, across)
        half = inverse - step.T @ across
        return LeastSquaresState(
            weights + step.T @ (values - keys @ weights), half - (half @ keys.T - step.T) @ step
        )

    def read(self, state: LeastSquaresState, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """What the weights hold for a query, ``queryᵀ W``."""
        return query @ state.weights
