"""Oja's rule between keys and values: Hebbian growth held back by what the value predicts.

The classical rule for one neuron, ``Δw = η y (x - y w)``, keeps the weights of a bounded length
by taking away what the output already explains of the input. Here the value is the output.

References:
    E. Oja, A simplified neuron model as a principal component analyzer, J. Math. Biology 15
    (1982).
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["Oja"]


class Oja(eqx.Module):
    """Fast weights ``W ← W + η (k - W v) ⊗ v``: the delta rule with the error on the key's side.

    With one component of value ±1 and a rate in [0, 2] the weights stay bounded; they turn to the
    mean key of the pairs, a prototype, rather than to the latest.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        rate: η.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True, default=1)
    rate: float | Float[Array, ""] = 0.1

    def init(self) -> Float[Array, "key value"]:
        """Weights of an empty memory."""
        return jnp.zeros((self.key_dim, self.value_dim))

    def write(
        self,
        state: Float[Array, "key value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "key value"]:
        """Add what the value does not yet explain of the key."""
        return state + (self.rate * (key - state @ value))[:, None] * value[None, :]

    def read(
        self, state: Float[Array, "key value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """What the weights hold for a query, ``queryᵀ W``."""
        return query @ state
