"""The delta rule with a gate: forget a share of everything, then write what reading did not give.

References:
    S. Yang, J. Kautz, A. Hatamizadeh, Gated delta networks, ICLR 2025.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["GatedDelta"]


class GatedDelta(eqx.Module):
    """Fast weights ``W ← a W + b k ⊗ (v - a Wᵀk)``.

    With ``retained`` 1 it is the delta rule (:class:`~recollect.memory.DeltaRule`), to the digit.
    Keys of length 1 and a rate in [0, 2] never blow up.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        rate: b, share of the error that one write removes for a key of length 1.
        retained: a, share of the weights that is kept at each write.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True, default=1)
    rate: float | Float[Array, ""] = 1.0
    retained: float | Float[Array, ""] = 0.95

    def init(self) -> Float[Array, "key value"]:
        """Weights of an empty memory."""
        return jnp.zeros((self.key_dim, self.value_dim))

    def write(
        self,
        state: Float[Array, "key value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "key value"]:
        """Fade, then move towards the value."""
        kept = self.retained * state
        return kept + key[:, None] * (self.rate * (value - key @ kept))[None, :]

    def read(
        self, state: Float[Array, "key value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """What the weights hold for a query, ``queryᵀ W``."""
        return query @ state
